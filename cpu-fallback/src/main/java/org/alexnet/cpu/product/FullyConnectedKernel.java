package org.alexnet.cpu.product;

import java.util.List;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.cpu.execution.Layout;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.program.Op;
import org.alexnet.program.Tensor;

/**
 * A fully-connected layer with its bias and, if {@code y} is a ReLU's output, that too: the product
 * of the batch with the panels of the weights.
 *
 * @param y what is written
 */
public record FullyConnectedKernel(
    Op.FullyConnected op, Tensor y, boolean relu, Kernels kernels, Layouts layouts)
    implements CpuKernel {

  @Override
  public String label() {
    return op.layer() + (relu ? " forward, relu" : " forward");
  }

  @Override
  public String layer() {
    return op.layer();
  }

  @Override
  public boolean backward() {
    return false;
  }

  @Override
  public List<BufferUse> uses() {
    return List.of(
        layouts.read(op.x()), layouts.read(op.weight()), layouts.read(op.bias()), layouts.write(y));
  }

  private BatchProduct product() {
    Layout.Panels panels = layouts.panels(op.weight());
    int images = op.x().shape().n();
    return new BatchProduct(
        kernels, images, panels.depth(), panels.outputs(), relu ? 0 : Float.NEGATIVE_INFINITY);
  }

  @Override
  public long workspaceBytes() {
    return product().workspaceFloats() * (long) Float.BYTES;
  }

  @Override
  public int tasks() {
    return product().tasks();
  }

  @Override
  public Bound bind(Binding binding) {
    BatchProduct product = product();
    int x = binding.offset(op.x());
    BatchProduct.Operands operands =
        new BatchProduct.Operands(
            binding.offset(op.weight()),
            binding.offset(op.bias()),
            binding.offset(y),
            binding.shared());
    return context -> {
      product.pack(context, x, operands);
      product.run(context, operands);
    };
  }
}
