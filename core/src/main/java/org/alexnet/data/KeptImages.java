package org.alexnet.data;

/**
 * All images of a source in memory of the devices that read them, from which {@linkplain
 * Batch#naming batches take them by number}.
 */
public interface KeptImages extends AutoCloseable {

  /** {@return the source that the images were read from} */
  ImageSource source();

  /** Frees the memory; no step that reads it may be under way. */
  @Override
  void close();
}
