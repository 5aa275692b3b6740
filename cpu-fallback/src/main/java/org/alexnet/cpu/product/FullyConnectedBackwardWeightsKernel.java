package org.alexnet.cpu.product;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.alexnet.backend.StepSettings;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.cpu.execution.KernelContext;
import org.alexnet.cpu.execution.Layout;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.cpu.kernel.Kernels.OutputTile;
import org.alexnet.cpu.kernel.RowTiling;
import org.alexnet.cpu.kernel.Tiles;
import org.alexnet.program.Op;

/**
 * The gradients of a fully-connected layer with respect to weights and bias. With an update given,
 * a tile of the gradient is used up while it is in the cache and never written out: the update then
 * costs no pass of its own over the gradient.
 *
 * @param update of the weights, without bounds, or null to write their gradient
 */
public record FullyConnectedBackwardWeightsKernel(
    Op.FullyConnectedBackwardWeights op,
    Op.Update update,
    Kernels kernels,
    Layouts layouts,
    int workers)
    implements CpuKernel {

  /** Row tiles of the weights a task. */
  private static final int TILES = 4;

  @Override
  public String label() {
    return op.layer() + (update == null ? " backward filter" : " backward filter, update");
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
    List<BufferUse> uses =
        new ArrayList<>(
            List.of(layouts.read(op.x()), layouts.read(op.dy()), layouts.write(op.db())));
    if (update == null) {
      uses.add(layouts.write(op.dw()));
    } else {
      uses.add(layouts.update(update.w()));
      uses.add(layouts.update(update.v()));
      uses.add(layouts.read(update.finite()));
      uses.add(layouts.write(update.squares()));
    }
    return uses;
  }

  private Layout.Panels panels() {
    return layouts.panels(op.dw());
  }

  private int images() {
    return op.x().shape().n();
  }

  /** The gradient of the output as panels, all images of a block of outputs together. */
  private int gradientFloats() {
    return panels().blocks() * images() * kernels.tileWidth();
  }

  private int workerFloats() {
    return kernels.heights()[0] * (TILES * images() + kernels.tileWidth());
  }

  /** Sums of squares of each task. */
  private int squareFloats() {
    return update == null ? 0 : tasks() * kernels.tileWidth();
  }

  @Override
  public int tasks() {
    return Math.ceilDiv(RowTiling.of(panels().depth(), kernels.heights()).tiles(), TILES);
  }

  @Override
  public long workspaceBytes() {
    long floats = gradientFloats() + kernels.tileWidth() + squareFloats();
    return (floats + (long) workers * workerFloats()) * Float.BYTES;
  }

  @Override
  public Bound bind(Binding binding) {
    return new Running(binding);
  }

  private final class Running implements Bound {
    private final Layout.Panels panels = panels();
    private final int images = images();
    private final int tileWidth = kernels.tileWidth();
    private final RowTiling tiling = RowTiling.of(panels.depth(), kernels.heights());
    private final OutputTile[] outputs =
        Arrays.stream(tiling.heights())
            .mapToObj(height -> new OutputTile(height, 0, tileWidth, Float.NEGATIVE_INFINITY))
            .toArray(OutputTile[]::new);
    private final int x;
    private final int dy;
    private final int dw;
    private final int db;
    private final int v;
    private final int finite;
    private final int gradient;
    private final int zeros;
    private final int squares; // of a fused update
    private final int sums;
    private final int scratch;

    Running(Binding binding) {
      x = binding.offset(op.x());
      dy = binding.offset(op.dy());
      db = binding.offset(op.db());
      dw = binding.offset(update == null ? op.dw() : update.w());
      v = update == null ? -1 : binding.offset(update.v());
      finite = update == null ? -1 : binding.offset(update.finite());
      gradient = binding.shared();
      zeros = gradient + gradientFloats();
      squares = update == null ? -1 : binding.offset(update.squares());
      sums = zeros + tileWidth;
      scratch = sums + squareFloats();
    }

    @Override
    public void run(KernelContext context) {
      float[] m = context.m();
      if (update != null && m[finite] == 0) {
        m[squares] = 0;
        return;
      }
      Arrays.fill(m, zeros, scratch, 0);
      context.pool().run(panels.blocks(), (block, worker) -> gradient(m, block));
      context.pool().run(tasks(), (task, worker) -> rows(context, task, worker));
      if (update != null) {
        m[squares] = Tiles.sum(m, sums, squareFloats());
      }
    }

    /** Packs a block of the output's gradient and sums it up for the bias. */
    private void gradient(float[] m, int block) {
      int width = Math.min(tileWidth, panels.outputs() - block * tileWidth);
      int to = gradient + block * images * tileWidth;
      Tiles.packColumns(m, dy + block * tileWidth, panels.outputs(), images, width, tileWidth, to);
      int bias = db + block * tileWidth;
      Arrays.fill(m, bias, bias + tileWidth, 0);
      kernels.addRows(m, to, images, bias, tileWidth);
    }

    /**
     * Row tiles of the weights, for each block of outputs in turn: those of one block lie together,
     * so that weights and momentum are read from memory in order.
     */
    private void rows(KernelContext context, int task, int worker) {
      float[] m = context.m();
      int packed = scratch + worker * workerFloats();
      int pitch = kernels.heights()[0] * images;
      int tile = packed + TILES * pitch;
      int first = task * TILES;
      int end = Math.min(tiling.tiles(), first + TILES);
      for (int t = first; t < end; t++) {
        int a = packed + (t - first) * pitch;
        int from = x + tiling.starts()[t];
        Tiles.packColumns(m, from, panels.depth(), images, tiling.valid(t), tiling.heights()[t], a);
      }
      for (int block = 0; block < panels.blocks(); block++) {
        int b = gradient + block * images * tileWidth;
        for (int t = first; t < end; t++) {
          int a = packed + (t - first) * pitch;
          kernels.tile(outputs[t], m, a, b, images, zeros, tile);
          int offset = (block * panels.depth() + tiling.starts()[t]) * tileWidth;
          use(context, task, tile, offset, tiling.valid(t) * tileWidth);
        }
      }
    }

    /** Writes a tile of the gradient, or updates the weights with it. */
    private void use(KernelContext context, int task, int tile, int offset, int n) {
      if (update == null) {
        System.arraycopy(context.m(), tile, context.m(), dw + offset, n);
        return;
      }
      StepSettings settings = context.settings();
      float rate = settings.rate() * update.how().rate();
      float decay = settings.decay() * update.how().decay() * rate;
      float momentum = settings.momentum() * update.how().momentum();
      kernels.addSquares(context.m(), tile, sums + task * tileWidth, n);
      kernels.update(context.m(), dw + offset, v + offset, tile, n, momentum, decay, rate);
    }
  }
}
