package org.alexnet.data;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.ConcurrentLinkedQueue;

/** The mean of a training set, which is subtracted from every image. */
public final class MeanImage {
  private MeanImage() {}

  /**
   * The mean image, C H W, in pixel units (0..255). Sums are whole numbers, so that neither their
   * order nor the number of threads changes a bit.
   *
   * @param source of byte pixels
   */
  public static float[] of(ImageSource source, int threads) {
    if (source.format().floats()) {
      throw new IllegalArgumentException(
          source.description() + " holds floating-point images, which are used as they are");
    }
    int values = source.format().values();
    ConcurrentLinkedQueue<Sum> sums = new ConcurrentLinkedQueue<>();
    Parallel.forEach(
        source.size(),
        threads,
        i -> {
          Sum sum = sums.poll();
          if (sum == null) {
            sum = new Sum(values);
          }
          sum.add(source, i);
          sums.add(sum);
        });
    float[] mean = new float[values];
    for (int v = 0; v < values; v++) {
      long total = 0;
      for (Sum sum : sums) {
        total += sum.total[v];
      }
      mean[v] = (float) ((double) total / source.size());
    }
    return mean;
  }

  /** The sum of some images, for one thread at a time. */
  private static final class Sum {
    private final long[] total;
    private final byte[] image;
    private final MemorySegment memory;

    Sum(int values) {
      total = new long[values];
      image = new byte[values];
      memory = MemorySegment.ofArray(image);
    }

    void add(ImageSource source, int i) {
      source.read(i, memory);
      for (int v = 0; v < total.length; v++) {
        total[v] += image[v] & 0xFF;
      }
    }
  }
}
