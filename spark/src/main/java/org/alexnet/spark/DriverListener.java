package org.alexnet.spark;

import java.io.IOException;
import org.alexnet.Message;
import org.alexnet.cli.option.Flags;
import org.alexnet.training.Activity;
import org.alexnet.training.EpochMetrics;
import org.alexnet.training.Progress;
import org.alexnet.training.TrainingListener;
import org.apache.spark.api.plugin.PluginContext;

/**
 * What a worker does with what it hears of its training: the first tells the driver, and messages
 * of all are in the logs of their executors. What happens in every step is told ten times a second
 * at most, which is as often as it is shown.
 */
final class DriverListener implements TrainingListener {
  private static final long PAUSE_NANOS = 100_000_000L;
  private final boolean first;
  private final PluginContext driver;
  private Activity activity; // that was told last
  private long told = System.nanoTime() - PAUSE_NANOS;

  /**
   * @param first whether it is the one whose driver hears of it
   */
  DriverListener(boolean first) {
    this.first = first;
    this.driver = ProgressPlugin.driver();
  }

  @Override
  public void message(String text) {
    if (!ProgressPlugin.isDriver()) { // whose terminal shows what it hears
      System.err.println("alexnet: " + text);
    }
    tell(new TrainingEvent.Said(text));
  }

  @Override
  public void message(Message message) {
    message(message.text(Flags::of));
  }

  @Override
  public synchronized void progress(Activity current, long done, long all) {
    if (current != activity || done == all || due()) {
      activity = current;
      tell(new TrainingEvent.Busy(current, done, all));
    }
  }

  @Override
  public synchronized void step(Progress progress) {
    if (activity != null || due()) {
      activity = null;
      tell(new TrainingEvent.Stepped(progress));
    }
  }

  @Override
  public void epoch(EpochMetrics metrics) {
    tell(new TrainingEvent.EpochEnded(metrics));
  }

  private boolean due() {
    long now = System.nanoTime();
    boolean due = now - told >= PAUSE_NANOS;
    if (due) {
      told = now;
    }
    return due;
  }

  private void tell(TrainingEvent event) {
    if (first) {
      try {
        driver.send(event);
      } catch (IOException e) {
        unheard(e);
      }
    }
  }

  /** Waits until the driver has heard of everything, which then ends. */
  void end() {
    if (first) {
      try {
        driver.ask(new TrainingEvent.End());
      } catch (Exception e) { // Scala declares none
        unheard(e);
      }
    }
  }

  /** Training goes on: whether the driver is lost for good, Spark finds out. */
  private static void unheard(Exception e) {
    System.err.println("alexnet: The driver does not hear of the training: " + e);
  }
}
