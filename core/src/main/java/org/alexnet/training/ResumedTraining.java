package org.alexnet.training;

import java.util.List;
import org.alexnet.backend.Peers;
import org.alexnet.data.ImageSource;
import org.alexnet.model.Schedule;

/**
 * A run that is resumed: what may differ from how it was begun. Everything else is the run's own.
 *
 * @see Training#resume
 */
public sealed interface ResumedTraining permits Training {

  /**
   * The place of the training images, if they have moved. They must be the same images.
   *
   * @param source a data source as for {@link Training#data}
   * @return this run
   */
  ResumedTraining data(String source);

  /**
   * Training images that the program has. They stay open, and are read by several threads.
   *
   * @param source labelled images of any size; not closed
   * @return this run
   * @throws org.alexnet.AlexNetException if it holds no images
   */
  ResumedTraining data(ImageSource source);

  /**
   * The place of the validation images, if they have moved. They must be the same images.
   *
   * @param source a data source as for {@link Training#data}
   * @return this run
   */
  ResumedTraining validation(String source);

  /**
   * Validation images that the program has, as for {@link #data(ImageSource)}.
   *
   * @param source labelled images of any size; not closed
   * @return this run
   * @throws org.alexnet.AlexNetException if it holds no images
   */
  ResumedTraining validation(ImageSource source);

  /**
   * Passes over the training images in all; the model's own schedule is stretched with them.
   *
   * @param count those that are done included
   * @return this run
   */
  ResumedTraining epochs(int count);

  /**
   * How the learning rate falls from now on.
   *
   * @param value by epochs of the whole run
   * @return this run
   */
  ResumedTraining schedule(Schedule value);

  /**
   * As {@link Training#backend}.
   *
   * @param name {@code auto} or a backend
   * @return this run
   */
  ResumedTraining backend(String name);

  /**
   * As {@link Training#devices}.
   *
   * @param names one, or as many as divide the columns or the shards of the run
   * @return this run
   */
  ResumedTraining devices(List<String> names);

  /**
   * As {@link Training#peers}.
   *
   * @param others as many as divide the shards of the run
   * @return this run
   */
  @SuppressWarnings("exports")
  ResumedTraining peers(Peers others);

  /**
   * As {@link Training#threads}.
   *
   * @param count at least 1
   * @return this run
   */
  ResumedTraining threads(int count);

  /**
   * As {@link Training#graphs}.
   *
   * @param on false to launch kernels one by one
   * @return this run
   */
  ResumedTraining graphs(boolean on);

  /**
   * As {@link Training#dataOnDevice}.
   *
   * @param on false, the default, to send images with each batch
   * @return this run
   */
  ResumedTraining dataOnDevice(boolean on);

  /**
   * As {@link Training#checkpointEvery}.
   *
   * @param minutes at least 0
   * @return this run
   */
  ResumedTraining checkpointEvery(double minutes);

  /**
   * As {@link Training#logEvery}.
   *
   * @param steps at least 0
   * @return this run
   */
  ResumedTraining logEvery(int steps);

  /**
   * As {@link Training#listener}.
   *
   * @param value takes the place of the one before
   * @return this run
   */
  ResumedTraining listener(TrainingListener value);

  /** As {@link Training#stop}. */
  void stop();

  /**
   * Trains to the end, or until {@link #stop}, on a thread of its own, which also calls the
   * listener. If the thread that waits here is interrupted, that counts as {@link #stop}: the run
   * ends in good order, and this returns with the interrupt flag set. What the listener throws ends
   * the run and is thrown here.
   *
   * @return where the run ended
   * @throws org.alexnet.AlexNetException if the folder is not a run or its data, files or devices
   *     cannot be used
   */
  TrainingResult run();
}
