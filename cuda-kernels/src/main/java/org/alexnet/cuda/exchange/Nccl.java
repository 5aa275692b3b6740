package org.alexnet.cuda.exchange;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static jcuda.driver.JCudaDriver.cuEventQuery;
import static jcuda.driver.JCudaDriver.cuStreamQuery;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import jcuda.driver.CUevent;
import jcuda.driver.CUresult;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.device.Storage;
import org.alexnet.cuda.kernel.CudaKernel.Group;
import org.alexnet.cuda.library.load.Functions;

/**
 * NCCL: sums over all devices of this process, along whatever links there are between them, in an
 * order of its own.
 */
public final class Nccl implements AutoCloseable {
  private static final int SUM = 0; // ncclSum
  private static final int PAUSE = 20_000; // nanoseconds between two looks at devices
  private static final long PATIENCE = 1_000_000_000; // nanoseconds for NCCL to give up

  private final List<Device> devices;
  private final MethodHandle text;
  private final MethodHandle reduce;
  private final MethodHandle destroy;
  private final MethodHandle abort;
  private final MethodHandle groupStart;
  private final MethodHandle groupEnd;
  private final MemorySegment[] ranks;

  /**
   * Connects devices.
   *
   * @param library NCCL's functions
   * @throws Cuda.Failure if it does not start
   */
  @SuppressWarnings("restricted")
  public Nccl(SymbolLookup library, List<Device> devices) {
    this.devices = List.copyOf(devices);
    Linker linker = Linker.nativeLinker();
    this.text =
        linker.downcallHandle(
            library.findOrThrow("ncclGetErrorString"), FunctionDescriptor.of(ADDRESS, JAVA_INT));
    this.reduce =
        Functions.of(
            library,
            "ncclAllReduce",
            ADDRESS,
            ADDRESS,
            JAVA_LONG,
            JAVA_INT,
            JAVA_INT,
            ADDRESS,
            ADDRESS);
    this.destroy = Functions.of(library, "ncclCommDestroy", ADDRESS);
    this.abort = Functions.of(library, "ncclCommAbort", ADDRESS);
    this.groupStart = Functions.of(library, "ncclGroupStart");
    this.groupEnd = Functions.of(library, "ncclGroupEnd");
    MethodHandle start = Functions.of(library, "ncclCommInitAll", ADDRESS, JAVA_INT, ADDRESS);
    this.ranks = new MemorySegment[devices.size()];
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment made = arena.allocate(ADDRESS, ranks.length);
      MemorySegment ordinals = arena.allocate(JAVA_INT, ranks.length);
      for (int i = 0; i < ranks.length; i++) {
        ordinals.setAtIndex(JAVA_INT, i, devices.get(i).ordinal());
      }
      check(Functions.call(start, made, ranks.length, ordinals), "connect the devices");
      for (int i = 0; i < ranks.length; i++) {
        ranks[i] = made.getAtIndex(ADDRESS, i);
      }
    } finally {
      devices.getFirst().use(); // NCCL goes from one to the next
    }
  }

  private void check(int status, String what) {
    if (status != 0) {
      throw new Cuda.Failure(
          -1, "NCCL could not %s: error %d (%s)".formatted(what, status, words(status)));
    }
  }

  @SuppressWarnings("restricted")
  private String words(int status) {
    try {
      MemorySegment words = (MemorySegment) text.invokeExact(status);
      return words.reinterpret(Long.MAX_VALUE).getString(0);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** Whether it connects the first devices of a backend. */
  boolean connects(int count) {
    return ranks.length == count;
  }

  /**
   * What the sums of one tensor have in common: NCCL is told of all of them before the first
   * begins, since each waits for the others.
   */
  Group group() {
    return new Group() {
      @Override
      public void begin() {
        check(Functions.call(groupStart), "begin a sum");
      }

      @Override
      public void end() {
        check(Functions.call(groupEnd), "add up gradients");
      }
    };
  }

  /** Puts a device's part of a sum into its stream. */
  void sum(int device, long from, long to, long count, Storage storage) {
    int type =
        switch (storage) {
          case HALF -> 6; // ncclFloat16
          case FLOAT -> 7; // ncclFloat32
          case BFLOAT16 -> 9; // ncclBfloat16
          case BYTE -> throw new IllegalArgumentException("bytes are not added up");
        };
    check(
        Functions.call(
            reduce,
            MemorySegment.ofAddress(from),
            MemorySegment.ofAddress(to),
            count,
            type,
            SUM,
            ranks[device],
            MemorySegment.ofAddress(devices.get(device).computeAddress())),
        "add up gradients");
  }

  /**
   * Waits for an event of the first device. Where a device fails, the others wait for its part of a
   * sum and would forever: then all are given up.
   */
  public void await(CUevent event, String what) {
    int code;
    devices.getFirst().use();
    while ((code = cuEventQuery(event)) == CUresult.CUDA_ERROR_NOT_READY) {
      for (Device device : devices) {
        int state = state(device);
        if (isFault(state)) {
          giveUp();
          Cuda.check(state, "%s on %s".formatted(what, device.name()));
        }
      }
      devices.getFirst().use();
      LockSupport.parkNanos(PAUSE);
    }
    Cuda.check(code, what);
  }

  /**
   * Gives up all sums if a device has failed; before whoever waits for the devices by themselves.
   */
  public void giveUpIfLost() {
    if (devices.stream().anyMatch(device -> isFault(state(device)))) {
      giveUp();
    }
  }

  private static int state(Device device) {
    device.use();
    return cuStreamQuery(device.compute());
  }

  private static boolean isFault(int state) {
    return state != CUresult.CUDA_SUCCESS && state != CUresult.CUDA_ERROR_NOT_READY;
  }

  /**
   * Ends what waits for others. NCCL frees the devices at once, but does not return before the
   * graphs are gone that hold its kernels, which their owners give back after this.
   */
  private void giveUp() {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < ranks.length; i++) {
      MemorySegment rank = ranks[i];
      ranks[i] = null;
      if (rank != null) {
        threads.add(Thread.ofPlatform().daemon().start(() -> Functions.call(abort, rank)));
      }
    }
    long end = System.nanoTime() + PATIENCE;
    for (Thread thread : threads) {
      try {
        thread.join(Duration.ofNanos(Math.max(1, end - System.nanoTime())));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  @Override
  public void close() {
    for (int i = 0; i < ranks.length; i++) {
      if (ranks[i] != null) {
        Functions.call(destroy, ranks[i]);
        ranks[i] = null;
      }
    }
  }
}
