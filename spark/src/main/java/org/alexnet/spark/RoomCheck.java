package org.alexnet.spark;

import java.time.Duration;
import java.util.Optional;
import java.util.function.IntSupplier;
import org.alexnet.Words;
import org.apache.spark.SparkContext;

/**
 * Why workers do not start, where Spark lacks room for them. Spark waits for all of its own accord,
 * for minutes at the beginning and without end after a loss.
 */
final class RoomCheck {
  /** Executors take some of it to come. */
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final int workers;
  private boolean said;

  /** For so many at once. */
  RoomCheck(int workers) {
    this.workers = workers;
  }

  /**
   * What is to be said now, once for each time that workers are waited for.
   *
   * @param starting for how long; zero when they train
   * @param room how many fit at once, which is asked only when it matters
   */
  Optional<String> sentence(Duration starting, IntSupplier room) {
    if (starting.compareTo(PATIENCE) < 0) {
      said = false;
      return Optional.empty();
    }
    int fit = said ? workers : room.getAsInt();
    if (fit >= workers) {
      return Optional.empty();
    }
    said = true;
    return Optional.of(
        "Spark has room for %d of %s so far, and starts them when all fit. Start more of its workers, give them more cores, wait for other jobs, or train with fewer (%s)."
            .formatted(fit, Words.count(workers, "worker"), "--workers"));
  }

  /** Whether room is waited for, as has been said. */
  boolean waits() {
    return said;
  }

  /** How many tasks Spark runs at once, by the same count as its own. */
  static int room(SparkContext spark) {
    return spark.maxNumConcurrentTasks(spark.resourceProfileManager().defaultResourceProfile());
  }
}
