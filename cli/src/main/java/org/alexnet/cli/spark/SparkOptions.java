package org.alexnet.cli.spark;

import org.alexnet.UsageException;
import org.alexnet.backend.Sync;
import org.alexnet.cli.option.Flags;
import org.alexnet.cli.option.Require;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

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

  /** When workers bring together what they have learned; null for the default. */
  @Option(
      names = "--sync",
      paramLabel = "S",
      converter = SyncName.class,
      description =
          "step: workers add up their gradients in every step, and compute what one process"
              + " computes; average:K: each makes the updates of its own images, and parameters"
              + " and momentum are averaged every K steps. Default: step.")
  public Sync sync;

  /** Reads when workers bring together what they have learned. */
  static final class SyncName implements ITypeConverter<Sync> {
    @Override
    public Sync convert(String text) {
      try {
        return Sync.named(text);
      } catch (UsageException e) {
        throw new TypeConversionException(e.message().text(Flags::of));
      }
    }
  }

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
    Require.that(sync == null, "--sync", sync, "given together with --spark");
  }
}
