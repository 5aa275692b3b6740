package org.alexnet.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.stream.Stream;
import org.alexnet.file.JsonFiles;

/**
 * What a run records, for whoever looks on while it trains, perhaps in another process. Unlike
 * {@link RunFolder} it opens no checkpoint: lines written after the last one are seen, and so is a
 * run that has none yet. It holds no file open and takes no lock.
 */
public final class RunLog {

  /** Receives the lines of a file. */
  public interface Lines {
    /** The lines received so far no longer hold: the run was resumed from before them. */
    void restart();

    /**
     * The next line.
     *
     * @param line the object on it
     */
    void line(ObjectNode line);
  }

  private final Path dir;
  private final LineFollower metrics;
  private final LineFollower steps;

  /**
   * The records of a run.
   *
   * @param dir the run folder
   * @throws org.alexnet.AlexNetException if the folder is not a run
   */
  public RunLog(Path dir) {
    RunFolder.requireRun(dir);
    this.dir = dir;
    this.metrics = new LineFollower(dir.resolve(JsonLines.METRICS), "epoch", "step");
    this.steps = new LineFollower(dir.resolve(JsonLines.STEPS), "step");
  }

  /**
   * Whether a folder holds a run.
   *
   * @param dir any path
   * @return false also where there is no folder
   */
  public static boolean isRun(Path dir) {
    return Files.isRegularFile(dir.resolve(RunFolder.RUN));
  }

  /**
   * The run's folder.
   *
   * @return as it was given
   */
  public Path dir() {
    return dir;
  }

  /**
   * The run's settings.
   *
   * @return {@code run.json} as it is now
   */
  public ObjectNode settings() {
    return JsonFiles.read(dir.resolve(RunFolder.RUN));
  }

  /**
   * The trainer's part of the current checkpoint.
   *
   * @return empty where there is no checkpoint yet
   */
  public Optional<ObjectNode> state() {
    return CheckpointStore.readState(dir)
        .map(text -> Generation.parse(dir.resolve(CheckpointStore.STATE), text).state());
  }

  /**
   * Hands on the lines of {@code metrics.jsonl} that are new since the last call.
   *
   * @param lines receives them
   * @return whether there are any, or earlier ones no longer hold
   */
  public boolean readMetrics(Lines lines) {
    return metrics.read(lines);
  }

  /**
   * As {@link #readMetrics}, of {@code steps.jsonl}.
   *
   * @param lines receives them
   * @return whether there are any, or earlier ones no longer hold
   */
  public boolean readSteps(Lines lines) {
    return steps.read(lines);
  }

  /**
   * When the run last wrote anything.
   *
   * @return the latest time of its files
   */
  public Instant changed() {
    return Stream.of(RunFolder.RUN, JsonLines.METRICS, JsonLines.STEPS, CheckpointStore.STATE)
        .map(name -> modified(dir.resolve(name)))
        .max(Instant::compareTo)
        .orElse(Instant.EPOCH);
  }

  private static Instant modified(Path file) {
    try {
      return Files.getLastModifiedTime(file).toInstant();
    } catch (IOException _) {
      return Instant.EPOCH; // it is not there, or not just now
    }
  }
}
