package org.alexnet.cpu;

import java.util.List;
import org.alexnet.backend.BufferUse;
import org.alexnet.program.Op;
import org.alexnet.program.Tensor;

/**
 * A fully-connected layer with its bias and, if {@code y} is a rectifier's output, that too: the
 * product of the batch with the panels of the weights.
 *
 * @param y what is written
 */
record ConnectKernel(Op.Connect op, Tensor y, boolean rectify, Kernels kernels, Layouts layouts)
    implements CpuKernel {

  @Override
  public String label() {
    return op.layer() + (rectify ? " forward, rectified" : " forward");
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
    return new BatchProduct(kernels, images, panels.depth(), panels.outputs());
  }

  @Override
  public long workspaceBytes() {
    return product().workspaceFloats() * (long) Float.BYTES;
  }

  @Override
  public Bound bind(Binding binding) {
    BatchProduct product = product();
    int x = binding.offset(op.x());
    int weight = binding.offset(op.weight());
    int bias = binding.offset(op.bias());
    int to = binding.offset(y);
    float floor = rectify ? 0 : Float.NEGATIVE_INFINITY;
    return frame -> {
      product.pack(frame, x, binding.shared());
      product.run(frame, weight, bias, to, floor, binding.shared());
    };
  }
}
