package org.alexnet.cpu.product;

import org.alexnet.cpu.execution.KernelContext;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.cpu.kernel.RowTiling;
import org.alexnet.cpu.kernel.Tiles;

/**
 * The product of a batch of rows with a matrix that is packed in panels: {@code y[n][o] =
 * max(bias[o] + sum_k x[n][k] panel[k][o], floor)}.
 */
final class BatchProduct {
  /** Depth of a slice of a panel: with the packed rows, it stays in a second-level cache. */
  private static final int SLICE = 384;

  /** Panels of columns below which rows are shared out too. */
  private static final int FEW_BLOCKS = 32;

  private final Kernels kernels;
  private final RowTiling tiling;
  private final int depth;
  private final int outputs;
  private final int tileWidth;

  BatchProduct(Kernels kernels, int rows, int depth, int outputs) {
    this.kernels = kernels;
    this.tiling = RowTiling.of(rows, kernels.heights());
    this.depth = depth;
    this.outputs = outputs;
    this.tileWidth = kernels.tileWidth();
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

  /** Parts that the row tiles are cut into. */
  private int parts() {
    return blocks() >= FEW_BLOCKS ? 1 : Math.min(tiling.tiles(), FEW_BLOCKS / blocks());
  }

  /** Tasks that threads share. */
  int tasks() {
    return blocks() * parts();
  }

  /** Packs the rows at {@code x}, which lie {@code depth} apart. */
  void pack(KernelContext context, int x, int workspace) {
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
                  workspace + start * depth);
            });
  }

  /** Multiplies the packed rows. */
  void run(KernelContext context, int panels, int bias, int y, float floor, int workspace) {
    context
        .pool()
        .run(
            tasks(),
            (task, worker) -> {
              int block = task / parts();
              int part = task % parts();
              int from = part * tiling.tiles() / parts();
              int to = (part + 1) * tiling.tiles() / parts();
              int tile = workspace + tiling.computed() * depth + task * tileFloats();
              block(
                  context.m(),
                  panels + block * depth * tileWidth,
                  bias + block * tileWidth,
                  block,
                  y,
                  floor,
                  workspace,
                  tile,
                  from,
                  to);
            });
  }

  /** Multiplies row tiles {@code from} to {@code to} with one panel. */
  private void block(
      float[] m,
      int panel,
      int bias,
      int block,
      int y,
      float floor,
      int workspace,
      int tile,
      int from,
      int to) {
    int width = Math.min(tileWidth, outputs - block * tileWidth);
    for (int k = 0; k < depth; k += SLICE) {
      int length = Math.min(SLICE, depth - k);
      float low = k + length == depth ? floor : Float.NEGATIVE_INFINITY;
      for (int t = from; t < to; t++) {
        int start = tiling.starts()[t];
        int height = tiling.heights()[t];
        int valid = tiling.valid(t);
        int a = workspace + start * depth + k * height;
        int c = y + start * outputs + block * tileWidth;
        boolean whole = valid == height && width == tileWidth;
        int work = whole ? c : tile;
        int ld = whole ? outputs : tileWidth;
        if (!whole && k > 0) {
          Tiles.copy(m, c, outputs, tile, tileWidth, valid, width);
        }
        int init = k == 0 ? bias : work;
        kernels.tile(
            height, m, a, panel + k * tileWidth, length, init, k == 0 ? 0 : ld, work, ld, low);
        if (!whole) {
          Tiles.copy(m, tile, tileWidth, c, outputs, valid, width);
        }
      }
    }
  }
}
