package org.alexnet.spark;

import java.io.Serializable;
import org.alexnet.training.Activity;
import org.alexnet.training.EpochMetrics;
import org.alexnet.training.Progress;
import org.alexnet.training.TrainingListener;

/** What the first worker tells the driver of the training: a call of a listener that travels. */
sealed interface TrainingEvent extends Serializable {

  /** Makes the call. */
  void tell(TrainingListener listener);

  /** Of {@link TrainingListener#message(String)}. */
  record Said(String text) implements TrainingEvent {
    @Override
    public void tell(TrainingListener listener) {
      listener.message(text);
    }
  }

  /** Of {@link TrainingListener#progress}. */
  record Busy(Activity activity, long done, long all) implements TrainingEvent {
    @Override
    public void tell(TrainingListener listener) {
      listener.progress(activity, done, all);
    }
  }

  /** Of {@link TrainingListener#step}. */
  record Stepped(Progress progress) implements TrainingEvent {
    @Override
    public void tell(TrainingListener listener) {
      listener.step(progress);
    }
  }

  /** Of {@link TrainingListener#epoch}. */
  record EpochEnded(EpochMetrics metrics) implements TrainingEvent {
    @Override
    public void tell(TrainingListener listener) {
      listener.epoch(metrics);
    }
  }

  /** The last one. Whoever asks with it has an answer when all before it have been heard. */
  record End() implements TrainingEvent {
    @Override
    public void tell(TrainingListener listener) {
      // there is nothing to say
    }
  }
}
