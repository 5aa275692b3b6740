package org.alexnet.cpu.transformed;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.alexnet.cpu.convolution.TurnedFilters;
import org.alexnet.cpu.execution.Address;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.KernelContext;
import org.alexnet.cpu.image.ImageOp;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.program.Op;
import org.alexnet.program.Tensor;

/**
 * The gradient of a convolution with respect to its input: the transformed convolution of the
 * padded gradient with the filters flipped and turned.
 *
 * @param group most images that are handled together
 */
public record TransformedBackwardDataOp(
    Op.ConvolutionBackwardData op, TransformedShape shape, Kernels kernels, int group)
    implements ImageOp {

  /** The shape of a gradient that is faster transformed. */
  public static Optional<TransformedShape> shape(Op.ConvolutionBackwardData op) {
    return TransformedShape.backward(op.dy().shape(), op.dx().shape(), op.window(), op.groups());
  }

  @Override
  public List<Tensor> imageReads() {
    return List.of(op.dy());
  }

  @Override
  public List<Tensor> imageWrites() {
    return List.of(op.dx());
  }

  @Override
  public List<Tensor> otherReads() {
    return List.of(op.weight());
  }

  private TurnedFilters turned() {
    return new TurnedFilters(op.weight().shape(), op.groups(), kernels.tileWidth());
  }

  private TransformedFilters filters() {
    return new TransformedFilters(shape, turned().panels(), kernels.transforms());
  }

  private TransformedProduct product() {
    return new TransformedProduct(shape, filters(), kernels.transforms(), group);
  }

  @Override
  public int sharedFloats() {
    return filters().floats() + turned().panels().floats() + product().zeroFloats();
  }

  @Override
  public int scratchFloats() {
    return Math.max(product().scratchFloats(), filters().scratchFloats());
  }

  @Override
  public Bound bind(Binding binding) {
    TurnedFilters turned = turned();
    TransformedFilters filters = filters();
    TransformedProduct product = product();
    Address dy = binding.address(op.dy());
    Address dx = binding.address(op.dx());
    int weight = binding.offset(op.weight());
    int points = binding.shared();
    int weights = points + filters.floats();
    int zeros = weights + turned.panels().floats();
    TransformedProduct.Operands operands =
        new TransformedProduct.Operands(points, zeros, zeros, 0, Float.NEGATIVE_INFINITY);
    return new Bound() {
      @Override
      public void prepare(KernelContext context) {
        float[] m = context.m();
        Arrays.fill(m, zeros, zeros + product.zeroFloats(), 0);
        turned.turn(context, weight, weights);
        filters.spread(context, weights, points, binding::scratch);
      }

      @Override
      public void run(KernelContext context, int task, int worker, int first, int count) {
        product.run(
            operands,
            context.m(),
            dy.of(worker, first),
            dx.of(worker, first),
            count,
            binding.scratch(worker));
      }
    };
  }
}
