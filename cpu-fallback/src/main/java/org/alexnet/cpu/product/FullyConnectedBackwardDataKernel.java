package org.alexnet.cpu.product;

import java.util.Arrays;
import java.util.List;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.cpu.execution.KernelContext;
import org.alexnet.cpu.execution.Layout;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.cpu.kernel.Kernels.TurnedPitches;
import org.alexnet.program.Op;

/**
 * The gradient of a fully-connected layer with respect to its input. The weights are read where
 * they lie: rows of a tile are inputs, its columns are images, whose gradients are turned
 * beforehand. Each task finds the gradients of some inputs for the whole batch.
 */
public record FullyConnectedBackwardDataKernel(
    Op.FullyConnectedBackwardData op, Kernels kernels, Layouts layouts, int workers)
    implements CpuKernel {

  /** Outputs that are summed before the sum is added to that of those before them. */
  private static final int SLICE = 384;

  /**
   * Most inputs a task: the more, the less often the gradient is read from a cache that threads
   * share.
   */
  private static final int MOST_INPUTS = 128;

  /** Inputs a task at least: a page of each panel. */
  private static final int LEAST_INPUTS = 32;

  /** Tasks that there are at least, where there is enough to divide. */
  private static final int TASKS = 32;

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

  private int images() {
    return op.dy().shape().n();
  }

  private int outputs() {
    return layouts.panels(op.weight()).outputs();
  }

  /** Blocks of images. */
  private int blocks() {
    return Math.ceilDiv(images(), kernels.tileWidth());
  }

  /** The turned gradient: block of images, output, image. */
  private int turnedFloats() {
    return blocks() * outputs() * kernels.tileWidth();
  }

  /** Inputs a task. */
  private int inputs() {
    int share = layouts.panels(op.weight()).depth() / TASKS;
    return Math.clamp(share / LEAST_INPUTS * LEAST_INPUTS, LEAST_INPUTS, MOST_INPUTS);
  }

  /** What a task finds: input, image. */
  private int workerFloats() {
    return inputs() * blocks() * kernels.tileWidth();
  }

  @Override
  public long workspaceBytes() {
    int zeros = kernels.tileWidth();
    return (turnedFloats() + zeros + (long) workers * workerFloats()) * Float.BYTES;
  }

  @Override
  public int tasks() {
    return Math.ceilDiv(layouts.panels(op.weight()).depth(), inputs());
  }

  @Override
  public Bound bind(Binding binding) {
    Layout.Panels panels = layouts.panels(op.weight());
    int pitch = blocks() * kernels.tileWidth();
    return new Running(
        this,
        panels,
        binding.offset(op.dy()),
        binding.offset(op.weight()),
        binding.offset(op.dx()),
        binding.shared(),
        new TurnedPitches(panels.panel(), 0, pitch),
        new TurnedPitches(panels.panel(), pitch, pitch));
  }

  /** The kernel at its addresses. */
  private record Running(
      FullyConnectedBackwardDataKernel kernel,
      Layout.Panels panels,
      int dy,
      int weight,
      int dx,
      int turned,
      TurnedPitches firstSlice,
      TurnedPitches nextSlices)
      implements Bound {

    private int width() {
      return kernel.kernels.tileWidth();
    }

    /** What the first slice is added to. */
    private int zeros() {
      return turned + kernel.turnedFloats();
    }

    @Override
    public void run(KernelContext context) {
      float[] m = context.m();
      int inputs = kernel.inputs();
      Arrays.fill(m, zeros(), zeros() + width(), 0);
      context.pool().run(kernel.blocks(), (block, worker) -> turn(m, block));
      context
          .pool()
          .run(
              kernel.tasks(),
              (task, worker) -> {
                int result = zeros() + width() + worker * kernel.workerFloats();
                int first = task * inputs;
                int count = Math.min(inputs, panels.depth() - first);
                multiply(m, first, count, result);
                store(m, first, count, result);
              });
    }

    /** Turns the gradients of a block of images; images that do not exist have 0. */
    private void turn(float[] m, int block) {
      int outputs = kernel.outputs();
      int to = turned + block * outputs * width();
      for (int i = 0; i < width(); i++) {
        int image = block * width() + i;
        int from = dy + image * outputs;
        for (int o = 0; o < outputs; o++) {
          m[to + o * width() + i] = image < kernel.images() ? m[from + o] : 0;
        }
      }
    }

    private void multiply(float[] m, int first, int count, int result) {
      int outputs = kernel.outputs();
      int ld = kernel.blocks() * width();
      int zeros = zeros();
      for (int k = 0; k < outputs; k += SLICE) {
        int length = Math.min(SLICE, outputs - k);
        // The last tile may overhang: its rows are read from what lies behind, and not stored.
        for (int row = first; row < first + count; row += Kernels.TURNED_ROWS) {
          for (int block = 0; block < kernel.blocks(); block++) {
            int c = result + (row - first) * ld + block * width();
            kernel.kernels.turnedTile(
                k == 0 ? firstSlice : nextSlices,
                m,
                weight + k / width() * panels.panel() + row * width(),
                turned + (block * outputs + k) * width(),
                length,
                k == 0 ? zeros : c,
                c);
          }
        }
      }
    }

    private void store(float[] m, int first, int count, int result) {
      int ld = kernel.blocks() * width();
      for (int image = 0; image < kernel.images(); image++) {
        int to = dx + image * panels.depth() + first;
        for (int i = 0; i < count; i++) {
          m[to + i] = m[result + i * ld + image];
        }
      }
    }
  }
}
