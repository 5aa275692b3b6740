package org.alexnet.cpu.product;

import java.util.Arrays;
import java.util.List;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.cpu.execution.Layout;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.program.Op;

/**
 * The gradient of a fully-connected layer with respect to its input. Each task turns the panels of
 * a block of inputs and multiplies the whole batch with them.
 */
public record FullyConnectedBackwardDataKernel(
    Op.FullyConnectedBackwardData op, Kernels kernels, Layouts layouts, int workers)
    implements CpuKernel {

  @Override
  public String label() {
    return op.layer() + " backward data";
  }

  @Override
  public String layer() {
    return op.layer();
  }

  @Override
  public boolean backward() {
    return true;
  }

  @Override
  public List<BufferUse> uses() {
    return List.of(layouts.read(op.dy()), layouts.read(op.weight()), layouts.write(op.dx()));
  }

  private BatchProduct product() {
    Layout.Panels panels = layouts.panels(op.weight());
    return new BatchProduct(kernels, op.dy().shape().n(), panels.outputs(), panels.depth());
  }

  private int workerFloats() {
    int tileWidth = kernels.tileWidth();
    int outputs = layouts.panels(op.weight()).outputs();
    return (outputs + kernels.heights()[0]) * tileWidth;
  }

  @Override
  public long workspaceBytes() {
    int zeros = kernels.tileWidth();
    return (product().workspaceFloats() + zeros + (long) workers * workerFloats()) * Float.BYTES;
  }

  @Override
  public Bound bind(Binding binding) {
    BatchProduct product = product();
    Layout.Panels panels = layouts.panels(op.weight());
    int tileWidth = kernels.tileWidth();
    int dy = binding.offset(op.dy());
    int dx = binding.offset(op.dx());
    int weight = binding.offset(op.weight());
    int packed = binding.shared();
    int zeros = packed + product.workspaceFloats();
    int scratch = zeros + tileWidth;
    return context -> {
      float[] m = context.m();
      Arrays.fill(m, zeros, zeros + tileWidth, 0);
      product.pack(context, dy, packed);
      context
          .pool()
          .run(
              Math.ceilDiv(panels.depth(), tileWidth),
              (block, worker) -> {
                int turned = scratch + worker * workerFloats();
                turn(m, panels, weight, block, turned);
                product.block(
                    m,
                    turned,
                    zeros,
                    block,
                    dx,
                    Float.NEGATIVE_INFINITY,
                    packed,
                    turned + panels.outputs() * tileWidth,
                    0,
                    product.tiling().tiles());
              });
    };
  }

  /** Turns the weights of a block of inputs into a panel with the inputs innermost. */
  private static void turn(float[] m, Layout.Panels panels, int weight, int block, int to) {
    int tileWidth = panels.tileWidth();
    int first = block * tileWidth;
    int width = Math.min(tileWidth, panels.depth() - first);
    for (int o = 0; o < panels.outputs(); o++) {
      int q = weight + o / tileWidth * panels.panel() + first * tileWidth + o % tileWidth;
      int p = to + o * tileWidth;
      for (int i = 0; i < width; i++) {
        m[p + i] = m[q + i * tileWidth];
      }
      for (int i = width; i < tileWidth; i++) {
        m[p + i] = 0;
      }
    }
  }
}
