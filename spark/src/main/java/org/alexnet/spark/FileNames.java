package org.alexnet.spark;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.alexnet.AlexNetException;

/**
 * File names in the encoding that Java has for them, which is that of the locale its process was
 * started with. Without UTF-8 there are names that it cannot say.
 */
final class FileNames {
  private static final char UNDECODABLE = '\uFFFD';

  private FileNames() {}

  /** Java's encoding of file names in this process. */
  static Charset encoding() {
    return Charset.forName(System.getProperty("sun.jnu.encoding"));
  }

  /**
   * Refuses what was lost before this process read it. The launcher of Spark, a process before it,
   * writes a question mark for each byte that it cannot say.
   *
   * @param words what the user wrote, as it came
   * @param encoding of file names
   * @throws AlexNetException if a word is not what the user wrote
   */
  static void requireWhole(List<String> words, Charset encoding) {
    boolean all = encoding.equals(StandardCharsets.UTF_8);
    for (String word : words) {
      if (word.indexOf(UNDECODABLE) >= 0 || (!all && word.indexOf('?') >= 0)) {
        throw new AlexNetException(
            "'%s' cannot be read in this locale's encoding (%s); set LC_ALL to a UTF-8 locale such as C.UTF-8."
                .formatted(word, encoding));
      }
    }
  }

  /**
   * Refuses what this process has no file name for.
   *
   * @param words that may name files
   * @param encoding of file names
   * @throws AlexNetException if a word cannot be said
   */
  static void requireEncodable(List<String> words, Charset encoding) {
    for (String word : words) {
      if (!encoding.newEncoder().canEncode(word)) {
        throw new AlexNetException(
            "'%s' cannot be said in the encoding of the locale of Spark's executors (%s); set spark.executorEnv.LC_ALL to a UTF-8 locale of their machines."
                .formatted(word, encoding));
      }
    }
  }
}
