package org.alexnet.spark;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileUtil;

/**
 * The folders in which executors of {@code local-cluster} run. Spark copies each jar of the job
 * into each of them, and clears them away only as a service that runs for long; here they end with
 * the job.
 *
 * @param folder in which each job has one of its own
 */
record ExecutorFolders(Path folder) {
  private static final Set<String> LOGS = Set.of("stdout", "stderr");

  /**
   * Where the workers of {@code local-cluster} make them.
   *
   * @param environment variables of this process, whose threads these workers are
   */
  static ExecutorFolders ofSpark(Map<String, String> environment) {
    return new ExecutorFolders(Path.of(environment.getOrDefault("SPARK_HOME", "."), "work"));
  }

  /**
   * Deletes all that executors of one job have but their logs, as far as that can be done.
   *
   * @param job as Spark names it
   */
  void clear(String job) {
    for (Path executor : entries(folder.resolve(job))) {
      for (Path entry : entries(executor)) {
        if (!LOGS.contains(entry.getFileName().toString())) {
          FileUtil.fullyDelete(new File(entry.toString()));
        }
      }
    }
  }

  /** None of what is no folder, or is gone. */
  private static List<Path> entries(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.toList();
    } catch (IOException e) {
      return List.of(); // nothing depends on it
    }
  }
}
