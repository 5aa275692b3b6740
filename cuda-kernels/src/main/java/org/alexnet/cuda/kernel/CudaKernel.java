package org.alexnet.cuda.kernel;

import java.util.List;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.backend.plan.Kernel;
import org.alexnet.backend.plan.Lane;
import org.alexnet.cuda.device.GeneratedKernel;

/**
 * A kernel of a step: one call of a library or one launch, or a few that belong together.
 *
 * @param label layer and operation
 * @param choice the algorithm, where there are several
 * @param multiplyAdds of its products of matrices and convolutions
 * @param lane which kernels of its device it runs in order with
 * @param generated what is compiled for it besides the kernels that every network has
 * @param binder makes the calls, once addresses are known
 */
public record CudaKernel(
    String label,
    String layer,
    boolean backward,
    List<BufferUse> uses,
    long workspaceBytes,
    String choice,
    long multiplyAdds,
    Lane lane,
    List<GeneratedKernel> generated,
    Binder binder)
    implements Kernel {

  /** A call with all of its arguments. */
  @FunctionalInterface
  public interface Call {
    /** Puts it into the stream of its device, whose context is current. */
    void enqueue();
  }

  /** Makes the calls of a kernel. */
  @FunctionalInterface
  public interface Binder {
    List<Call> bind(Binding binding);
  }

  public CudaKernel {
    uses = List.copyOf(uses);
    generated = List.copyOf(generated);
  }

  /** Of kernels that every network has. */
  public CudaKernel(
      String label,
      String layer,
      boolean backward,
      List<BufferUse> uses,
      long workspaceBytes,
      String choice,
      Binder binder) {
    this(label, layer, backward, uses, workspaceBytes, choice, List.of(), binder);
  }

  /** In its order, and without a product. */
  public CudaKernel(
      String label,
      String layer,
      boolean backward,
      List<BufferUse> uses,
      long workspaceBytes,
      String choice,
      List<GeneratedKernel> generated,
      Binder binder) {
    this(label, layer, backward, uses, workspaceBytes, choice, 0, Lane.COMPUTE, generated, binder);
  }

  /** Without a choice. */
  public CudaKernel(
      String label,
      String layer,
      boolean backward,
      List<BufferUse> uses,
      long workspaceBytes,
      Binder binder) {
    this(label, layer, backward, uses, workspaceBytes, "", binder);
  }

  /** The same with what it multiplies. */
  public CudaKernel multiplying(long products) {
    return new CudaKernel(
        label, layer, backward, uses, workspaceBytes, choice, products, lane, generated, binder);
  }

  /** The same in another lane; its calls must be launches of our own kernels, or copies. */
  public CudaKernel in(Lane other) {
    return new CudaKernel(
        label,
        layer,
        backward,
        uses,
        workspaceBytes,
        choice,
        multiplyAdds,
        other,
        generated,
        binder);
  }

  /** The same as if it needed no scratch memory, to be planned and not to be bound. */
  public CudaKernel withoutScratch() {
    return new CudaKernel(
        label, layer, backward, uses, 0, choice, multiplyAdds, lane, generated, binder);
  }

  public List<Call> bind(Binding binding) {
    return binder.bind(binding);
  }
}
