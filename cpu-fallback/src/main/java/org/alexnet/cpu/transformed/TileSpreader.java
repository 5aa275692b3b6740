package org.alexnet.cpu.transformed;

import java.util.Arrays;
import org.alexnet.cpu.kernel.Transform;
import org.alexnet.cpu.kernel.TransformKernels;

/**
 * Takes the tiles of an image, or of a gradient, to their values at the points: one row of tiles
 * and {@link Transform#LANES} channels at a time. The columns of the row are transformed first,
 * which neighbouring tiles share where they overlap, and lie in scratch memory.
 */
final class TileSpreader {
  private static final int LANES = Transform.LANES;

  /** Where the values of a tile go. */
  interface Places {
    /** The place of a tile's value at a region's first point. */
    int of(int region, int tile, int block);

    /** Floats from one point of a region to the next. */
    int pitch(int region);
  }

  private final TransformKernels kernels;
  private final PointTiles tiles;
  private final boolean gradient;
  private final int height;
  private final int width;
  private final int channels;
  private final int pad;

  private TileSpreader(
      TransformKernels kernels,
      PointTiles tiles,
      boolean gradient,
      int height,
      int width,
      int channels,
      int pad) {
    this.kernels = kernels;
    this.tiles = tiles;
    this.gradient = gradient;
    this.height = height;
    this.width = width;
    this.channels = channels;
    this.pad = pad;
  }

  /** Of what a convolution reads. */
  static TileSpreader ofInput(TransformKernels kernels, TransformedShape shape, int images) {
    return new TileSpreader(
        kernels,
        shape.tiles(images),
        false,
        shape.height(),
        shape.width(),
        shape.channels(),
        shape.padding());
  }

  /** Of the gradient with respect to what a convolution writes. */
  static TileSpreader ofGradient(TransformKernels kernels, TransformedShape shape, int images) {
    return new TileSpreader(
        kernels, shape.tiles(images), true, shape.out().h(), shape.out().w(), shape.out().c(), 0);
  }

  /** Floats of a row of zeros, which stands for rows outside of the image. */
  int zeroFloats() {
    return width * channels;
  }

  /** Columns that the tiles of a row reach over. */
  private int reach() {
    return tiles.columns().computed() + (gradient ? 0 : tiles.scheme().taps() - 1);
  }

  int scratchFloats() {
    return reach() * tiles.scheme().points() * LANES;
  }

  int blocks() {
    return channels / LANES;
  }

  private Transform transform(boolean whole) {
    return gradient ? tiles.scheme().gradient(whole) : tiles.scheme().input(whole);
  }

  /**
   * Transforms one row of tiles of an image.
   *
   * @param source the image
   * @param image its number among those of the tiles
   * @param row number of the row of tiles
   * @param block number of the block of channels
   * @param zeros a row of zeros
   */
  void row(
      float[] m, int source, int image, int row, int block, int zeros, int scratch, Places places) {
    boolean whole = tiles.rows().isWhole(row);
    Transform transform = transform(whole);
    int length = gradient ? tiles.rows().length(row) : transform.points();
    int[] starts = new int[transform.points()];
    for (int k = 0; k < length; k++) {
      int h = tiles.rows().start(row) - pad + k;
      boolean inside = h >= 0 && h < height;
      starts[k] = (inside ? source + h * width * channels : zeros) + block * LANES;
    }
    int column = tiles.scheme().points() * LANES;
    int columns = Math.min(width, reach() - pad);
    int behind = scratch + (pad + columns) * column;
    Arrays.fill(m, scratch, scratch + pad * column, 0);
    Arrays.fill(m, behind, scratch + scratchFloats(), 0);
    kernels.spreadRows(
        transform, m, starts, channels, scratch + pad * column, LANES, column, columns);
    for (int c = 0; c < tiles.columns().tiles(); c++) {
      tile(m, image, row, c, block, scratch, places);
    }
  }

  private void tile(
      float[] m, int image, int row, int column, int block, int scratch, Places places) {
    boolean across = tiles.columns().isWhole(column);
    Transform transform = transform(across);
    int points = tiles.scheme().points();
    int finite = tiles.scheme().finite();
    int in = scratch + tiles.columns().start(column) * points * LANES;
    kernels.spread(
        transform,
        m,
        in,
        points * LANES,
        LANES,
        places.of(0, tiles.tile(0, image, row, column), block),
        places.pitch(0),
        finite * places.pitch(0),
        across ? places.of(2, tiles.tile(2, image, row, column), block) : 0,
        places.pitch(2),
        finite);
    if (tiles.rows().isWhole(row)) {
      kernels.spread(
          transform,
          m,
          in + finite * LANES,
          points * LANES,
          0,
          places.of(1, tiles.tile(1, image, row, column), block),
          places.pitch(1),
          0,
          across ? places.of(3, tiles.tile(3, image, row, column), block) : 0,
          0,
          1);
    }
  }
}
