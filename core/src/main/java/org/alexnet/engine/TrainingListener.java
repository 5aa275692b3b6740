package org.alexnet.engine;

/** Is told how a run goes, on the thread that trains. */
public interface TrainingListener {

  /** Something a user wants to know: what was chosen and why, what was left out. */
  default void message(String text) {}

  /** A folder is being read. */
  default void decoded(int images) {}

  /** A step is done. */
  default void step(Progress progress) {}

  /** An epoch is done and, where there is a validation set, judged. */
  default void epoch(EpochMetrics metrics) {}
}
