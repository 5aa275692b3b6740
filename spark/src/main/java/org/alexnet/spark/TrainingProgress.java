package org.alexnet.spark;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.alexnet.cli.output.ProgressView;
import org.alexnet.training.Activity;
import org.alexnet.training.EpochMetrics;
import org.alexnet.training.Progress;
import org.alexnet.training.TrainingListener;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;

/**
 * How far the training is, as the driver has heard: for its terminal, which shows it as that of a
 * training in one process does, and for Spark's own pages.
 */
final class TrainingProgress implements TrainingListener {
  /** Begins what Spark says of every stage like this one, before it says why. */
  private static final String FAILED = "Stage failed because barrier task";

  private final ProgressView view;
  private final List<EpochMetrics> epochs = new ArrayList<>();
  private Progress last;
  private boolean heard; // anything since workers were last started
  private long started;

  TrainingProgress(ProgressView view) {
    this.view = view;
    start();
  }

  /** Workers are to begin. */
  private synchronized void start() {
    heard = false;
    started = System.nanoTime();
    view.working("Starting workers", 0, 0);
  }

  /** How long workers have been waited for; zero once they are heard of. */
  synchronized Duration starting() {
    return heard ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - started);
  }

  private synchronized void hear() {
    heard = true;
  }

  /** Shows what the driver itself has to say. */
  void say(String text) {
    view.message(text);
  }

  /** Leaves the line that was rewritten. */
  void end() {
    view.end();
  }

  /** After the last step that was heard of; null before the first. */
  synchronized Progress last() {
    return last;
  }

  /** Of all epochs that have ended here. */
  synchronized List<EpochMetrics> epochs() {
    return List.copyOf(epochs);
  }

  @Override
  public void message(String text) {
    hear();
    view.message(text);
  }

  @Override
  public void progress(Activity activity, long done, long all) {
    hear();
    view.progress(activity, done, all);
  }

  @Override
  public void step(Progress progress) {
    synchronized (this) {
      heard = true;
      last = progress;
    }
    view.step(progress);
  }

  /** One that is done again after a loss takes the place of those from it on. */
  @Override
  public void epoch(EpochMetrics metrics) {
    synchronized (this) {
      epochs.removeIf(before -> before.epoch() >= metrics.epoch());
      epochs.add(metrics);
    }
    view.epoch(metrics);
  }

  /** Says when Spark starts workers again. */
  SparkListener restarts() {
    return new SparkListener() {
      private String reason = "";

      @Override
      public void onStageCompleted(SparkListenerStageCompleted stage) {
        if (stage.stageInfo().failureReason().isDefined()) {
          reason = stage.stageInfo().failureReason().get();
        }
      }

      @Override
      public void onStageSubmitted(SparkListenerStageSubmitted stage) {
        if (stage.stageInfo().attemptNumber() > 0 && !SparkTraining.isEnding()) {
          view.message(
              "A worker was lost (%s). Spark starts all of them again, and they go on from the last checkpoint."
                  .formatted(brief(reason)));
          start();
        }
      }
    };
  }

  /** The first line, or the one that says more. */
  static String brief(String reason) {
    List<String> lines = reason.lines().filter(each -> !each.isBlank()).toList();
    boolean more = lines.size() > 1 && lines.getFirst().startsWith(FAILED);
    String line = lines.isEmpty() ? "" : lines.get(more ? 1 : 0);
    return line.isBlank() ? "Spark gives no reason" : line;
  }
}
