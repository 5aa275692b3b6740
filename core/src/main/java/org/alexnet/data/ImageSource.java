package org.alexnet.data;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A numbered set of images of one size, with labels where there are any. Reading is safe from
 * several threads at once and gives the same bytes every time.
 */
public interface ImageSource extends AutoCloseable {

  /** What this is, for messages: {@code folder /data/pets/train}. */
  String description();

  /** Number of images. */
  int size();

  /** Size and type of the stored images. */
  Batch.Format format();

  /** Names of the classes in the order of their labels; empty where the source names none. */
  List<String> classNames();

  /** Whether each image has a class. */
  boolean labelled();

  /** Class of image {@code i}; only where {@link #labelled()}. */
  int label(int i);

  /** What image {@code i} is called in messages and answers, such as its file name. */
  String name(int i);

  /**
   * Writes image {@code i} to {@code to} as C H W.
   *
   * @param to memory of at least {@code format().bytes()} bytes
   * @throws org.alexnet.AlexNetException naming the image, if it cannot be read
   */
  void read(int i, MemorySegment to);

  /** Files that were left out because they cannot be read, each with the reason. */
  default List<String> skipped() {
    return List.of();
  }

  /** What is known of the pixels of all images without reading them; null for nothing. */
  default PixelStatistics statistics() {
    return null;
  }

  /** Frees what the images occupy; may be called more than once. */
  @Override
  default void close() {}
}
