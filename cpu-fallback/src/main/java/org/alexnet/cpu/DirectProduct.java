package org.alexnet.cpu;

/**
 * The product of images with filters by register tiles. Rows of a tile are output pixels; their
 * windows are read where they lie in the image, which is padded first where it must be.
 */
final class DirectProduct {
  private final ConvShape shape;
  private final Kernels kernels;
  private final int images;
  private final RowTiling[] tilings; // for 1 to images images
  private final int[][] windows; // start of each row's window, for the same

  /**
   * @param images most images that are computed together
   */
  DirectProduct(ConvShape shape, Kernels kernels, int images) {
    this.shape = shape;
    this.kernels = kernels;
    this.images = images;
    this.tilings = new RowTiling[images + 1];
    this.windows = new int[images + 1][];
    for (int i = 1; i <= images; i++) {
      tilings[i] = RowTiling.of(i * shape.pixels(), kernels.windowHeights());
      windows[i] = windows(tilings[i]);
    }
  }

  /** Where the window of each row starts; rows that do not exist read that of the last. */
  private int[] windows(RowTiling tiling) {
    int[] starts = new int[tiling.computed()];
    for (int i = 0; i < starts.length; i++) {
      int row = Math.min(i, tiling.rows() - 1);
      int pixel = row % shape.pixels();
      int h = pixel / shape.out().w() * shape.stride();
      int w = pixel % shape.out().w() * shape.stride();
      starts[i] =
          row / shape.pixels() * shape.imagePitch() + h * shape.rowPitch() + w * shape.inputs();
    }
    return starts;
  }

  /** Floats of scratch: padded images and one tile. */
  int scratchFloats() {
    return images * shape.paddedFloats() + kernels.windowHeights()[0] * kernels.columns();
  }

  /**
   * Computes {@code count} images.
   *
   * @param x first image
   * @param filters panels, see {@link Layout.Panels}
   * @param init start of the padded bias, or of zeros
   * @param initPitch floats from the bias of a block to that of the next; 0 for the same
   * @param y first image of the result
   * @param floor lower bound of the result
   */
  void run(
      float[] m,
      int x,
      int filters,
      int init,
      int initPitch,
      int y,
      float floor,
      int count,
      int scratch) {
    int columns = kernels.columns();
    int blocks = Math.ceilDiv(shape.outputs(), columns);
    for (int group = 0; group < shape.groups(); group++) {
      int source = shape.direct() ? x : scratch;
      if (!shape.direct()) {
        pad(m, x, group, count, scratch);
      }
      for (int block = 0; block < blocks; block++) {
        int panel = group * blocks + block;
        block(
            m,
            source,
            filters + panel * shape.depth() * columns,
            init + panel * initPitch,
            y + group * shape.outputs() + block * columns,
            Math.min(columns, shape.outputs() - block * columns),
            floor,
            count,
            scratch + images * shape.paddedFloats());
      }
    }
  }

  private void pad(float[] m, int x, int group, int count, int scratch) {
    for (int i = 0; i < count; i++) {
      int to = scratch + i * shape.imagePitch();
      if (group == 0) {
        shape.clear(m, to);
      }
      shape.pad(m, x + i * shape.in().imageElements(), group, to);
    }
  }

  private void block(
      float[] m,
      int source,
      int panel,
      int init,
      int y,
      int width,
      float floor,
      int count,
      int tile) {
    RowTiling tiling = tilings[count];
    int ldc = shape.out().c();
    for (int t = 0; t < tiling.tiles(); t++) {
      int start = tiling.starts()[t];
      int c = y + start * ldc;
      boolean whole = tiling.valid(t) == tiling.heights()[t] && width == kernels.columns();
      kernels.windows(
          tiling.heights()[t],
          m,
          windows[count],
          start,
          source,
          shape.kernel(),
          shape.run(),
          shape.rowPitch(),
          panel,
          init,
          whole ? c : tile,
          whole ? ldc : kernels.columns(),
          floor);
      if (!whole) {
        Tiles.copy(m, tile, kernels.columns(), c, ldc, tiling.valid(t), width);
      }
    }
  }
}
