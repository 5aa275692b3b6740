package org.alexnet.cli.spark;

import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alexnet.UsageException;

/**
 * Where Spark runs.
 *
 * @param name as Spark has it
 * @param executors processes that it starts, 1 for threads of the driver; 0 if that is its own
 *     affair
 * @param cores of each of them; 0 likewise
 * @param megabytes of memory of each of them; 0 likewise
 */
public record SparkMaster(String name, int executors, int cores, int megabytes) {
  private static final int LEAST_MEGABYTES = 450;
  private static final Pattern LOCAL = Pattern.compile("local(?:\\[(\\*|[1-9]\\d{0,3})])?");
  private static final Pattern CLUSTER =
      Pattern.compile(
          "local-cluster\\[\\s*([1-9]\\d{0,3})\\s*,\\s*([1-9]\\d{0,3})\\s*,\\s*([1-9]\\d{0,6})\\s*]");
  private static final Pattern STANDALONE =
      Pattern.compile("spark://[^\\s/,]+:\\d{1,5}(?:,[^\\s/,]+:\\d{1,5})*");

  /**
   * Reads what a user wrote.
   *
   * @throws UsageException if it is nothing that can be trained on from here
   */
  public static SparkMaster of(String name) {
    Matcher local = LOCAL.matcher(name);
    if (local.matches()) {
      String cores = local.group(1) == null ? "1" : local.group(1);
      boolean all = cores.equals("*");
      return new SparkMaster(
          name, 1, all ? Runtime.getRuntime().availableProcessors() : Integer.parseInt(cores), 0);
    }
    Matcher cluster = CLUSTER.matcher(name);
    if (cluster.matches()) {
      int megabytes = Integer.parseInt(cluster.group(3));
      if (megabytes < LEAST_MEGABYTES) {
        throw UsageException.value(
            "--spark", name, "at least %d MB, which Spark asks for".formatted(LEAST_MEGABYTES));
      }
      return new SparkMaster(
          name, Integer.parseInt(cluster.group(1)), Integer.parseInt(cluster.group(2)), megabytes);
    }
    if (STANDALONE.matcher(name).matches()) {
      return new SparkMaster(name, 0, 0, 0);
    }
    throw UsageException.value(
        "--spark",
        name,
        "spark://HOST:PORT, local-cluster[N,CORES,MB] or local[CORES]; submit to others with"
            + " spark-submit");
  }

  /**
   * Threads of a worker: its share of those asked for, or of the cores that are known.
   *
   * @param asked threads of all workers; null if that is not said
   * @throws UsageException if there are fewer cores than that takes
   */
  int threads(int workers, Integer asked) {
    int each = executors == 0 ? 0 : Math.ceilDiv(workers, executors); // on one executor
    int threads = asked != null ? asked / workers : executors == 0 ? 1 : cores / each;
    if (executors > 0 && (threads < 1 || threads * each > cores)) {
      throw UsageException.value(
          "--workers",
          workers,
          "at most the cores of %s, %d%s"
              .formatted(
                  name,
                  executors * cores,
                  asked == null ? "" : ", with %d threads in all".formatted(asked)));
    }
    return Math.max(1, threads);
  }

  /** What Spark is told of them. */
  SequencedMap<String, String> settings(int threads) {
    SequencedMap<String, String> settings = new LinkedHashMap<>();
    settings.put("spark.task.cpus", String.valueOf(threads));
    if (executors == 0 && threads > 1) {
      settings.put("spark.executor.cores", String.valueOf(threads));
    }
    if (megabytes > 0) {
      settings.put("spark.executor.memory", megabytes + "m");
    }
    return settings;
  }
}
