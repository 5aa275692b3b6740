package org.alexnet.data;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * A numbered set of images of one size, with labels where there are any. Reading is safe from
 * several threads at once and gives the same bytes every time.
 */
public interface ImageSource extends AutoCloseable {

  /** {@return what this is, for messages: {@code folder /data/pets/train}} */
  String description();

  /** {@return number of images} */
  int size();

  /** {@return size and type of the stored images} */
  Batch.Format format();

  /**
   * {@return names of the classes in the order of their labels; empty where the source names none}
   */
  List<String> classNames();

  /** {@return whether each image has a class} */
  boolean labelled();

  /**
   * {@return the class of image {@code i}; only where {@link #labelled()}}
   *
   * @param i from 0
   */
  int label(int i);

  /**
   * {@return what image {@code i} is called in messages and answers, such as its file name}
   *
   * @param i from 0
   */
  String name(int i);

  /**
   * Writes image {@code i} to {@code to} as C H W.
   *
   * @param i from 0
   * @param to memory of at least {@code format().bytes()} bytes
   * @throws org.alexnet.AlexNetException naming the image, if it cannot be read
   */
  void read(int i, MemorySegment to);

  /**
   * {@return the pixels of image {@code i}, as C H W, where the source has them in memory; null
   * where they have to be {@link #read}} Any thread may read them until the source is closed, and
   * what {@link #read} checks is checked.
   *
   * @param i from 0
   * @throws org.alexnet.AlexNetException naming the image, if it cannot be read
   */
  default MemorySegment pixels(int i) {
    return null;
  }

  /** {@return files that were left out because they cannot be read, each with the reason} */
  default List<String> skipped() {
    return List.of();
  }

  /**
   * {@return how pictures were brought to their size before this source was made: both sides to it
   * (true), or the shorter one and then the centre (false); empty where that was not done, or is
   * not known}
   */
  default Optional<Boolean> stretched() {
    return Optional.empty();
  }

  /** {@return what is known of the pixels of all images without reading them; null for nothing} */
  default PixelStatistics statistics() {
    return null;
  }

  /** Frees what the images occupy; may be called more than once. */
  @Override
  default void close() {}
}
