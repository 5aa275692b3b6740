package org.alexnet.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static jcuda.driver.JCudaDriver.cuLaunchKernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import org.alexnet.cuda.CudaKernel.Call;

/**
 * A launch of one of our kernels. Its arguments lie in native memory from the beginning: launching
 * it again costs one call.
 */
final class Launch implements Call {
  /** Threads a block, as the kernels count on. */
  static final int THREADS = 256;

  private final Device device;
  private final String kernel;
  private final CUfunction function;
  private final int blocksX;
  private final int blocksY;
  private final Pointer arguments;

  /**
   * @param arena keeps the arguments
   * @param arguments Long for addresses, Integer and Float for numbers, as the kernel's signature
   *     says
   */
  Launch(Device device, Arena arena, String kernel, int blocksX, int blocksY, Object... arguments) {
    this.device = device;
    this.kernel = kernel;
    this.function = device.function(kernel);
    this.blocksX = blocksX;
    this.blocksY = blocksY;
    MemorySegment values = arena.allocate(8L * arguments.length, 8);
    MemorySegment pointers = arena.allocate(ADDRESS, arguments.length);
    for (int i = 0; i < arguments.length; i++) {
      MemorySegment value = values.asSlice(8L * i, 8);
      switch (arguments[i]) {
        case Long address -> value.set(JAVA_LONG, 0, address);
        case Integer number -> value.set(JAVA_INT, 0, number);
        case Float number -> value.set(JAVA_FLOAT, 0, number);
        default -> throw new IllegalArgumentException(kernel + ": " + arguments[i]);
      }
      pointers.setAtIndex(ADDRESS, i, value);
    }
    this.arguments = Addresses.of(pointers.address());
  }

  /** Blocks for a thread an element. */
  static int blocks(long elements) {
    return Math.toIntExact(Math.ceilDiv(elements, THREADS));
  }

  @Override
  public void enqueue() {
    Cuda.check(
        cuLaunchKernel(
            function, blocksX, blocksY, 1, THREADS, 1, 1, 0, device.compute(), arguments, null),
        "launch " + kernel);
  }
}
