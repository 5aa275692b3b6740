package org.alexnet.cuda.kernel;

import java.util.List;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.backend.plan.Kernel;
import org.alexnet.backend.plan.KernelOrder;
import org.alexnet.backend.plan.Lane;
import org.alexnet.backend.plan.PeerMessage;
import org.alexnet.cuda.device.GeneratedKernel;

/**
 * A kernel of a step: one call of a library or one launch, or a few that belong together.
 *
 * @param label layer and operation
 * @param choice the algorithm, where there are several
 * @param multiplyAdds of its products of matrices and convolutions
 * @param lane which kernels of its device it runs in order with
 * @param group the kernels right before and behind it that are begun together with it; null for
 *     none
 * @param generated what is compiled for it besides the kernels that every network has
 * @param message what it sends to another worker or waits for; null for most
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
    Group group,
    List<GeneratedKernel> generated,
    PeerMessage message,
    Binder binder)
    implements Kernel {

  /** A call with all of its arguments. */
  @FunctionalInterface
  public interface Call {
    /** Puts it into the stream of its device, whose context is current. */
    void enqueue();
  }

  /** Kernels of several devices of which each waits for the others. */
  public interface Group {
    /** Said before the calls of the first. */
    void begin();

    /** Said after those of the last: only now they begin. */
    void end();
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
    this(
        label,
        layer,
        backward,
        uses,
        workspaceBytes,
        choice,
        0,
        Lane.COMPUTE,
        null,
        generated,
        null,
        binder);
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
    return with(workspaceBytes, products, lane, group);
  }

  /** The same in another lane; its calls must be launches of our own kernels, or copies. */
  public CudaKernel in(Lane other) {
    return with(workspaceBytes, multiplyAdds, other, group);
  }

  /** One that sends a tensor to another worker, or waits for it. */
  public static CudaKernel message(
      String layer, BufferUse use, PeerMessage message, Binder binder) {
    return new CudaKernel(
        layer + (message.arrives() ? " receive" : " send"),
        layer,
        use.tensor().isGradient(),
        List.of(use),
        0,
        "",
        0,
        Lane.COMPUTE,
        null,
        List.of(),
        message,
        binder);
  }

  /** The same as one of a group. */
  public CudaKernel in(Group of) {
    return with(workspaceBytes, multiplyAdds, lane, of);
  }

  private CudaKernel with(long scratch, long products, Lane other, Group of) {
    return new CudaKernel(
        label, layer, backward, uses, scratch, choice, products, other, of, generated, message,
        binder);
  }

  /** Puts a kernel at its earliest place among others, and not into the middle of a group. */
  public static void insert(CudaKernel kernel, List<CudaKernel> kernels) {
    int place = KernelOrder.earliest(kernel, kernels);
    while (place > 0
        && place < kernels.size()
        && kernels.get(place).group != null
        && kernels.get(place).group == kernels.get(place - 1).group) {
      place++;
    }
    kernels.add(place, kernel);
  }

  /** The same as if it needed no scratch memory, to be planned and not to be bound. */
  public CudaKernel withoutScratch() {
    return with(0, multiplyAdds, lane, group);
  }

  public List<Call> bind(Binding binding) {
    return binder.bind(binding);
  }
}
