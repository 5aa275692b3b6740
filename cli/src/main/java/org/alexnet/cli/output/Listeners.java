package org.alexnet.cli.output;

import java.nio.file.Path;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.Consumer;
import org.alexnet.Message;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.training.Activity;
import org.alexnet.training.EpochMetrics;
import org.alexnet.training.Progress;
import org.alexnet.training.StepMetrics;
import org.alexnet.training.TrainingListener;

/** Tells several listeners, one after the other, what one is told. */
public record Listeners(List<TrainingListener> all) implements TrainingListener {

  private void each(Consumer<TrainingListener> tell) {
    all.forEach(tell);
  }

  @Override
  public void message(String text) {
    each(listener -> listener.message(text));
  }

  @Override
  public void message(Message message) {
    each(listener -> listener.message(message));
  }

  @Override
  public void progress(Activity activity, long done, long of) {
    each(listener -> listener.progress(activity, done, of));
  }

  @Override
  public void begin(Path run, long step) {
    each(listener -> listener.begin(run, step));
  }

  @Override
  public void step(Progress progress) {
    each(listener -> listener.step(progress));
  }

  @Override
  public void logged(StepMetrics metrics) {
    each(listener -> listener.logged(metrics));
  }

  @Override
  public boolean wantsGradients() {
    return all.stream().anyMatch(TrainingListener::wantsGradients);
  }

  @Override
  public void gradients(long step, SequencedMap<String, FloatTensor> gradients) {
    all.stream()
        .filter(TrainingListener::wantsGradients)
        .forEach(listener -> listener.gradients(step, gradients));
  }

  @Override
  public void epoch(EpochMetrics metrics) {
    each(listener -> listener.epoch(metrics));
  }
}
