package org.alexnet.cpu;

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
  private final int columns;

  BatchProduct(Kernels kernels, int rows, int depth, int outputs) {
    this.kernels = kernels;
    this.tiling = RowTiling.of(rows, kernels.heights());
    this.depth = depth;
    this.outputs = outputs;
    this.columns = kernels.columns();
  }

  /** Floats for the packed rows, and a tile for each task. */
  int workspaceFloats() {
    return tiling.computed() * depth + tasks() * tileFloats();
  }

  private int tileFloats() {
    return kernels.heights()[0] * columns;
  }

  private int blocks() {
    return Math.ceilDiv(outputs, columns);
  }

  /** Parts that the row tiles are cut into. */
  private int parts() {
    return blocks() >= FEW_BLOCKS ? 1 : Math.min(tiling.tiles(), FEW_BLOCKS / blocks());
  }

  private int tasks() {
    return blocks() * parts();
  }

  /** Packs the rows at {@code x}, which lie {@code depth} apart. */
  void pack(Frame frame, int x, int workspace) {
    frame
        .pool()
        .run(
            tiling.tiles(),
            (t, worker) -> {
              int start = tiling.starts()[t];
              Tiles.packRows(
                  frame.m(),
                  x + start * depth,
                  depth,
                  tiling.valid(t),
                  tiling.heights()[t],
                  depth,
                  workspace + start * depth);
            });
  }

  /** Multiplies the packed rows. */
  void run(Frame frame, int panels, int bias, int y, float floor, int workspace) {
    frame
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
                  frame.m(),
                  panels + block * depth * columns,
                  bias + block * columns,
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
  void block(
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
    int width = Math.min(columns, outputs - block * columns);
    for (int k = 0; k < depth; k += SLICE) {
      int length = Math.min(SLICE, depth - k);
      float low = k + length == depth ? floor : Float.NEGATIVE_INFINITY;
      for (int t = from; t < to; t++) {
        int start = tiling.starts()[t];
        int height = tiling.heights()[t];
        int valid = tiling.valid(t);
        int a = workspace + start * depth + k * height;
        int c = y + start * outputs + block * columns;
        boolean whole = valid == height && width == columns;
        int work = whole ? c : tile;
        int ld = whole ? outputs : columns;
        if (!whole && k > 0) {
          Tiles.copy(m, c, outputs, tile, columns, valid, width);
        }
        int init = k == 0 ? bias : work;
        kernels.tile(
            height, m, a, panel + k * columns, length, init, k == 0 ? 0 : ld, work, ld, low);
        if (!whole) {
          Tiles.copy(m, tile, columns, c, outputs, valid, width);
        }
      }
    }
  }

  /** Row tiles of the batch. */
  RowTiling tiling() {
    return tiling;
  }
}
