package org.alexnet.cuda.product;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemsetD8Async;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.Random;
import org.alexnet.backend.plan.DeviceRates;
import org.alexnet.cuda.device.Addresses;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.device.Owned;
import org.alexnet.cuda.device.Stopwatch;
import org.alexnet.cuda.device.Storage;
import org.alexnet.cuda.product.Product.Operand;

/**
 * Measures what a device does at best: copies of growing size within its memory, products of
 * growing size by cuBLAS in the precision of the step, and a launch that has nothing to do. Sizes
 * grow until one takes a millisecond: the same on a GPU that takes a few, and on a slow one.
 */
public final class RateMeasurement implements AutoCloseable {
  private static final double ENOUGH = 1e-3;

  /** Bytes of the smallest and the largest copy: caches hold less than the largest. */
  private static final long SMALLEST_COPY = 1L << 20;

  private static final long LARGEST_COPY = 1L << 30;

  /** Rows of the smallest and the largest matrix. */
  private static final int SMALLEST = 256;

  private static final int LARGEST = 8192;

  /** A share of the free memory that a measurement may take. */
  private static final int SHARE = 4;

  private static final int REPETITIONS = 5;
  private static final int LAUNCHES = 20;
  private static final int WORD = 256;

  /** Numbers that matrices are filled with; all zeros would be multiplied faster than others. */
  private static final int NUMBERS = 1 << 20;

  private final Device device;
  private final Owned owned = new Owned();
  private final Stopwatch watch;

  private RateMeasurement(Device device) {
    this.device = device;
    this.watch = new Stopwatch(device, owned);
  }

  /** Measures a device on which nothing else runs; empty if it has no memory for the smallest. */
  public static Optional<DeviceRates> of(Device device) {
    try (RateMeasurement measurement = new RateMeasurement(device)) {
      double copies = measurement.copies();
      double products = measurement.products();
      return copies == 0 || products == 0
          ? Optional.empty()
          : Optional.of(new DeviceRates(copies, products, measurement.launches()));
    }
  }

  /** Least seconds of some repetitions, after one that is not counted. */
  private double seconds(int repetitions, Runnable work) {
    double least = Double.POSITIVE_INFINITY;
    device.use();
    work.run();
    for (int i = 0; i < repetitions; i++) {
      least = Math.min(least, watch.milliseconds("measure " + device.name(), work) * 1e-3);
    }
    return least;
  }

  /** Bytes a second of the largest copy: smaller ones may stay in a cache. */
  private double copies() {
    long most = Math.min(LARGEST_COPY, device.freeBytes() / SHARE / 2);
    double rate = 0;
    for (long bytes = SMALLEST_COPY; bytes <= most; bytes *= 2) {
      try (var from = device.allocate(bytes);
          var to = device.allocate(bytes)) {
        long size = bytes;
        clear(from.get(), size);
        double taken =
            seconds(
                REPETITIONS,
                () ->
                    Cuda.check(
                        cuMemcpyDtoDAsync(to.get(), from.get(), size, device.compute()),
                        "copy on " + device.name()));
        rate = 2.0 * bytes / taken;
        if (taken > ENOUGH) {
          break;
        }
      }
    }
    return rate;
  }

  private void clear(Addresses.Device memory, long bytes) {
    device.use();
    Cuda.check(cuMemsetD8Async(memory, (byte) 1, bytes, device.compute()), "fill memory");
  }

  /** The most operations a second of all sizes. */
  private double products() {
    Storage storage = Storage.of(device.precision());
    double best = 0;
    for (int rows = SMALLEST; rows <= LARGEST; rows *= 2) {
      long bytes = (long) rows * rows * storage.bytes();
      if (3 * bytes > device.freeBytes() / SHARE) {
        break;
      }
      try (var a = device.allocate(bytes);
          var b = device.allocate(bytes);
          var c = device.allocate(bytes)) {
        fill(a.get(), storage, bytes);
        fill(b.get(), storage, bytes);
        Product product =
            new Product(
                "a measurement",
                device,
                rows,
                rows,
                rows,
                operand(a.get(), storage, false),
                operand(b.get(), storage, true),
                operand(c.get(), storage, false));
        double taken = seconds(REPETITIONS, product::enqueue);
        best = Math.max(best, 2.0 * rows * rows * rows / taken);
        if (taken > ENOUGH) {
          break;
        }
      }
    }
    return best;
  }

  private static Operand operand(Addresses.Device memory, Storage storage, boolean transposed) {
    return new Operand(Addresses.of(memory.address()), storage, transposed);
  }

  private void fill(Addresses.Device to, Storage storage, long bytes) {
    Random random = new Random(2012);
    float[] numbers = new float[(int) Math.min(NUMBERS, bytes / storage.bytes())];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = random.nextFloat() - 0.5f;
    }
    byte[] stored = storage.encode(numbers);
    try (var host = device.allocateHost(stored.length)) {
      MemorySegment.copy(stored, 0, host.get().memory(stored.length), JAVA_BYTE, 0, stored.length);
      device.use();
      for (long at = 0; at < bytes; at += stored.length) {
        Cuda.check(
            cuMemcpyHtoDAsync(
                Addresses.onDevice(to.address() + at),
                host.get(),
                Math.min(stored.length, bytes - at),
                device.compute()),
            "send numbers to " + device.name());
      }
      Cuda.check(cuStreamSynchronize(device.compute()), "send numbers to " + device.name());
    }
  }

  private double launches() {
    try (var word = device.allocate(WORD)) {
      return seconds(LAUNCHES, () -> clear(word.get(), WORD));
    }
  }

  @Override
  public void close() {
    owned.close();
  }
}
