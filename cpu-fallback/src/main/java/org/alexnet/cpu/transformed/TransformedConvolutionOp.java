package org.alexnet.cpu.transformed;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.alexnet.cpu.execution.Address;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.KernelContext;
import org.alexnet.cpu.execution.Layout;
import org.alexnet.cpu.image.ImageOp;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.program.Op;
import org.alexnet.program.Tensor;

/**
 * A transformed forward convolution with its bias, and the ReLU behind it where there is one. The
 * filters are transformed at the start of each step.
 *
 * @param y what is written: the convolution's output or the ReLU's
 * @param group most images that are handled together
 */
public record TransformedConvolutionOp(
    Op.Convolution op, Tensor y, boolean relu, TransformedShape shape, Kernels kernels, int group)
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
    return filters().floats() + product().zeroFloats();
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
    int points = binding.shared();
    int zeros = points + filters.floats();
    TransformedProduct.Operands operands =
        new TransformedProduct.Operands(
            points,
            zeros,
            binding.offset(op.bias()),
            kernels.tileWidth(),
            relu ? 0 : Float.NEGATIVE_INFINITY);
    return new Bound() {
      @Override
      public void prepare(KernelContext context) {
        float[] m = context.m();
        Arrays.fill(m, zeros, zeros + product.zeroFloats(), 0);
        filters.spread(context, weight, points, binding::scratch);
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
