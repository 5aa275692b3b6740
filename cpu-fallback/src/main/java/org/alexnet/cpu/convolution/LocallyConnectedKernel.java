package org.alexnet.cpu.convolution;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.cpu.execution.KernelContext;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.cpu.kernel.Kernels.OutputTile;
import org.alexnet.cpu.kernel.Kernels.Windows;
import org.alexnet.cpu.kernel.RowTiling;
import org.alexnet.cpu.kernel.Tiles;
import org.alexnet.program.Op;

/**
 * The products of a locally connected layer. The filters of a position are read once, for the
 * windows of all images there: those are the rows of a tile.
 */
public record LocallyConnectedKernel(
    Op.LocallyConnected op, Kernels kernels, Layouts layouts, int workers) implements CpuKernel {

  @Override
  public String label() {
    return op.layer() + " forward";
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
    return List.of(layouts.read(op.x()), layouts.read(op.weight()), layouts.write(op.y()));
  }

  private ConvolutionShape shape() {
    return ConvolutionShape.forward(op.x().shape(), op.y().shape(), op.window(), op.groups());
  }

  private PaddedImages images() {
    return new PaddedImages(shape(), op.x().shape().n());
  }

  private int tileFloats() {
    return kernels.windowHeights()[0] * kernels.tileWidth();
  }

  @Override
  public long workspaceBytes() {
    long floats = images().floats() + kernels.tileWidth();
    return (floats + (long) workers * tileFloats()) * Float.BYTES;
  }

  @Override
  public int tasks() {
    return shape().pixels() * op.groups();
  }

  @Override
  public Bound bind(Binding binding) {
    return new Running(binding);
  }

  private final class Running implements Bound {
    private final ConvolutionShape shape = shape();
    private final PaddedImages images = images();
    private final RowTiling tiling = RowTiling.of(images.images(), kernels.windowHeights());
    private final Windows windows =
        new Windows(rows(), shape.kernel(), shape.run(), shape.rowPitch());
    private final OutputTile[] inPlace = outputs(shape.out().imageElements());
    private final OutputTile[] apart = outputs(kernels.tileWidth());
    private final int width = kernels.tileWidth();
    private final int blocks = layouts.panels(op.weight()).blocks();
    private final int panel = layouts.panels(op.weight()).panel();
    private final int x;
    private final int weight;
    private final int y;
    private final int padded;
    private final int zeros;

    Running(Binding binding) {
      x = binding.offset(op.x());
      weight = binding.offset(op.weight());
      y = binding.offset(op.y());
      padded = binding.shared();
      zeros = Math.toIntExact(padded + images.floats());
    }

    /** A row is an image; rows that do not exist read the last. */
    private int[] rows() {
      int[] rows = new int[tiling.computed()];
      for (int i = 0; i < rows.length; i++) {
        rows[i] = Math.min(i, images.images() - 1) * images.pitch();
      }
      return rows;
    }

    private OutputTile[] outputs(int pitch) {
      return IntStream.of(tiling.heights())
          .mapToObj(height -> new OutputTile(height, 0, pitch, Float.NEGATIVE_INFINITY))
          .toArray(OutputTile[]::new);
    }

    @Override
    public void run(KernelContext context) {
      Arrays.fill(context.m(), zeros, zeros + width, 0);
      images.pad(context, x, padded);
      context.pool().run(tasks(), (task, worker) -> position(context.m(), task, worker));
    }

    /** One group of one position. */
    private void position(float[] m, int task, int worker) {
      int group = task % shape.groups();
      int position = task / shape.groups();
      int source = images.start(x, padded, group) + images.window(position);
      int to = y + position * shape.out().c() + group * shape.outputs();
      int tile = zeros + width + worker * tileFloats();
      for (int block = 0; block < blocks; block++) {
        int filters = weight + (task * blocks + block) * panel;
        int columns = Math.min(width, shape.outputs() - block * width);
        for (int t = 0; t < tiling.tiles(); t++) {
          tile(m, t, source, filters, to + block * width, columns, tile);
        }
      }
    }

    private void tile(float[] m, int t, int source, int filters, int to, int columns, int tile) {
      int ldc = shape.out().imageElements();
      int c = to + tiling.starts()[t] * ldc;
      boolean whole = tiling.valid(t) == tiling.heights()[t] && columns == width;
      kernels.windows(
          whole ? inPlace[t] : apart[t],
          windows,
          m,
          tiling.starts()[t],
          source,
          filters,
          zeros,
          whole ? c : tile);
      if (!whole) {
        Tiles.copy(m, tile, width, c, ldc, tiling.valid(t), columns);
      }
    }
  }
}
