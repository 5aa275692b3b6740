package org.alexnet.backend;

import org.alexnet.Setting;
import org.alexnet.UsageException;

/**
 * When workers that train together bring together what they have learned.
 *
 * @param every 0 where each step adds up the gradients of all workers; else each worker makes the
 *     updates of its own images, and parameters and momentum are averaged every so many steps, and
 *     at the end of an epoch
 */
public record Sync(int every) {
  /** Gradients are added up in every step: what is computed is what one process computes. */
  public static final Sync STEP = new Sync(0);

  private static final String AVERAGE = "average:";

  public Sync {
    if (every < 0) {
      throw new IllegalArgumentException("average every %d steps".formatted(every));
    }
  }

  /**
   * Reads one as users write it.
   *
   * @param text {@code step}, or {@code average:K} with K from 1
   * @throws UsageException for anything else
   */
  public static Sync named(String text) {
    if (text.equals(STEP.toString())) {
      return STEP;
    }
    if (text.matches(AVERAGE + "[1-9]\\d{0,8}")) {
      return new Sync(Integer.parseInt(text.substring(AVERAGE.length())));
    }
    throw UsageException.value(
        Setting.SYNC, text, "step, or average:K for an average every K steps");
  }

  /** Whether workers have parameters of their own between averages. */
  public boolean averages() {
    return every > 0;
  }

  @Override
  public String toString() {
    return averages() ? AVERAGE + every : "step";
  }
}
