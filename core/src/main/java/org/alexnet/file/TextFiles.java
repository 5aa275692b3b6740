package org.alexnet.file;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.alexnet.AlexNetException;

/** Files of text that users write: networks, layers and how they learn, names of classes. */
public final class TextFiles {
  /** A layer takes some 300 bytes, and the names of ImageNet's 22,000 classes 600,000. */
  private static final int MOST_BYTES = 1_000_000;

  /** Of the order of bytes; of none in UTF-8, where many an editor writes it all the same. */
  private static final String MARK = "\uFEFF";

  private TextFiles() {}

  /**
   * Reads a file.
   *
   * @param file in UTF-8, of a million bytes at most
   * @return its text, without a mark of the order of bytes
   * @throws AlexNetException if it cannot be read, is longer, or is in another encoding
   */
  public static String read(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MOST_BYTES + 1);
      if (bytes.length > MOST_BYTES) {
        throw new AlexNetException(
            "%s has more than %,d bytes, the most that is read of a text."
                .formatted(file, MOST_BYTES));
      }
      return withoutMark(
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException e) {
      throw notUtf8(file, e);
    } catch (IOException e) {
      throw new AlexNetException(file + " cannot be read: " + DurableFiles.reason(e), e);
    }
  }

  static String withoutMark(String text) {
    return text.startsWith(MARK) ? text.substring(MARK.length()) : text;
  }

  /**
   * {@return the refusal of a text in another encoding, to be thrown}
   *
   * @param file that holds it
   * @param cause where it was found, or null
   */
  public static AlexNetException notUtf8(Path file, Exception cause) {
    return new AlexNetException(file + " is not UTF-8 text; save it in that encoding.", cause);
  }
}
