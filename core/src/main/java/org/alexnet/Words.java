package org.alexnet;

import java.util.Arrays;
import java.util.stream.Collectors;

/** Numbers and names in sentences. */
public final class Words {
  private Words() {}

  /**
   * {@return a number of things: {@code 1 epoch}, {@code 2,000 epochs}}
   *
   * @param number how many
   * @param one the word for one; an s makes it several
   */
  public static String count(long number, String one) {
    return "%,d %s%s".formatted(number, one, number == 1 ? "" : "s");
  }

  /**
   * {@return one line of what may be anything, such as the name of a file: control characters,
   * which a terminal would obey, and those that turn the direction of what follows are spaces}
   *
   * @param text what is to be shown
   */
  public static String line(String text) {
    return harmless(text).replace('\n', ' ').strip();
  }

  /**
   * {@return the same of a text of several lines, which stay}
   *
   * @param text what is to be shown
   */
  public static String harmless(String text) {
    StringBuilder shown = new StringBuilder(text.length());
    text.codePoints().map(Words::harmless).forEach(shown::appendCodePoint);
    return shown.toString();
  }

  private static int harmless(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL -> c == '\n' ? c : ' ';
      case Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SURROGATE -> ' ';
      default -> isDirection(c) ? ' ' : c;
    };
  }

  private static boolean isDirection(int c) {
    return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  }

  /**
   * {@return the value of a name, which is what {@code toString} gives}
   *
   * @param <T> an enum, as a rule
   * @param values all there are
   * @param name as a user writes it
   * @param unknown the sentence for a name that there is not, with a place for it
   * @throws AlexNetException listing the names there are
   */
  public static <T> T named(T[] values, String name, String unknown) {
    for (T value : values) {
      if (value.toString().equals(name)) {
        return value;
      }
    }
    String known = Arrays.stream(values).map(Object::toString).collect(Collectors.joining(", "));
    throw new AlexNetException(unknown.formatted(name) + "; there are: " + known + ".");
  }
}
