package org.alexnet.cpu;

import java.util.Arrays;
import java.util.List;
import org.alexnet.backend.BufferUse;
import org.alexnet.program.Op;

/**
 * The gradient of a fully-connected layer with respect to its input. Each task turns the panels of
 * a block of inputs and multiplies the whole batch with them.
 */
record ConnectDataKernel(Op.ConnectBackwardData op, Kernels kernels, Layouts layouts, int workers)
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
    int columns = kernels.columns();
    int outputs = layouts.panels(op.weight()).outputs();
    return (outputs + kernels.heights()[0]) * columns;
  }

  @Override
  public long workspaceBytes() {
    int zeros = kernels.columns();
    return (product().workspaceFloats() + zeros + (long) workers * workerFloats()) * Float.BYTES;
  }

  @Override
  public Bound bind(Binding binding) {
    BatchProduct product = product();
    Layout.Panels panels = layouts.panels(op.weight());
    int columns = kernels.columns();
    int dy = binding.offset(op.dy());
    int dx = binding.offset(op.dx());
    int weight = binding.offset(op.weight());
    int packed = binding.shared();
    int zeros = packed + product.workspaceFloats();
    int scratch = zeros + columns;
    return frame -> {
      float[] m = frame.m();
      Arrays.fill(m, zeros, zeros + columns, 0);
      product.pack(frame, dy, packed);
      frame
          .pool()
          .run(
              Math.ceilDiv(panels.depth(), columns),
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
                    turned + panels.outputs() * columns,
                    0,
                    product.tiling().tiles());
              });
    };
  }

  /** Turns the weights of a block of inputs into a panel with the inputs innermost. */
  private static void turn(float[] m, Layout.Panels panels, int weight, int block, int to) {
    int columns = panels.columns();
    int first = block * columns;
    int width = Math.min(columns, panels.depth() - first);
    for (int o = 0; o < panels.outputs(); o++) {
      int q = weight + o / columns * panels.panel() + first * columns + o % columns;
      int p = to + o * columns;
      for (int i = 0; i < width; i++) {
        m[p + i] = m[q + i * columns];
      }
      for (int i = width; i < columns; i++) {
        m[p + i] = 0;
      }
    }
  }
}
