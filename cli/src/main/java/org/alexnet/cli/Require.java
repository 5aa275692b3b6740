package org.alexnet.cli;

/** Checks of option values. */
final class Require {
  private Require() {}

  /**
   * @throws IllegalArgumentException saying what was got and what is required
   */
  static void that(boolean good, String option, Object got, String required) {
    if (!good) {
      throw new IllegalArgumentException("%s is %s, must be %s.".formatted(option, got, required));
    }
  }

  static void atLeast(int least, String option, Integer got) {
    that(got == null || got >= least, option, got, "at least " + least);
  }
}
