package org.alexnet.cpu.execution;

import org.alexnet.backend.plan.Kernel;

/** A kernel of this backend. */
public interface CpuKernel extends Kernel {

  /** A kernel that knows its addresses. */
  @FunctionalInterface
  interface Bound {
    void run(KernelContext context);
  }

  /**
   * Tasks that threads share, of the part of the kernel that takes longest. With fewer than
   * threads, some have nothing to do.
   */
  int tasks();

  /**
   * Resolves every offset.
   *
   * @param binding addresses of whole tensors; its shared memory is the kernel's workspace
   */
  Bound bind(Binding binding);
}
