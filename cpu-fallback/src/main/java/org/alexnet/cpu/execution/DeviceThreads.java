package org.alexnet.cpu.execution;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.alexnet.backend.plan.KernelOrder;

/**
 * Logical devices: each has its workers and runs its kernels by itself, waiting for those of others
 * where it must. With fewer threads than devices, the calling thread runs all kernels in order.
 */
public final class DeviceThreads implements AutoCloseable {
  private static final int SPINS = 2_000;
  private static final long NAP_NANOS = 20_000;

  private final List<WorkerPool> pools = new ArrayList<>();
  private final List<ExecutorService> drivers = new ArrayList<>(); // of devices from the second on

  /**
   * @param threads in all
   */
  public DeviceThreads(int devices, int threads) {
    for (int device = 0; device < devices; device++) {
      int share = threads / devices + (device < threads % devices ? 1 : 0);
      pools.add(new WorkerPool(Math.max(1, share)));
    }
    if (threads >= devices) {
      for (int device = 1; device < devices; device++) {
        String name = "cpu:" + device;
        drivers.add(
            Executors.newSingleThreadExecutor(
                task -> Thread.ofPlatform().daemon().name(name).unstarted(task)));
      }
    }
  }

  public int devices() {
    return pools.size();
  }

  public WorkerPool pool(int device) {
    return pools.get(device);
  }

  /** A kernel at its place: its device, and what it waits for as {@link KernelOrder} says. */
  public record Placed(CpuKernel.Bound kernel, int device, int[] waits) {}

  /** Runs a step; {@code frames} has one for each device. */
  public void run(List<Placed> kernels, KernelContext[] frames) {
    if (drivers.isEmpty()) {
      for (Placed placed : kernels) {
        placed.kernel.run(frames[placed.device]);
      }
      return;
    }
    Step step = new Step(kernels, frames);
    List<Future<?>> others = new ArrayList<>();
    for (int i = 0; i < drivers.size(); i++) {
      int device = i + 1;
      others.add(drivers.get(i).submit(() -> step.run(device)));
    }
    step.run(0);
    for (Future<?> other : others) {
      try {
        other.get();
      } catch (ExecutionException e) {
        throw new IllegalStateException(e.getCause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new CancellationException("interrupted in the middle of a step");
      }
    }
    step.check();
  }

  /** One step under way. */
  private static final class Step {
    private final List<Placed> kernels;
    private final KernelContext[] frames;
    private final AtomicInteger[] done; // number of the last kernel done, by device
    private volatile RuntimeException failure;

    Step(List<Placed> kernels, KernelContext[] frames) {
      this.kernels = kernels;
      this.frames = frames;
      this.done = new AtomicInteger[frames.length];
      for (int device = 0; device < done.length; device++) {
        done[device] = new AtomicInteger(KernelOrder.NONE);
      }
    }

    /** A failure ends the kernels of all devices; it is thrown by {@link #check}. */
    public void run(int device) {
      try {
        for (int k = 0; k < kernels.size() && failure == null; k++) {
          Placed placed = kernels.get(k);
          if (placed.device == device && await(placed.waits)) {
            placed.kernel.run(frames[device]);
            done[device].set(k);
          }
        }
      } catch (RuntimeException e) {
        failure = e;
      }
    }

    /** False if another device failed. */
    private boolean await(int[] waits) {
      for (int device = 0; device < waits.length; device++) {
        for (int spins = 0; done[device].get() < waits[device]; spins++) {
          if (failure != null) {
            return false;
          }
          if (spins < SPINS) {
            Thread.onSpinWait();
          } else {
            LockSupport.parkNanos(NAP_NANOS);
          }
        }
      }
      return true;
    }

    void check() {
      if (failure != null) {
        throw failure;
      }
    }
  }

  @Override
  public void close() {
    drivers.forEach(ExecutorService::shutdown);
    pools.forEach(WorkerPool::close);
  }
}
