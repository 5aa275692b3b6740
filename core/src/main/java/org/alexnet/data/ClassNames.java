package org.alexnet.data;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.alexnet.AlexNetException;

/** The names of classes, wherever they come from. */
public final class ClassNames {
  /** What Java puts where the bytes of a file name mean nothing in the locale's encoding. */
  private static final char UNDECODABLE = '\uFFFD';

  private ClassNames() {}

  /**
   * Hands the names on if every class has one of its own.
   *
   * @param names in the order of their labels
   * @param what they name the classes of, for messages
   * @return the same names
   * @throws AlexNetException if two classes have the same name, one has none, or a name could not
   *     be decoded in the encoding that Java was started with
   */
  public static List<String> requireDistinct(List<String> names, String what) {
    Set<String> seen = new HashSet<>();
    for (String name : names) {
      if (name.indexOf(UNDECODABLE) >= 0) {
        throw new AlexNetException(undecodable(name, what, System.getProperty("sun.jnu.encoding")));
      }
      if (name.isBlank()) {
        throw new AlexNetException("%s has a class without a name".formatted(what));
      }
      if (!seen.add(name)) {
        throw new AlexNetException(
            "%s has two classes called '%s'; class names must be distinct".formatted(what, name));
      }
    }
    return List.copyOf(names);
  }

  /** In UTF-8, as nearly everywhere, it is the name that is wrong and not the locale. */
  static String undecodable(String name, String what, String encoding) {
    return "%s has the class '%s', whose name cannot be read in this locale's encoding (%s): %s"
        .formatted(
            what,
            name,
            encoding,
            "UTF-8".equals(encoding)
                ? "rename it"
                : "set LC_ALL to a UTF-8 locale such as C.UTF-8");
  }
}
