package org.alexnet.cuda.kernel;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static jcuda.driver.JCudaDriver.cuLaunchKernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.IntStream;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import org.alexnet.cuda.device.Addresses;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.kernel.CudaKernel.Call;

/**
 * A launch of one of our kernels. Its arguments lie in native memory from the beginning: launching
 * it again costs one call.
 */
public final class Launch implements Call {
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
   * @param arguments Long for addresses, Integer and Float for numbers, Channels, Divisor and
   *     Sizes, as the kernel's signature says
   */
  Launch(Device device, Arena arena, String kernel, int blocksX, int blocksY, Object... arguments) {
    this.device = device;
    this.kernel = kernel;
    this.function = device.function(kernel);
    this.blocksX = blocksX;
    this.blocksY = blocksY;
    MemorySegment pointers = arena.allocate(ADDRESS, arguments.length);
    for (int i = 0; i < arguments.length; i++) {
      pointers.setAtIndex(ADDRESS, i, value(arena, arguments[i]));
    }
    this.arguments = Addresses.of(pointers.address());
  }

  private static MemorySegment value(Arena arena, Object argument) {
    return switch (argument) {
      case Long address -> arena.allocateFrom(JAVA_LONG, address);
      case Integer number -> arena.allocateFrom(JAVA_INT, number);
      case Float number -> arena.allocateFrom(JAVA_FLOAT, number);
      case Channels c -> arena.allocateFrom(JAVA_FLOAT, c.values());
      case Divisor d -> arena.allocateFrom(JAVA_INT, divisors(d));
      case Sizes s -> arena.allocateFrom(JAVA_INT, divisors(s.c(), s.h(), s.w()));
      default -> throw new IllegalArgumentException("no argument of a kernel: " + argument);
    };
  }

  /** As the struct in common.cuh has them. */
  private static int[] divisors(Divisor... all) {
    return Arrays.stream(all)
        .flatMapToInt(d -> IntStream.of(d.value(), d.multiplier(), d.shift()))
        .toArray();
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
