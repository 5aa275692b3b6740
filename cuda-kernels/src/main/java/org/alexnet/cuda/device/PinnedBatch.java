package org.alexnet.cuda.device;

import java.lang.foreign.Arena;
import org.alexnet.data.Batch;
import org.alexnet.data.KeptImages;

/** A batch in memory that devices copy from while the processor goes on. */
public final class PinnedBatch implements AutoCloseable {
  private final Resource<Addresses.Host> memory;
  private final Arena access = Arena.ofShared();
  private final Batch batch;

  /**
   * @param stored size and type of the images as they are stored
   * @param carried of what the batch carries of each
   * @param images there is room for
   */
  public PinnedBatch(Device device, Batch.Format stored, Batch.Format carried, int images) {
    long bytes = carried.bytes() * images;
    this.memory = device.allocateHost(bytes);
    this.batch = new Batch(stored, carried, images, memory.get().memory(bytes, access));
  }

  /**
   * A batch of the numbers of images that stay on devices.
   *
   * @param count images there is room for
   */
  public PinnedBatch(Device device, KeptImages images, int count) {
    long bytes = (long) count * Integer.BYTES;
    this.memory = device.allocateHost(bytes);
    this.batch = Batch.naming(images, count, memory.get().memory(bytes, access));
  }

  public Batch batch() {
    return batch;
  }

  /** From now on touching its pixels is an exception, and not the end of the process. */
  @Override
  public void close() {
    access.close();
    memory.close();
  }
}
