package org.alexnet.cpu;

import org.alexnet.backend.Backend;
import org.alexnet.backend.Executable;
import org.alexnet.backend.Lowered;
import org.alexnet.backend.MemoryPlan;
import org.alexnet.program.Programs;

/** The open CPU backend: a kernel set and a pool of threads. */
final class CpuBackend implements Backend {
  /** Bytes of a cache line, and of the widest vector. */
  private static final int ALIGNMENT = 64;

  private final Kernels kernels;
  private final WorkerPool pool;

  CpuBackend(Kernels kernels, int threads) {
    this.kernels = kernels;
    this.pool = new WorkerPool(threads);
    WarmUp.start(kernels);
  }

  @Override
  public String name() {
    return "cpu";
  }

  @Override
  public Lowered lower(Programs programs) {
    Layouts layouts = Layouts.of(programs, kernels.columns());
    return new Lowered(
        programs,
        CpuLowering.lower(programs.train(), kernels, layouts, pool.workers()),
        CpuLowering.lower(programs.evaluate(), kernels, layouts, pool.workers()),
        ALIGNMENT);
  }

  @Override
  public Executable bind(Lowered lowered, MemoryPlan plan) {
    return new CpuExecutable(lowered, plan, kernels, pool);
  }

  @Override
  public void close() {
    pool.close();
  }
}
