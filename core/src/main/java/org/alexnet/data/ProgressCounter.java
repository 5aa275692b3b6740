package org.alexnet.data;

/** Counts images that several threads finish and passes the count on, one call at a time. */
public final class ProgressCounter {
  private final ProgressListener listener;
  private final long all;
  private long done;

  public ProgressCounter(ProgressListener listener, long all) {
    this.listener = listener;
    this.all = all;
  }

  public synchronized void finishedOne() {
    listener.at(++done, all);
  }
}
