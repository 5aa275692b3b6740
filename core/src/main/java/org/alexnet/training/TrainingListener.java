package org.alexnet.training;

import java.nio.file.Path;
import java.util.SequencedMap;
import org.alexnet.Message;
import org.alexnet.tensor.FloatTensor;

/**
 * Is told how a run goes, one call at a time. All calls come from the thread that trains, but for
 * {@link #progress}, which the threads that read images make.
 */
public interface TrainingListener {

  /**
   * Something a user wants to know: what was chosen and why, what was left out.
   *
   * @param text one or two sentences
   */
  default void message(String text) {}

  /**
   * The same where it names settings; as text where this is not overridden.
   *
   * @param message one or two sentences
   */
  default void message(Message message) {
    message(message.toString());
  }

  /**
   * How far something is that takes its time.
   *
   * @param activity what takes its time
   * @param done images that are done, from 0
   * @param all images there are; 0 where the length is not known
   */
  default void progress(Activity activity, long done, long all) {}

  /**
   * Training begins, or goes on.
   *
   * @param run the run folder; null of a run {@linkplain Training#inMemory in memory}
   * @param step training steps of the run so far
   */
  default void begin(Path run, long step) {}

  /**
   * A step is done.
   *
   * @param progress of the epoch so far
   */
  default void step(Progress progress) {}

  /**
   * A step is done of which {@code steps.jsonl} has a line.
   *
   * @param metrics since the line before
   */
  default void logged(StepMetrics metrics) {}

  /**
   * Whether {@link #gradients} is to be called; asked before training. On a CPU gradients of
   * fully-connected layers are then written to memory, which they otherwise need not be.
   *
   * @return false unless overridden
   */
  default boolean wantsGradients() {
    return false;
  }

  /**
   * The gradients of an epoch's last step: of its mean loss, weight decay not included.
   *
   * @param step training steps of the run so far
   * @param gradients by parameter, named and shaped as in a file of weights
   */
  default void gradients(long step, SequencedMap<String, FloatTensor> gradients) {}

  /**
   * An epoch is done and, where there is a validation set, evaluated.
   *
   * @param metrics of the epoch
   */
  default void epoch(EpochMetrics metrics) {}
}
