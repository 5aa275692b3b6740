package org.alexnet.cpu.convolution;

import java.util.List;
import org.alexnet.cpu.execution.Address;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.image.ImageOp;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.program.Op;
import org.alexnet.program.Tensor;

/**
 * A forward convolution with its bias and, if {@code y} is the output of a ReLU, that too.
 *
 * @param y what is written: the convolution's output or the ReLU's
 */
public record ConvolutionOp(Op.Convolution op, Tensor y, boolean relu, Kernels kernels, int group)
    implements ImageOp {

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

  private DirectProduct product() {
    ConvolutionShape shape =
        ConvolutionShape.forward(op.x().shape(), op.y().shape(), op.window(), op.groups());
    return new DirectProduct(shape, kernels, group, relu ? 0 : Float.NEGATIVE_INFINITY);
  }

  @Override
  public int scratchFloats() {
    return product().scratchFloats();
  }

  @Override
  public Bound bind(Binding binding) {
    DirectProduct product = product();
    Address x = binding.address(op.x());
    Address to = binding.address(y);
    DirectProduct.Operands operands =
        new DirectProduct.Operands(
            binding.offset(op.weight()), binding.offset(op.bias()), kernels.tileWidth());
    return (context, task, worker, first, count) ->
        product.run(
            operands,
            context.m(),
            x.of(worker, first),
            to.of(worker, first),
            count,
            binding.scratch(worker));
  }
}
