package org.alexnet.cuda;

import java.util.List;
import org.alexnet.backend.BufferUse;
import org.alexnet.backend.Kernel;

/**
 * A kernel of a step: one call of a library or one launch, or a few that belong together.
 *
 * @param label layer and operation
 * @param choice the algorithm, where there are several
 * @param binder makes the calls, once addresses are known
 */
record CudaKernel(
    String label,
    String layer,
    boolean backward,
    List<BufferUse> uses,
    long workspaceBytes,
    String choice,
    Binder binder)
    implements Kernel {

  /** A call with all of its arguments. */
  @FunctionalInterface
  interface Call {
    /** Puts it into the stream of its device, whose context is current. */
    void enqueue();
  }

  /** Makes the calls of a kernel. */
  @FunctionalInterface
  interface Binder {
    List<Call> bind(Binding binding);
  }

  CudaKernel {
    uses = List.copyOf(uses);
  }

  /** Without a choice. */
  CudaKernel(
      String label,
      String layer,
      boolean backward,
      List<BufferUse> uses,
      long workspaceBytes,
      Binder binder) {
    this(label, layer, backward, uses, workspaceBytes, "", binder);
  }

  List<Call> bind(Binding binding) {
    return binder.bind(binding);
  }
}
