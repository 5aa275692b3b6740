package org.alexnet.cpu.convolution;

import org.alexnet.cpu.execution.Layout;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.cpu.kernel.RowTiling;
import org.alexnet.cpu.kernel.Tiles;

/**
 * The product of images with filters by register tiles. Rows of a tile are output pixels; their
 * windows are read where they lie in the image, which is padded first where it must be.
 */
final class DirectProduct {
  private final ConvolutionShape shape;
  private final Kernels kernels;
  private final int images;
  private final RowTiling[] tilings; // for 1 to images images
  private final int[][] windows; // start of each row's window, for the same

  /**
   * @param images most images that are computed together
   */
  DirectProduct(ConvolutionShape shape, Kernels kernels, int images) {
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
    return images * shape.paddedFloats() + kernels.windowHeights()[0] * kernels.tileWidth();
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
    int tileWidth = kernels.tileWidth();
    int blocks = blocks();
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
            filters + panel * shape.depth() * tileWidth,
            init + panel * initPitch,
            y + group * shape.outputs() + block * tileWidth,
            Math.min(tileWidth, shape.outputs() - block * tileWidth),
            floor,
            count,
            0,
            tilings[count].tiles(),
            scratch + images * shape.paddedFloats());
      }
    }
  }

  /** Blocks of outputs of a group, one a panel. */
  int blocks() {
    return Math.ceilDiv(shape.outputs(), kernels.tileWidth());
  }

  /** Tiles of the output pixels of one image. */
  int tiles() {
    return tilings[1].tiles();
  }

  /** Pads a group's channels of one image; not for what is read where it lies. */
  void padOne(float[] m, int x, int group, int to) {
    shape.clear(m, to);
    shape.pad(m, x, group, to);
  }

  /**
   * Computes some tiles of one image.
   *
   * @param source the image, or a group of its channels padded
   * @param panel number of the block of outputs, counted over all groups
   * @param from first tile
   * @param to one behind the last
   * @param tile scratch for one tile
   */
  void part(
      float[] m,
      int source,
      int filters,
      int bias,
      int y,
      float floor,
      int panel,
      int from,
      int to,
      int tile) {
    int tileWidth = kernels.tileWidth();
    int first = panel % blocks() * tileWidth;
    block(
        m,
        source,
        filters + panel * shape.depth() * tileWidth,
        bias + panel * tileWidth,
        y + panel / blocks() * shape.outputs() + first,
        Math.min(tileWidth, shape.outputs() - first),
        floor,
        1,
        from,
        to,
        tile);
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
      int from,
      int to,
      int tile) {
    RowTiling tiling = tilings[count];
    int ldc = shape.out().c();
    for (int t = from; t < to; t++) {
      int start = tiling.starts()[t];
      int c = y + start * ldc;
      boolean whole = tiling.valid(t) == tiling.heights()[t] && width == kernels.tileWidth();
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
          whole ? ldc : kernels.tileWidth(),
          floor);
      if (!whole) {
        Tiles.copy(m, tile, kernels.tileWidth(), c, ldc, tiling.valid(t), width);
      }
    }
  }
}
