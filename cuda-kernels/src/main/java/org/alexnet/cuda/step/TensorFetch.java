package org.alexnet.cuda.step;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoHAsync;
import static jcuda.driver.JCudaDriver.cuStreamWaitEvent;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import jcuda.driver.CUevent;
import org.alexnet.cuda.device.Addresses;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.device.Device.EventUse;
import org.alexnet.cuda.device.Owned;
import org.alexnet.program.Tensor;

/**
 * Tensors of a step on their way to the host. A copy on the device, which takes next to no time,
 * gives their memory to the next step; from there they go to page-locked memory in a stream of
 * their own, while that step is computed.
 */
public final class TensorFetch implements AutoCloseable {
  private static final long ALIGNMENT = 256;

  /**
   * A tensor that is wanted.
   *
   * @param device number of its device
   * @param address on that device
   */
  public record Source(Tensor tensor, int device, long address, long bytes) {}

  private final List<Device> devices;
  private final List<Source> sources;
  private final Owned owned = new Owned();
  private final long[] starts; // of each source in the host's memory
  private final Addresses.Device[] beside; // by source; null where there was no memory for it
  private final CUevent[] ready; // by source
  private final CUevent[] arrived; // by source
  private final Addresses.Host host;
  private final MemorySegment memory;

  TensorFetch(List<Device> devices, List<Source> sources) {
    this.devices = devices;
    this.sources = List.copyOf(sources);
    this.starts = new long[sources.size()];
    this.beside = new Addresses.Device[sources.size()];
    this.ready = new CUevent[sources.size()];
    this.arrived = new CUevent[sources.size()];
    long bytes = 0;
    try {
      for (int i = 0; i < starts.length; i++) {
        Source source = sources.get(i);
        Device device = devices.get(source.device);
        starts[i] = bytes;
        bytes += Math.ceilDiv(source.bytes, ALIGNMENT) * ALIGNMENT;
        beside[i] = allocate(device, source.bytes);
        ready[i] = owned.take(device.event(EventUse.ORDER));
        arrived[i] = owned.take(device.event(EventUse.ORDER));
      }
      host = owned.take(devices.getFirst().allocateHost(bytes));
      memory = host.memory(bytes);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** A device that is full only has the next step wait for the host's copy. */
  private Addresses.Device allocate(Device device, long bytes) {
    try {
      return owned.take(device.allocate(bytes));
    } catch (Cuda.Failure e) {
      if (!e.outOfMemory()) {
        throw e;
      }
      return null;
    }
  }

  boolean isOf(List<Source> wanted) {
    return sources.equals(wanted);
  }

  /**
   * Begins to bring a tensor, once all that its device's stream holds is done.
   *
   * @param number of the tensor
   * @return an event of the device's, when it has arrived
   */
  private CUevent begin(int number) {
    Source source = sources.get(number);
    Device device = devices.get(source.device);
    Addresses.Device copy = beside[number];
    device.use();
    if (copy != null) {
      Cuda.check(
          cuMemcpyDtoDAsync(
              copy, Addresses.onDevice(source.address), source.bytes, device.compute()),
          "copy " + source.tensor.name());
      Cuda.check(cuEventRecord(ready[number], device.compute()), "record an event");
      Cuda.check(cuStreamWaitEvent(device.results(), ready[number], 0), "wait for a step");
    }
    var stream = copy == null ? device.compute() : device.results();
    Cuda.check(
        cuMemcpyDtoHAsync(
            host.withByteOffset(starts[number]),
            copy == null ? Addresses.onDevice(source.address) : copy,
            source.bytes,
            stream),
        "fetch " + source.tensor.name());
    Cuda.check(cuEventRecord(arrived[number], stream), "record an event");
    return arrived[number];
  }

  /**
   * Begins to bring all. The stream of each device holds the step.
   *
   * @return events after which they are there
   */
  List<CUevent> begin() {
    List<CUevent> events = new ArrayList<>();
    for (int i = 0; i < starts.length; i++) {
      events.add(begin(i));
    }
    return events;
  }

  /** The bytes of a tensor, once it has arrived. */
  byte[] bytes(Tensor tensor) {
    for (int i = 0; i < starts.length; i++) {
      if (sources.get(i).tensor.equals(tensor)) {
        return memory.asSlice(starts[i], sources.get(i).bytes).toArray(JAVA_BYTE);
      }
    }
    throw new IllegalArgumentException(tensor + " was not asked for");
  }

  @Override
  public void close() {
    owned.close();
  }
}
