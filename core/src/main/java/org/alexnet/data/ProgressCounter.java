package org.alexnet.data;

/** Counts images that several threads finish and passes the count on, one call at a time. */
final class ProgressCounter {
  private final ProgressListener listener;
  private final long all;
  private long done;

  ProgressCounter(ProgressListener listener, long all) {
    this.listener = listener;
    this.all = all;
  }

  synchronized void finishedOne() {
    listener.at(++done, all);
  }
}
