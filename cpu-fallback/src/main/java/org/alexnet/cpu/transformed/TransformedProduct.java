package org.alexnet.cpu.transformed;

import java.util.Arrays;
import org.alexnet.cpu.execution.Layout;
import org.alexnet.cpu.kernel.Transform;
import org.alexnet.cpu.kernel.TransformKernels;

/**
 * A transformed convolution of a few images by one worker: the tiles of all channels to points,
 * then block of outputs by block of outputs the products at every point, and these back to pixels,
 * with bias and lower bound.
 */
public final class TransformedProduct {
  private static final int LANES = Transform.LANES;
  private static final int TILES = TransformKernels.TILES;

  /** Floats of the values of some images, about, that a worker handles at a time: 5 MB. */
  private static final int CHUNK = 1_250_000;

  private static final int MOST_IMAGES = 8;

  private final TransformedShape shape;
  private final TransformedFilters filters;
  private final Layout.Panels panels;
  private final TransformKernels kernels;
  private final PointTiles tiles; // of the most images
  private final TileSpreader spreader;
  private final Regions values;
  private final Regions products;
  private final int blockedAt;
  private final int valuesAt;
  private final int productsAt;
  private final int columnsAt;
  private final int tileAt;
  private final int scratchFloats;

  TransformedProduct(
      TransformedShape shape, TransformedFilters filters, TransformKernels kernels, int images) {
    this.shape = shape;
    this.filters = filters;
    this.panels = filters.panels();
    this.kernels = kernels;
    this.tiles = shape.tiles(images);
    this.spreader = TileSpreader.ofInput(kernels, shape, images);
    // Blocks of tiles, of channels, tiles, lanes.
    this.values = Regions.of(tiles, region -> tileBlocks(region) * TILES * shape.channels());
    // One line more, so that points do not share a cache set.
    this.products =
        Regions.of(tiles, region -> tileBlocks(region) * TILES * panels.tileWidth() + LANES);
    int points = shape.scheme().points();
    blockedAt = spreader.scratchFloats();
    valuesAt = blockedAt + shape.blockedFloats();
    productsAt = valuesAt + values.floats();
    columnsAt = productsAt + products.floats();
    tileAt = columnsAt + points * points * LANES;
    scratchFloats = tileAt + points * points * LANES;
  }

  /** Images to handle at a time, so that their values stay near the processor. */
  public static int images(TransformedShape shape) {
    long floats = shape.tiles(1).products() * shape.channels();
    return Math.clamp(CHUNK / floats, 1, MOST_IMAGES);
  }

  int scratchFloats() {
    return scratchFloats;
  }

  /** Floats of a row of zeros. */
  int zeroFloats() {
    return Math.max(spreader.zeroFloats(), panels.tileWidth());
  }

  private int tileBlocks(int region) {
    return Math.ceilDiv(tiles.tiles(region), TILES);
  }

  /**
   * Computes {@code count} images.
   *
   * @param x first image
   * @param weights filters at points
   * @param zeros a row of zeros
   * @param bias start of the bias, or of zeros
   * @param biasPitch floats from the bias of a block to that of the next; 0 for the same
   * @param y first image of the result
   * @param floor lower bound of the result
   */
  void run(
      float[] m,
      int x,
      int weights,
      int zeros,
      int bias,
      int biasPitch,
      int y,
      float floor,
      int count,
      int scratch) {
    spread(m, x, zeros, count, scratch);
    for (int block = 0; block < panels.groups() * panels.blocks(); block++) {
      int group = block / panels.blocks();
      int first = block % panels.blocks() * panels.tileWidth();
      multiply(m, group, weights + block * filters.blockFloats(), count, scratch);
      int width = Math.min(panels.tileWidth(), panels.outputs() - first);
      for (int lane = 0; lane < width; lane += LANES) {
        gather(
            m,
            scratch,
            lane,
            bias + block * biasPitch + lane,
            y + group * panels.outputs() + first + lane,
            floor,
            count);
      }
    }
  }

  private void spread(float[] m, int x, int zeros, int count, int scratch) {
    int at = scratch + valuesAt;
    int channels = shape.channels() / LANES;
    TileSpreader.Places places =
        new TileSpreader.Places() {
          @Override
          public int of(int region, int tile, int block) {
            int of8 = (tile / TILES * channels + block) * TILES + tile % TILES;
            return at + values.start(region) + of8 * LANES;
          }

          @Override
          public int pitch(int region) {
            return values.pitch(region);
          }
        };
    clearRest(m, places, count);
    for (int image = 0; image < count; image++) {
      int source = x + image * shape.in().imageElements();
      if (shape.blocked()) {
        shape.block(m, source, scratch + blockedAt);
        source = scratch + blockedAt;
      }
      for (int row = 0; row < tiles.rows().tiles(); row++) {
        for (int block = 0; block < spreader.blocks(); block++) {
          spreader.row(m, source, image, row, block, zeros, scratch, places);
        }
      }
    }
  }

  /** Sets tiles that do not exist to 0, so that no time is lost on what is no number. */
  private void clearRest(float[] m, TileSpreader.Places places, int count) {
    PointTiles now = shape.tiles(count);
    for (int region = 0; region < PointTiles.REGIONS; region++) {
      int end = Math.ceilDiv(now.tiles(region), TILES) * TILES;
      for (int tile = now.tiles(region); tile < end; tile++) {
        for (int point = 0; point < tiles.points(region); point++) {
          for (int block = 0; block < shape.channels() / LANES; block++) {
            int at = places.of(region, tile, block) + point * values.pitch(region);
            Arrays.fill(m, at, at + LANES, 0);
          }
        }
      }
    }
  }

  private void multiply(float[] m, int group, int panel, int count, int scratch) {
    PointTiles now = shape.tiles(count);
    int width = panels.tileWidth();
    int channels = shape.channels() / LANES;
    int first = group * shape.inputs() * TILES; // of the group's channels in a block of tiles
    for (int region = 0; region < PointTiles.REGIONS; region++) {
      int blocks = Math.ceilDiv(now.tiles(region), TILES);
      for (int point = 0; point < tiles.points(region); point++) {
        int a = scratch + valuesAt + values.start(region) + point * values.pitch(region) + first;
        int b = panel + (tiles.firstPoint(region) + point) * filters.pointFloats();
        int c = scratch + productsAt + products.start(region) + point * products.pitch(region);
        for (int block = 0; block < blocks; block++) {
          kernels.pointOutputs(
              m,
              a + block * channels * TILES * LANES,
              b,
              shape.inputs(),
              c + block * TILES * width,
              width);
        }
      }
    }
  }

  /** Turns the products of a block of outputs to pixels, for 16 of the outputs. */
  private void gather(float[] m, int scratch, int lane, int bias, int y, float floor, int count) {
    int from = scratch + productsAt + lane;
    for (int image = 0; image < count; image++) {
      int to = y + image * shape.out().imageElements();
      for (int row = 0; row < tiles.rows().tiles(); row++) {
        for (int column = 0; column < tiles.columns().tiles(); column++) {
          tile(m, from, image, row, column, scratch, bias, to, floor);
        }
      }
    }
  }

  private int product(int from, int region, int image, int row, int column) {
    return from
        + products.start(region)
        + tiles.tile(region, image, row, column) * panels.tileWidth();
  }

  /** One tile: its columns into scratch memory, then its rows to pixels. */
  private void tile(
      float[] m,
      int from,
      int image,
      int row,
      int column,
      int scratch,
      int bias,
      int y,
      float floor) {
    columns(m, from, image, row, column, scratch + columnsAt);
    int points = shape.scheme().points();
    int rows = tiles.rows().valid(row);
    int valid = tiles.columns().valid(column);
    int pixel = shape.out().c();
    int line = shape.out().w() * pixel;
    int to = y + tiles.rows().start(row) * line + tiles.columns().start(column) * pixel;
    boolean whole = valid == tiles.columns().length(column);
    kernels.gatherBiased(
        shape.scheme().output(tiles.columns().isWhole(column)),
        m,
        scratch + columnsAt,
        LANES,
        points * LANES,
        whole ? to : scratch + tileAt,
        whole ? pixel : LANES,
        whole ? line : points * LANES,
        bias,
        floor,
        rows);
    if (!whole) {
      for (int i = 0; i < rows * valid; i++) {
        int tile = scratch + tileAt + (i / valid * points + i % valid) * LANES;
        System.arraycopy(m, tile, m, to + i / valid * line + i % valid * pixel, LANES);
      }
    }
  }

  private void columns(float[] m, int from, int image, int row, int column, int to) {
    int finite = shape.scheme().finite();
    int points = shape.scheme().points();
    boolean down = tiles.rows().isWhole(row);
    kernels.gather(
        shape.scheme().output(down),
        m,
        product(from, 0, image, row, column),
        finite * products.pitch(0),
        products.pitch(0),
        down ? product(from, 1, image, row, column) : 0,
        products.pitch(1),
        to,
        points * LANES,
        LANES,
        finite);
    if (tiles.columns().isWhole(column)) {
      kernels.gather(
          shape.scheme().output(down),
          m,
          product(from, 2, image, row, column),
          products.pitch(2),
          0,
          down ? product(from, 3, image, row, column) : 0,
          0,
          to + finite * LANES,
          points * LANES,
          0,
          1);
    }
  }
}
