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
