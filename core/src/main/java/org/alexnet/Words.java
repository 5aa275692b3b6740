package org.alexnet;

/** Numbers in sentences. */
public final class Words {
  private Words() {}

  /** A number of things: {@code 1 epoch}, {@code 2,000 epochs}. */
  public static String count(long number, String one) {
    return "%,d %s%s".formatted(number, one, number == 1 ? "" : "s");
  }
}
