package org.alexnet.cuda.step;

import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alexnet.cuda.device.Addresses;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.device.Owned;
import org.alexnet.cuda.device.Resource;
import org.alexnet.data.ImageSource;
import org.alexnet.data.KeptImages;
import org.alexnet.data.Parallel;
import org.alexnet.data.ProgressListener;

/** The images of a source in memory of devices, by their numbers one after the other as C H W. */
public final class DeviceImages implements KeptImages {
  /** Bytes that are read before they are sent: enough for many threads to read at once. */
  private static final long PIECE = 64L << 20;

  private final ImageSource source;
  private final Owned owned = new Owned();
  private final Map<Device, Addresses.Device> memory = new HashMap<>();
  private boolean closed;

  /**
   * Reads all images and sends them.
   *
   * @param source of bytes
   * @param threads that read
   * @param progress is told how many images are done
   * @throws Cuda.Failure if a device has not enough memory
   */
  public DeviceImages(
      ImageSource source, List<Device> devices, int threads, ProgressListener progress) {
    this.source = source;
    try {
      for (Device device : devices) {
        memory.put(device, owned.take(device.allocate(bytes())));
      }
      send(threads, progress);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private void send(int threads, ProgressListener progress) {
    long image = source.format().bytes();
    int most = Math.clamp(PIECE / image, 1, source.size());
    Device any = memory.keySet().iterator().next();
    try (Resource<Addresses.Host> host = any.allocateHost(most * image)) {
      MemorySegment piece = host.get().memory(most * image);
      progress.at(0, source.size());
      for (int first = 0; first < source.size(); first += most) {
        int from = first;
        int count = Math.min(most, source.size() - first);
        Parallel.forEach(
            count, threads, i -> source.read(from + i, piece.asSlice(i * image, image)));
        memory.forEach((device, to) -> send(device, host.get(), to, from * image, count * image));
        progress.at(first + count, source.size());
      }
    }
  }

  private static void send(
      Device device, Addresses.Host piece, Addresses.Device to, long offset, long bytes) {
    device.use();
    Cuda.check(
        cuMemcpyHtoDAsync(to.withByteOffset(offset), piece, bytes, device.copies()),
        "send images to " + device.name());
    Cuda.check(cuStreamSynchronize(device.copies()), "send images to " + device.name());
  }

  /** Where a device has the images of a batch that names them; 0 for any other batch. */
  static long address(KeptImages images, Device device) {
    if (images == null) {
      return 0;
    }
    Addresses.Device own = ((DeviceImages) images).memory.get(device);
    return own == null ? 0 : own.address(); // it reads none
  }

  /** Bytes that they take on each of their devices. */
  private long bytes() {
    return source.size() * source.format().bytes();
  }

  /** Bytes that they take on a device. */
  public long bytes(Device device) {
    return !closed && memory.containsKey(device) ? bytes() : 0;
  }

  @Override
  public ImageSource source() {
    return source;
  }

  @Override
  public void close() {
    closed = true;
    owned.close();
  }
}
