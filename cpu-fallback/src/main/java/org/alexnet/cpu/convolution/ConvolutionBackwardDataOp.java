package org.alexnet.cpu.convolution;

import java.util.Arrays;
import java.util.List;
import org.alexnet.cpu.execution.Address;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.KernelContext;
import org.alexnet.cpu.image.ImageOp;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.program.Op;
import org.alexnet.program.Tensor;

/**
 * The gradient of a convolution with respect to its input: the product of the padded gradient with
 * the filters flipped and turned, which are packed anew each step.
 */
public record ConvolutionBackwardDataOp(Op.ConvolutionBackwardData op, Kernels kernels, int group)
    implements ImageOp {

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

  private ConvolutionShape shape() {
    return ConvolutionShape.backward(op.dy().shape(), op.dx().shape(), op.window(), op.groups());
  }

  private DirectProduct product() {
    return new DirectProduct(shape(), kernels, group, Float.NEGATIVE_INFINITY);
  }

  private TurnedFilters turned() {
    return new TurnedFilters(op.weight().shape(), op.groups(), kernels.tileWidth());
  }

  @Override
  public int sharedFloats() {
    return turned().panels().floats() + kernels.tileWidth();
  }

  @Override
  public int scratchFloats() {
    return product().scratchFloats();
  }

  @Override
  public Bound bind(Binding binding) {
    DirectProduct product = product();
    TurnedFilters turned = turned();
    Address dy = binding.address(op.dy());
    Address dx = binding.address(op.dx());
    int weight = binding.offset(op.weight());
    int filters = binding.shared();
    int zeros = filters + turned.panels().floats();
    DirectProduct.Operands operands = new DirectProduct.Operands(filters, zeros, 0);
    return new Bound() {
      @Override
      public void prepare(KernelContext context) {
        float[] m = context.m();
        Arrays.fill(m, zeros, zeros + kernels.tileWidth(), 0);
        turned.turn(context, weight, filters);
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
