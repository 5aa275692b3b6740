package org.alexnet.cpu.transformed;

import java.util.Arrays;
import org.alexnet.cpu.kernel.Transform;
import org.alexnet.cpu.kernel.TransformKernels;
import org.alexnet.cpu.kernel.TransformKernels.Pass;
import org.alexnet.cpu.kernel.TransformKernels.Steps;
import org.alexnet.program.Shape;

/**
 * Takes the tiles of an image, or of a gradient, to their values at the points: one row of tiles
 * and {@link Transform#LANES} channels at a time. The columns of the row are transformed first,
 * which neighbouring tiles share where they overlap, and lie in scratch memory.
 */
final class TileSpreader {
  private static final int LANES = Transform.LANES;

  /** Where the values of a tile go, from the place of the first of all. */
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
  private final Places places;
  private final Passes whole;
  private final Passes inner;

  /**
   * Transforms of tiles of one size.
   *
   * @param rows of all columns of a row of such tiles
   * @param finite of a tile's rows at the finite points
   * @param infinity of its row at infinity
   */
  private record Passes(Pass rows, Pass finite, Pass infinity) {}

  private TileSpreader(
      TransformKernels kernels,
      PointTiles tiles,
      boolean gradient,
      Shape image,
      int pad,
      Places places) {
    this.kernels = kernels;
    this.tiles = tiles;
    this.gradient = gradient;
    this.height = image.h();
    this.width = image.w();
    this.channels = image.c();
    this.pad = pad;
    this.places = places;
    this.whole = passes(true);
    this.inner = passes(false);
  }

  private Passes passes(boolean isWhole) {
    Transform transform =
        gradient ? tiles.scheme().gradient(isWhole) : tiles.scheme().input(isWhole);
    int finite = tiles.scheme().finite();
    int column = tiles.scheme().points() * LANES;
    int columns = Math.min(width, reach() - pad);
    return new Passes(
        new Pass(transform, columns, new Steps(0, channels), new Steps(LANES, column), 0),
        new Pass(
            transform,
            finite,
            new Steps(column, LANES),
            new Steps(places.pitch(0), finite * places.pitch(0)),
            places.pitch(2)),
        new Pass(transform, 1, new Steps(column, 0), new Steps(places.pitch(1), 0), 0));
  }

  /** Of what a convolution reads. */
  static TileSpreader ofInput(
      TransformKernels kernels, TransformedShape shape, PointTiles tiles, Places places) {
    Shape image = new Shape(1, shape.channels(), shape.height(), shape.width());
    return new TileSpreader(kernels, tiles, false, image, shape.padding(), places);
  }

  /** Of the gradient with respect to what a convolution writes. */
  static TileSpreader ofGradient(
      TransformKernels kernels, TransformedShape shape, PointTiles tiles, Places places) {
    return new TileSpreader(kernels, tiles, true, shape.out(), 0, places);
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

  /**
   * Transforms one row of tiles of an image.
   *
   * @param source the image
   * @param image its number among those of the tiles
   * @param row number of the row of tiles
   * @param block number of the block of channels
   * @param zeros a row of zeros
   * @param to the first of all places
   */
  void row(float[] m, int source, int image, int row, int block, int zeros, int scratch, int to) {
    Pass pass = tiles.rows().isWhole(row) ? whole.rows : inner.rows;
    int length = gradient ? tiles.rows().length(row) : pass.transform().points();
    int[] starts = new int[pass.transform().points()];
    for (int k = 0; k < length; k++) {
      int h = tiles.rows().start(row) - pad + k;
      boolean inside = h >= 0 && h < height;
      starts[k] = (inside ? source + h * width * channels : zeros) + block * LANES;
    }
    int column = pass.out().step();
    int first = scratch + pad * column;
    Arrays.fill(m, scratch, first, 0);
    Arrays.fill(m, first + pass.count() * column, scratch + scratchFloats(), 0);
    kernels.spreadRows(pass, m, starts, first);
    for (int c = 0; c < tiles.columns().tiles(); c++) {
      tile(m, image, row, c, block, scratch, to);
    }
  }

  private void tile(float[] m, int image, int row, int column, int block, int scratch, int to) {
    boolean across = tiles.columns().isWhole(column);
    Passes passes = across ? whole : inner;
    int in = scratch + tiles.columns().start(column) * passes.finite.in().pitch();
    kernels.spread(
        passes.finite,
        m,
        in,
        to + places.of(0, tiles.tile(0, image, row, column), block),
        across ? to + places.of(2, tiles.tile(2, image, row, column), block) : 0);
    if (tiles.rows().isWhole(row)) {
      kernels.spread(
          passes.infinity,
          m,
          in + tiles.scheme().finite() * LANES,
          to + places.of(1, tiles.tile(1, image, row, column), block),
          across ? to + places.of(3, tiles.tile(3, image, row, column), block) : 0);
    }
  }
}
