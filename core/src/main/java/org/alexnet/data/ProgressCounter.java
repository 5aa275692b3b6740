package org.alexnet.data;

/** Counts images that several threads finish and passes the count on, one call at a time. */
public final class ProgressCounter {
  private final ProgressListener listener;
  private final long all;
  private long done;

  /**
   * Counts from 0.
   *
   * @param listener is told after each image
   * @param all images there are
   */
  public ProgressCounter(ProgressListener listener, long all) {
    this.listener = listener;
    this.all = all;
  }

  /** One more image is done. */
  public synchronized void finishedOne() {
    listener.at(++done, all);
  }
}
