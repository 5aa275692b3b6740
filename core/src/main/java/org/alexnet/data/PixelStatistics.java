package org.alexnet.data;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * What is known of the pixels of a training set.
 *
 * @param mean the mean image, C H W, 0..255
 * @param colour the axes of its colours; null where nobody asked, and for images that are not of
 *     three channels
 */
public record PixelStatistics(float[] mean, ColourAxes colour) {

  /**
   * Finds them by reading every image once, unless the source brings them along.
   *
   * @param source of byte pixels
   * @param threads that read, at least 1
   * @param colour whether the axes of the colours are wanted
   * @param listener is told how many images were read
   * @return the mean image and, if wanted, the axes of the colours
   */
  public static PixelStatistics of(
      ImageSource source, int threads, boolean colour, ProgressListener listener) {
    if (source.format().floats()) {
      throw new IllegalArgumentException(
          source.description() + " holds floating-point images, which are used as they are");
    }
    PixelStatistics known = source.statistics();
    if (known != null) {
      return known;
    }
    var progress = new ProgressCounter(listener, source.size());
    ConcurrentLinkedQueue<Adder> adders = new ConcurrentLinkedQueue<>();
    Parallel.forEach(
        source.size(),
        threads,
        i -> {
          Adder adder = adders.poll();
          if (adder == null) {
            adder = new Adder(source.format(), colour);
          }
          source.read(i, adder.memory);
          adder.sums.add(adder.image);
          adders.add(adder);
          progress.finishedOne();
        });
    return PixelSums.statistics(adders.stream().map(adder -> adder.sums).toList());
  }

  /** Reads and adds up images, for one thread at a time. */
  private static final class Adder {
    private final byte[] image;
    private final MemorySegment memory;
    private final PixelSums sums;

    Adder(Batch.Format format, boolean colour) {
      image = new byte[format.values()];
      memory = MemorySegment.ofArray(image);
      sums = new PixelSums(format, colour);
    }
  }
}
