package org.alexnet.cli.option;

import org.alexnet.UsageException;

/** Checks of option values. */
public final class Require {
  private static final int MOST_THREADS = 1024;

  private Require() {}

  /**
   * @throws UsageException saying what was got and what is required
   */
  public static void that(boolean good, String option, Object got, String required) {
    if (!good) {
      throw UsageException.value(option, got, required);
    }
  }

  /**
   * @throws UsageException saying that an argument is missing, and what it should be
   */
  public static void given(boolean given, String option, String what) {
    if (!given) {
      throw UsageException.missing(option, what);
    }
  }

  public static void atLeast(int least, String option, Integer got) {
    that(got == null || got >= least, option, got, "at least " + least);
  }

  public static void between(int least, int most, String option, Integer got) {
    that(
        got == null || (got >= least && got <= most),
        option,
        got,
        "from %d to %,d".formatted(least, most));
  }

  /** The number of threads asked for, or one a core; more than any machine has is a slip. */
  public static int threads(Integer got) {
    between(1, MOST_THREADS, "--threads", got);
    return got == null ? Runtime.getRuntime().availableProcessors() : got;
  }
}
