package org.alexnet.spark;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorAdded;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;

/**
 * Says when Spark starts workers again, and why. What became of an executor says more than what the
 * stage failed of: tasks of the others, which Spark ends then, are among its reasons.
 */
final class Restarts extends SparkListener {
  /** Begins what Spark says of every stage of this kind, before it says why. */
  private static final String FAILED = "Stage failed because barrier task";

  /** Begins what a task says whose peer is lost. */
  private static final String THROWN = IllegalStateException.class.getName() + ": ";

  private final TrainingProgress progress;
  private final Map<String, String> hosts = new HashMap<>(); // of executors
  private String executor = "";
  private String stage = "";

  /** Tells those who watch. */
  Restarts(TrainingProgress progress) {
    this.progress = progress;
  }

  @Override
  public void onExecutorAdded(SparkListenerExecutorAdded added) {
    hosts.put(added.executorId(), added.executorInfo().executorHost());
  }

  @Override
  public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
    String host = hosts.remove(removed.executorId());
    if (executor.isEmpty()) { // others may go with it
      executor = lost(host, removed.reason());
    }
  }

  @Override
  public void onStageCompleted(SparkListenerStageCompleted completed) {
    if (completed.stageInfo().failureReason().isDefined()) {
      stage = completed.stageInfo().failureReason().get();
    }
  }

  @Override
  public void onStageSubmitted(SparkListenerStageSubmitted submitted) {
    if (submitted.stageInfo().attemptNumber() > 0 && !SparkTraining.isEnding()) {
      progress.restart(executor.isEmpty() ? brief(stage) : executor);
      executor = "";
      stage = "";
    }
  }

  /** Why an executor is gone, and where it was as far as that is known. */
  static String lost(String host, String reason) {
    String why = brief(reason);
    return host == null || why.contains(host) ? why : "on %s: %s".formatted(host, why);
  }

  /** The first line, or the one that says more. */
  static String brief(String reason) {
    List<String> lines = reason.lines().filter(line -> !line.isBlank()).toList();
    boolean more = lines.size() > 1 && lines.getFirst().startsWith(FAILED);
    String line = lines.isEmpty() ? "Spark gives no reason" : lines.get(more ? 1 : 0);
    String own = line.startsWith(THROWN) ? line.substring(THROWN.length()) : line;
    return own.endsWith(".") ? own.substring(0, own.length() - 1) : own;
  }
}
