package org.alexnet.spark;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.alexnet.cli.output.ProgressView;
import org.alexnet.training.Activity;
import org.alexnet.training.EpochMetrics;
import org.alexnet.training.Progress;
import org.alexnet.training.TrainingListener;

/**
 * How far the training is, as the driver has heard: for its terminal, which shows it as that of a
 * training in one process does, and for Spark's own pages.
 */
final class TrainingProgress implements TrainingListener {
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

  /** Says that workers begin again, and why. */
  void restart(String reason) {
    view.message(
        "A worker was lost (%s). Spark starts all of them again, and they go on from the last checkpoint."
            .formatted(reason));
    start();
  }
}
