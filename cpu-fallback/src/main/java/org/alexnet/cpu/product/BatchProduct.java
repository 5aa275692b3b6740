package org.alexnet.cpu.product;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.alexnet.cpu.execution.KernelContext;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.cpu.kernel.Kernels.OutputTile;
import org.alexnet.cpu.kernel.RowTiling;
import org.alexnet.cpu.kernel.Tiles;

/**
 * The product of a batch of rows with a matrix that is packed in panels: {@code y[n][o] =
 * max(bias[o] + sum_k x[n][k] panel[k][o], floor)}.
 */
final class BatchProduct {
  /** Depth of a slice of a panel: with the packed rows, it stays in a second-level cache. */
  private static final int SLICE = 384;

  /** Tasks that there are at least, where there is enough to divide. */
  private static final int TASKS = 32;

  /** Most panels that a task multiplies rows with while these are in a first-level cache. */
  private static final int MOST_PANELS = 8;

  private final Kernels kernels;
  private final RowTiling tiling;
  private final int depth;
  private final int outputs;
  private final int tileWidth;
  private final List<Slice> slices = new ArrayList<>();
  private final int panels; // of a task
  private final int parts; // that the row tiles are cut into

  /**
   * Addresses of a product.
   *
   * @param panels of the matrix
   * @param bias one number a column of the panels
   * @param y the result
   * @param rows packed, and behind them a tile for each task
   */
  record Operands(int panels, int bias, int y, int rows) {}

  /**
   * Some of the depth, which is multiplied before the next.
   *
   * @param inPlace each tile of rows where it is written at once
   * @param aside each tile where only some of it exists, so that it is copied
   */
  private record Slice(int start, int length, OutputTile[] inPlace, OutputTile[] aside) {}

  /**
   * @param floor lower bound of the result
   */
  BatchProduct(Kernels kernels, int rows, int depth, int outputs, float floor) {
    this.kernels = kernels;
    this.tiling = RowTiling.of(rows, kernels.heights());
    this.depth = depth;
    this.outputs = outputs;
    this.tileWidth = kernels.tileWidth();
    this.panels = panels(rows);
    this.parts = parts(panels);
    for (int start = 0; start < depth; start += SLICE) {
      int length = Math.min(SLICE, depth - start);
      float low = start + length == depth ? floor : Float.NEGATIVE_INFINITY;
      boolean first = start == 0;
      slices.add(
          new Slice(start, length, tiles(first, outputs, low), tiles(first, tileWidth, low)));
    }
  }

  /** Of the first slice, rows begin with the bias, which they share. */
  private OutputTile[] tiles(boolean first, int pitch, float floor) {
    return Arrays.stream(tiling.heights())
        .mapToObj(height -> new OutputTile(height, first ? 0 : pitch, pitch, floor))
        .toArray(OutputTile[]::new);
  }

  /** Floats for the packed rows, and a tile for each task. */
  int workspaceFloats() {
    return tiling.computed() * depth + tasks() * tileFloats();
  }

  private int tileFloats() {
    return kernels.heights()[0] * tileWidth;
  }

  private int blocks() {
    return Math.ceilDiv(outputs, tileWidth);
  }

  /**
   * How many panels a task multiplies the rows with: the more, the less often rows are read from a
   * cache that threads share, but with more parts of rows panels are read more often.
   */
  private int panels(int rows) {
    int best = 1;
    long least = Long.MAX_VALUE;
    for (int panels = 1; panels <= MOST_PANELS; panels *= 2) {
      long read = (long) ranges(panels) * rows + (long) parts(panels) * outputs;
      if (read < least) {
        least = read;
        best = panels;
      }
    }
    return best;
  }

  private int ranges(int panels) {
    return Math.ceilDiv(blocks(), panels);
  }

  private int parts(int panels) {
    return Math.min(tiling.tiles(), Math.ceilDiv(TASKS, ranges(panels)));
  }

  /** Tasks that threads share. */
  int tasks() {
    return ranges(panels) * parts;
  }

  /** Packs the rows at {@code x}, which lie {@code depth} apart. */
  void pack(KernelContext context, int x, Operands operands) {
    context
        .pool()
        .run(
            tiling.tiles(),
            (t, worker) -> {
              int start = tiling.starts()[t];
              Tiles.packRows(
                  context.m(),
                  x + start * depth,
                  depth,
                  tiling.valid(t),
                  tiling.heights()[t],
                  depth,
                  operands.rows + start * depth);
            });
  }

  /** Multiplies the packed rows. */
  void run(KernelContext context, Operands operands) {
    context
        .pool()
        .run(
            tasks(),
            (task, worker) -> {
              int tile = operands.rows + tiling.computed() * depth + task * tileFloats();
              for (Slice slice : slices) {
                multiply(operands, slice, context.m(), task / parts, task % parts, tile);
              }
            });
  }

  /** Multiplies a part of the rows with a slice of some panels. */
  private void multiply(Operands operands, Slice slice, float[] m, int range, int part, int tile) {
    int end = Math.min(blocks(), (range + 1) * panels);
    int last = (part + 1) * tiling.tiles() / parts;
    for (int t = part * tiling.tiles() / parts; t < last; t++) {
      for (int block = range * panels; block < end; block++) {
        multiplyTile(operands, slice, m, block, t, tile);
      }
    }
  }

  /** Multiplies a tile of rows with a slice of one panel. */
  private void multiplyTile(Operands operands, Slice slice, float[] m, int block, int t, int tile) {
    int width = Math.min(tileWidth, outputs - block * tileWidth);
    int b = operands.panels + (block * depth + slice.start) * tileWidth;
    boolean first = slice.start == 0;
    int start = tiling.starts()[t];
    int height = tiling.heights()[t];
    int valid = tiling.valid(t);
    int a = operands.rows + start * depth + slice.start * height;
    int c = operands.y + start * outputs + block * tileWidth;
    boolean whole = valid == height && width == tileWidth;
    int work = whole ? c : tile;
    if (!whole && !first) {
      Tiles.copy(m, c, outputs, tile, tileWidth, valid, width);
    }
    int init = first ? operands.bias + block * tileWidth : work;
    OutputTile output = whole ? slice.inPlace[t] : slice.aside[t];
    kernels.tile(output, m, a, b, slice.length, init, work);
    if (!whole) {
      Tiles.copy(m, tile, tileWidth, c, outputs, valid, width);
    }
  }
}
