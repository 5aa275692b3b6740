package org.alexnet.cuda.device;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoHAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemsetD8Async;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;

import java.lang.foreign.MemorySegment;
import org.alexnet.backend.plan.Lane;
import org.alexnet.backend.plan.MemoryPlan;
import org.alexnet.backend.plan.MemoryPlan.Blocks;

/** What an executable has on one device: the planned block, tables, and two words. */
public final class DeviceMemory implements AutoCloseable {
  private static final int WORD = 256;

  /** Bytes that go between the Java heap and the device at once, at most. */
  private static final int PIECE = 8 << 20;

  private final Device device;
  private final Blocks blocks;
  private final Owned owned = new Owned();
  private final Addresses.Device block;
  private final Addresses.Device halted;
  private final MemorySegment progress;
  private final int piece;
  private final Addresses.Host between;
  private final MemorySegment betweenMemory;

  public DeviceMemory(Device device, Blocks blocks) {
    this.device = device;
    this.blocks = blocks;
    try {
      block = owned.take(device.allocate(blocks.totalBytes()));
      halted = owned.take(device.allocate(WORD));
      Addresses.Host word = owned.take(device.allocateHost(WORD));
      progress = word.memory(WORD);
      progress.set(JAVA_INT, 0, -1);
      piece = Math.clamp(blocks.totalBytes(), WORD, PIECE);
      between = owned.take(device.allocateHost(piece));
      betweenMemory = between.memory(piece);
      clearHalted();
      clearPersistent();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  public Device device() {
    return device;
  }

  /** Address of a buffer. */
  public long address(MemoryPlan.Slot slot, boolean persistent) {
    return block.address() + (persistent ? 0 : blocks.persistentBytes()) + slot.offset();
  }

  /** Address of the word that stops learning. */
  public long halted() {
    return halted.address();
  }

  /** Lets steps that begin from now on learn again. */
  public void clearHalted() {
    device.use();
    Cuda.check(cuMemsetD8Async(halted, (byte) 0, WORD, device.compute()), "clear a word");
  }

  /** Momentum begins at zero. */
  private void clearPersistent() {
    if (blocks.persistentBytes() > 0) {
      Cuda.check(
          cuMemsetD8Async(block, (byte) 0, blocks.persistentBytes(), device.compute()),
          "clear memory of " + device.name());
    }
  }

  /** Where kernels note that they begin. */
  public long progress() {
    return progress.address();
  }

  /** Number of the last kernel that noted it, or -1. */
  public int lastBegun() {
    return progress.get(JAVA_INT, 0);
  }

  /** Keeps a table on the device. */
  public long table(MemorySegment table) {
    long address = owned.take(device.allocate(table.byteSize())).address();
    write(address, table.toArray(JAVA_BYTE));
    return address;
  }

  /** Waits until all of its device's stream is done. */
  public void synchronize() {
    device.use();
    Cuda.check(cuStreamSynchronize(device.compute()), "compute on " + device.name());
  }

  /** Waits for the streams of all lanes, which hold a step that was not put in to its end. */
  public void synchronizeAll() {
    for (Lane lane : Lane.values()) {
      device.in(lane, this::synchronize);
    }
  }

  /** Overwrites memory of the device, behind what the stream holds already. */
  public void write(long address, byte[] data) {
    for (int at = 0; at < data.length; at += piece) {
      int bytes = Math.min(piece, data.length - at);
      MemorySegment.copy(data, at, betweenMemory, JAVA_BYTE, 0, bytes);
      device.use();
      Cuda.check(
          cuMemcpyHtoDAsync(Addresses.onDevice(address + at), between, bytes, device.compute()),
          "send data to " + device.name());
      synchronize();
    }
  }

  /** Reads memory of the device, once its stream is done. */
  public byte[] read(long address, long length) {
    byte[] data = new byte[Math.toIntExact(length)];
    for (int at = 0; at < data.length; at += piece) {
      int bytes = Math.min(piece, data.length - at);
      device.use();
      Cuda.check(
          cuMemcpyDtoHAsync(between, Addresses.onDevice(address + at), bytes, device.compute()),
          "fetch data from " + device.name());
      synchronize();
      MemorySegment.copy(betweenMemory, JAVA_BYTE, 0, data, at, bytes);
    }
    return data;
  }

  @Override
  public void close() {
    owned.close();
  }
}
