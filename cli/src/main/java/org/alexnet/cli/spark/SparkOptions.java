package org.alexnet.cli.spark;

import org.alexnet.UsageException;
import org.alexnet.cli.option.Require;
import picocli.CommandLine.Option;

/** Whether to train on Apache Spark, and by how many workers. */
public final class SparkOptions {
  /** Where Spark is; null to train in this process. */
  @Option(
      names = "--spark",
      paramLabel = "MASTER",
      description =
          "Trains on Apache Spark: spark://HOST:PORT, local-cluster[N,CORES,MB] for N processes of"
              + " this machine, or local[CORES] for threads of one. Images and run folder must be"
              + " where all workers reach them by the same name.")
  public String master;

  /** How many train together; null if that is not said. */
  @Option(
      names = "--workers",
      paramLabel = "N",
      description =
          "Workers on Spark that train together, each with a part of every batch. --threads are"
              + " those of all.")
  private Integer workers;

  /**
   * How many train together.
   *
   * @throws UsageException if that is not said, or cannot be
   */
  public int workers() {
    Require.given(workers != null, "--workers", "how many processes train together on Spark");
    Require.atLeast(1, "--workers", workers);
    return workers;
  }

  /** Refuses what says nothing without Spark. */
  public void requireNone() {
    Require.that(workers == null, "--workers", workers, "given together with --spark");
  }
}
