package org.alexnet.data;

/** Is told how far a piece of work is, from any thread but from one at a time. */
@FunctionalInterface
public interface ProgressListener {
  /** Nobody is told. */
  ProgressListener NONE = (done, all) -> {};

  /**
   * So many images are done.
   *
   * @param done images that are done; never fewer than the last time
   * @param all images there are
   */
  void at(long done, long all);
}
