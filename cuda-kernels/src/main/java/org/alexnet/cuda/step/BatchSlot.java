package org.alexnet.cuda.step;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoHAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;
import static jcuda.driver.JCudaDriver.cuStreamWaitEvent;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import jcuda.driver.CUevent;
import jcuda.driver.CUstream;
import org.alexnet.backend.StepResult;
import org.alexnet.backend.StepSettings;
import org.alexnet.cuda.device.Addresses;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.device.Device.EventUse;
import org.alexnet.cuda.device.Owned;
import org.alexnet.cuda.kernel.StagedBatch;
import org.alexnet.data.Batch;
import org.alexnet.program.Tensor;

/**
 * One of the places of a batch: page-locked memory for what is written per step and for what comes
 * back, and on each device memory that the next batch is copied to while the last one is computed
 * on.
 */
public final class BatchSlot implements AutoCloseable {
  private static final int STEP_BYTES = 64;
  private static final int KEPT_AT = STEP_BYTES - Long.BYTES;
  private static final int IMAGE_INTS = 4;
  private static final long ALIGNMENT = 256;

  private final List<Device> devices;
  private final ImageRanges ranges;
  private final int images;
  private final int channels;
  private final float lossScale;
  private final long shiftAt;
  private final long errorsAt;
  private final long pixelsAt;
  private final Owned owned = new Owned();
  private final List<Addresses.Device> staged = new ArrayList<>();
  private final List<CUevent> copied = new ArrayList<>();
  private final CUevent done;
  private final List<CUevent> reached = new ArrayList<>(); // by device
  private final List<Addresses.Host> settings = new ArrayList<>(); // by device
  private final List<MemorySegment> settingsMemory = new ArrayList<>();
  private final Addresses.Host results;
  private final MemorySegment resultsMemory;
  private TensorFetch fetch; // null while nothing but losses was asked for

  /**
   * @param ranges images that each device reads
   * @param images of a batch
   * @param channels of an image
   * @param pixelBytes room for the pixels of a batch
   * @param lossScale what gradients are multiplied by
   */
  BatchSlot(
      List<Device> devices,
      ImageRanges ranges,
      int images,
      int channels,
      long pixelBytes,
      float lossScale) {
    this.devices = devices;
    this.ranges = ranges;
    this.images = images;
    this.channels = channels;
    this.lossScale = lossScale;
    this.shiftAt = align(STEP_BYTES + (long) images * IMAGE_INTS * Integer.BYTES);
    this.errorsAt = align(shiftAt + (long) images * channels * Float.BYTES);
    this.pixelsAt = align(errorsAt + (long) images * Integer.BYTES);
    try {
      for (Device device : devices) {
        staged.add(owned.take(device.allocate(pixelsAt + pixelBytes)));
        copied.add(owned.take(device.event(EventUse.ORDER)));
        reached.add(owned.take(device.event(EventUse.ORDER)));
        settings.add(owned.take(device.allocateHost(errorsAt)));
        settingsMemory.add(settings.getLast().memory(errorsAt));
      }
      done = owned.take(devices.getFirst().event(EventUse.WAIT));
      long resultBytes = 2L * images * Integer.BYTES;
      results = owned.take(devices.getFirst().allocateHost(resultBytes));
      resultsMemory = results.memory(resultBytes);
      resultsMemory.fill((byte) 0); // images of a worker that trains apart count nothing here
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private static long align(long bytes) {
    return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
  }

  StagedBatch on(int device) {
    long base = staged.get(device).address();
    return new StagedBatch(
        base, base + STEP_BYTES, base + shiftAt, base + pixelsAt, base + errorsAt);
  }

  /**
   * Brings to each device the images that it reads; the first one's step waits for all of them. The
   * step that used this place before must be done.
   */
  public void copyIn(Batch batch, StepSettings step, boolean training) {
    CUstream main = devices.getFirst().compute();
    for (int d = 0; d < devices.size(); d++) {
      Device device = devices.get(d);
      write(settingsMemory.get(d), batch, step, training);
      settingsMemory.get(d).set(JAVA_LONG, KEPT_AT, DeviceImages.address(batch.kept(), device));
      device.use();
      Cuda.check(
          cuMemcpyHtoDAsync(staged.get(d), settings.get(d), errorsAt, device.copies()),
          "send a step's settings to " + device.name());
      for (ImageRanges.Range range : ranges.of(d)) {
        long at = range.first() * batch.bytes();
        Cuda.check(
            cuMemcpyHtoDAsync(
                staged.get(d).withByteOffset(pixelsAt + at),
                Addresses.of(batch.pixels().address() + at),
                range.count() * batch.bytes(),
                device.copies()),
            "send a batch to " + device.name());
      }
      Cuda.check(cuEventRecord(copied.get(d), device.copies()), "record an event");
    }
    devices.getFirst().use();
    for (CUevent event : copied) {
      Cuda.check(cuStreamWaitEvent(main, event, 0), "wait for a batch");
    }
  }

  /** The fields of Step in common.cuh, and what is drawn for each image. */
  private void write(MemorySegment m, Batch batch, StepSettings step, boolean training) {
    m.setAtIndex(JAVA_INT, 0, (int) step.seed());
    m.setAtIndex(JAVA_INT, 1, (int) (step.seed() >>> 32));
    m.setAtIndex(JAVA_INT, 2, step.step());
    m.setAtIndex(JAVA_INT, 3, batch.count());
    m.setAtIndex(JAVA_FLOAT, 4, step.rate());
    m.setAtIndex(JAVA_FLOAT, 5, step.momentum());
    m.setAtIndex(JAVA_FLOAT, 6, step.decay());
    m.setAtIndex(JAVA_FLOAT, 7, lossScale);
    m.setAtIndex(JAVA_INT, 8, batch.format().floats() ? 1 : 0);
    m.setAtIndex(JAVA_INT, 9, batch.stored().height());
    m.setAtIndex(JAVA_INT, 10, batch.stored().width());
    m.setAtIndex(JAVA_INT, 11, training ? 1 : 0);
    m.setAtIndex(JAVA_INT, 12, batch.cropped() ? 1 : 0);
    long image = STEP_BYTES / Integer.BYTES;
    for (int i = 0; i < images; i++) {
      m.setAtIndex(JAVA_INT, image++, batch.labels()[i]);
      m.setAtIndex(JAVA_INT, image++, batch.cropY()[i]);
      m.setAtIndex(JAVA_INT, image++, batch.cropX()[i]);
      m.setAtIndex(JAVA_INT, image++, batch.mirror()[i] ? 1 : 0);
    }
    int shifts = Math.min(batch.shift().length, images * channels);
    MemorySegment.copy(batch.shift(), 0, m, JAVA_FLOAT, shiftAt, shifts);
  }

  /**
   * Where a device has results.
   *
   * @param device its number
   * @param address of the loss of each image
   * @param first number in the batch of the first image
   * @param images how many
   */
  public record Losses(int device, long address, int first, int images) {}

  /**
   * Sends back what a step found, once its kernels are done, from every device that found some.
   *
   * @param tensors what is wanted besides
   */
  public void copyOut(List<Losses> losses, List<TensorFetch.Source> tensors) {
    for (Losses found : losses) {
      Device device = devices.get(found.device);
      order(0, found.device); // a step ends in the first device's stream
      device.use();
      long at = (long) found.first * Float.BYTES;
      long bytes = (long) found.images * Float.BYTES;
      Cuda.check(
          cuMemcpyDtoHAsync(
              results.withByteOffset(at),
              Addresses.onDevice(found.address),
              bytes,
              device.compute()),
          "fetch the loss");
      Cuda.check(
          cuMemcpyDtoHAsync(
              results.withByteOffset((long) images * Float.BYTES + at),
              staged.get(found.device).withByteOffset(errorsAt + at),
              bytes,
              device.compute()),
          "fetch the errors");
      order(found.device, 0);
    }
    Device first = devices.getFirst();
    if (tensors.isEmpty()) {
      first.use();
      Cuda.check(cuEventRecord(done, first.compute()), "record an event");
      return;
    }
    if (fetch == null || !fetch.isOf(tensors)) {
      forget();
      fetch = new TensorFetch(devices, tensors);
    }
    int[] owners = tensors.stream().mapToInt(TensorFetch.Source::device).distinct().toArray();
    for (int device : owners) {
      order(0, device);
    }
    List<CUevent> arrived = new ArrayList<>(fetch.begin());
    for (int device : owners) {
      order(device, 0);
    }
    first.use();
    // Nothing that this stream waits for keeps the next step from beginning.
    Cuda.check(cuEventRecord(reached.getFirst(), first.compute()), "record an event");
    arrived.add(reached.getFirst());
    for (CUevent event : arrived) {
      Cuda.check(cuStreamWaitEvent(first.results(), event, 0), "wait for results");
    }
    Cuda.check(cuEventRecord(done, first.results()), "record an event");
  }

  /** The bytes of a tensor that the last step was asked for, once it is done. */
  public byte[] fetched(Tensor tensor) {
    return fetch.bytes(tensor);
  }

  private void forget() {
    if (fetch != null) {
      fetch.close();
      fetch = null;
    }
  }

  /** What comes next on a device waits for what another has been given so far. */
  private void order(int before, int after) {
    if (before != after) {
      Device first = devices.get(before);
      first.use();
      Cuda.check(cuEventRecord(reached.get(before), first.compute()), "record an event");
      Device second = devices.get(after);
      second.use();
      Cuda.check(cuStreamWaitEvent(second.compute(), reached.get(before), 0), "wait for a device");
    }
  }

  public CUevent done() {
    return done;
  }

  /** Sums up the real images in their order. */
  public StepResult result(int count) {
    float[] losses = resultsMemory.asSlice(0, (long) images * Float.BYTES).toArray(JAVA_FLOAT);
    int[] errors = resultsMemory.asSlice((long) images * Float.BYTES).toArray(JAVA_INT);
    return StepResult.sum(losses, errors, count);
  }

  @Override
  public void close() {
    forget();
    owned.close();
  }
}
