package org.alexnet.training;

import java.util.List;
import org.alexnet.model.Schedule;

/**
 * A run that is resumed: what may differ from how it was begun. Everything else is the run's own.
 *
 * @see Training#resume
 */
public sealed interface ResumedTraining permits Training {

  /** The place of the training images, if they have moved. They must be the same images. */
  ResumedTraining data(String source);

  /** The place of the validation images, if they have moved. They must be the same images. */
  ResumedTraining validation(String source);

  /** Passes over the training images in all; the model's own schedule is stretched with them. */
  ResumedTraining epochs(int count);

  /** How the learning rate falls from now on. */
  ResumedTraining schedule(Schedule value);

  /** As {@link Training#backend}. */
  ResumedTraining backend(String name);

  /** As {@link Training#devices}. */
  ResumedTraining devices(List<String> names);

  /** As {@link Training#threads}. */
  ResumedTraining threads(int count);

  /** As {@link Training#graphs}. */
  ResumedTraining graphs(boolean on);

  /** As {@link Training#checkpointEvery}. */
  ResumedTraining checkpointEvery(double minutes);

  /** As {@link Training#listener}. */
  ResumedTraining listener(TrainingListener value);

  /** As {@link Training#stop}. */
  void stop();

  /**
   * Trains to the end, or until {@link #stop}.
   *
   * @throws org.alexnet.AlexNetException if the folder is not a run or its data, files or devices
   *     cannot be used
   */
  TrainingResult run();
}
