package org.alexnet.cpu.transformed;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cpu.execution.Address;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.KernelContext;
import org.alexnet.cpu.execution.Layout;
import org.alexnet.cpu.image.ImageOp;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.program.Op;
import org.alexnet.program.Tensor;
import org.alexnet.program.Tensor.Role;

/**
 * A transformed forward convolution with its bias, and the ReLU behind it where there is one.
 *
 * <p>In training, filters are transformed at the start of each step. In evaluation they are kept at
 * the points, and transformed anew only when parameters may have changed.
 *
 * @param y what is written: the convolution's output or the ReLU's
 * @param keepsFilters whether transformed filters are kept from one step to the next
 * @param group most images that are handled together
 */
public record TransformedConvolutionOp(
    Op.Convolution op,
    Tensor y,
    boolean relu,
    boolean keepsFilters,
    TransformedShape shape,
    Kernels kernels,
    int group)
    implements ImageOp {

  /** The shape of a convolution that is faster transformed. */
  public static Optional<TransformedShape> shape(Op.Convolution op) {
    return TransformedShape.forward(op.x().shape(), op.y().shape(), op.window(), op.groups());
  }

  @Override
  public List<Tensor> imageReads() {
    return List.of(op.x());
  }

  @Override
  public List<Tensor> imageWrites() {
    return List.of(y);
  }

  @Override
  public List<Tensor> otherReads() {
    return List.of(op.weight(), op.bias());
  }

  /** The filters at the points, which belong to the backend: nothing reads or writes them else. */
  private Tensor points() {
    Tensor weight = op.weight();
    return new Tensor(weight.name() + ".points", weight.shape(), Role.CONSTANT, weight.part());
  }

  @Override
  public List<BufferUse> kept() {
    return keepsFilters
        ? List.of(BufferUse.update(points(), (long) filters().floats() * Float.BYTES))
        : List.of();
  }

  private TransformedFilters filters() {
    return new TransformedFilters(
        shape,
        Layout.Panels.of(op.weight().shape(), op.groups(), kernels.tileWidth()),
        kernels.transforms());
  }

  private TransformedProduct product() {
    return new TransformedProduct(shape, filters(), kernels.transforms(), group);
  }

  @Override
  public int sharedFloats() {
    return (keepsFilters ? 0 : filters().floats()) + product().zeroFloats();
  }

  @Override
  public int scratchFloats() {
    return Math.max(product().scratchFloats(), filters().scratchFloats());
  }

  @Override
  public Bound bind(Binding binding) {
    TransformedFilters filters = filters();
    TransformedProduct product = product();
    Address x = binding.address(op.x());
    Address to = binding.address(y);
    int weight = binding.offset(op.weight());
    int points = keepsFilters ? binding.offset(points()) : binding.shared();
    int zeros = keepsFilters ? binding.shared() : points + filters.floats();
    TransformedProduct.Operands operands =
        new TransformedProduct.Operands(
            points,
            zeros,
            binding.offset(op.bias()),
            kernels.tileWidth(),
            relu ? 0 : Float.NEGATIVE_INFINITY);
    return new Bound() {
      private long transformed = -1; // what parameters they are of

      @Override
      public void prepare(KernelContext context) {
        float[] m = context.m();
        Arrays.fill(m, zeros, zeros + product.zeroFloats(), 0);
        if (!keepsFilters || transformed != context.parameters()) {
          filters.spread(context, weight, points, binding::scratch);
          transformed = context.parameters();
        }
      }

      @Override
      public void run(KernelContext context, int task, int worker, int first, int count) {
        product.run(
            operands,
            context.m(),
            x.of(worker, first),
            to.of(worker, first),
            count,
            binding.scratch(worker));
      }
    };
  }
}
