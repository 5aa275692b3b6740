package org.alexnet.cpu.transformed;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.alexnet.cpu.execution.Layout;
import org.alexnet.cpu.kernel.Transform;
import org.alexnet.cpu.kernel.TransformKernels;
import org.alexnet.cpu.kernel.TransformKernels.Pass;
import org.alexnet.cpu.kernel.TransformKernels.Steps;

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

  /**
   * Tiles that are multiplied with the filters of a point, at least: more than that gain little.
   */
  private static final int ENOUGH_TILES = 72;

  private static final int MOST_IMAGES = 8;

  private final TransformedShape shape;
  private final TransformedFilters filters;
  private final Layout.Panels panels;
  private final TransformKernels kernels;
  private final PointTiles tiles; // of the most images
  private final ValuePlaces places;
  private final TileSpreader spreader;
  private final Regions values;
  private final Regions products;
  private final int blockedAt;
  private final int valuesAt;
  private final int productsAt;
  private final int columnsAt;
  private final int tileAt;
  private final int scratchFloats;
  private final Columns whole;
  private final Columns inner;
  private final List<Tile> outputs = new ArrayList<>();

  /**
   * Addresses of a product.
   *
   * @param weights filters at points
   * @param zeros a row of zeros
   * @param bias start of the bias, or of zeros
   * @param biasPitch floats from the bias of a block to that of the next; 0 for the same
   * @param floor lower bound of the result
   */
  record Operands(int weights, int zeros, int bias, int biasPitch, float floor) {}

  /**
   * Products of tiles of one height to columns of outputs.
   *
   * @param finite at the finite points across
   * @param infinity at infinity across
   */
  private record Columns(Pass finite, Pass infinity) {}

  /**
   * A tile of an image's output.
   *
   * @param start of its first pixel, from the start of the image
   * @param valid pixels in a row that exist
   * @param whole whether those are all
   * @param rows columns of outputs to pixels; beside the image where not all exist
   */
  private record Tile(int row, int column, int start, int valid, boolean whole, Pass rows) {}

  TransformedProduct(
      TransformedShape shape, TransformedFilters filters, TransformKernels kernels, int images) {
    this.shape = shape;
    this.filters = filters;
    this.panels = filters.panels();
    this.kernels = kernels;
    this.tiles = shape.tiles(images);
    this.values = Regions.of(tiles, region -> tileBlocks(region) * TILES * shape.channels());
    // One line more, so that points do not share a cache set.
    this.products =
        Regions.of(tiles, region -> tileBlocks(region) * TILES * panels.tileWidth() + LANES);
    this.places = new ValuePlaces();
    this.spreader = TileSpreader.ofInput(kernels, shape, tiles, places);
    int points = shape.scheme().points();
    blockedAt = spreader.scratchFloats();
    valuesAt = blockedAt + shape.blockedFloats();
    productsAt = valuesAt + values.floats();
    columnsAt = productsAt + products.floats();
    tileAt = columnsAt + points * points * LANES;
    scratchFloats = tileAt + points * points * LANES;
    whole = columns(true);
    inner = columns(false);
    for (int row = 0; row < tiles.rows().tiles(); row++) {
      for (int column = 0; column < tiles.columns().tiles(); column++) {
        outputs.add(tile(row, column));
      }
    }
  }

  private Columns columns(boolean down) {
    Transform transform = shape.scheme().output(down);
    int finite = shape.scheme().finite();
    int row = shape.scheme().points() * LANES;
    int pitch = products.pitch(0);
    return new Columns(
        new Pass(
            transform,
            finite,
            new Steps(finite * pitch, pitch),
            new Steps(row, LANES),
            products.pitch(1)),
        new Pass(transform, 1, new Steps(products.pitch(2), 0), new Steps(row, 0), 0));
  }

  private Tile tile(int row, int column) {
    int pixel = shape.out().c();
    int line = shape.out().w() * pixel;
    int start = tiles.rows().start(row) * line + tiles.columns().start(column) * pixel;
    int valid = tiles.columns().valid(column);
    boolean exists = valid == tiles.columns().length(column);
    int points = shape.scheme().points() * LANES;
    Pass rows =
        new Pass(
            shape.scheme().output(tiles.columns().isWhole(column)),
            tiles.rows().valid(row),
            new Steps(LANES, points),
            exists ? new Steps(pixel, line) : new Steps(LANES, points),
            0);
    return new Tile(row, column, start, valid, exists, rows);
  }

  /** Values: blocks of tiles, of channels, tiles, lanes. */
  private final class ValuePlaces implements TileSpreader.Places {
    private final int channels = shape.channels() / LANES;

    @Override
    public int of(int region, int tile, int block) {
      int of8 = (tile / TILES * channels + block) * TILES + tile % TILES;
      return values.start(region) + of8 * LANES;
    }

    @Override
    public int pitch(int region) {
      return values.pitch(region);
    }
  }

  /** Images to handle at a time, so that their values stay near the processor. */
  public static int images(TransformedShape shape) {
    long floats = shape.tiles(1).products() * shape.channels();
    int enough = Math.ceilDiv(ENOUGH_TILES, shape.rows().tiles() * shape.columns().tiles());
    return Math.clamp(Math.min(CHUNK / floats, enough), 1, MOST_IMAGES);
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
   * @param y first image of the result
   */
  void run(Operands operands, float[] m, int x, int y, int count, int scratch) {
    spread(m, x, operands.zeros, count, scratch);
    for (int block = 0; block < panels.groups() * panels.blocks(); block++) {
      int group = block / panels.blocks();
      int first = block % panels.blocks() * panels.tileWidth();
      multiply(m, group, operands.weights + block * filters.blockFloats(), count, scratch);
      int width = Math.min(panels.tileWidth(), panels.outputs() - first);
      int bias = operands.bias + block * operands.biasPitch;
      int to = y + group * panels.outputs() + first;
      for (int lane = 0; lane < width; lane += LANES) {
        int from = scratch + productsAt + lane;
        for (int image = 0; image < count; image++) {
          int pixels = to + lane + image * shape.out().imageElements();
          for (Tile tile : outputs) {
            gather(tile, m, from, image, scratch, pixels, bias + lane, operands.floor);
          }
        }
      }
    }
  }

  private void spread(float[] m, int x, int zeros, int count, int scratch) {
    clearRest(m, count, scratch + valuesAt);
    for (int image = 0; image < count; image++) {
      int source = x + image * shape.in().imageElements();
      if (shape.blocked()) {
        shape.block(m, source, scratch + blockedAt);
        source = scratch + blockedAt;
      }
      for (int row = 0; row < tiles.rows().tiles(); row++) {
        for (int block = 0; block < spreader.blocks(); block++) {
          spreader.row(m, source, image, row, block, zeros, scratch, scratch + valuesAt);
        }
      }
    }
  }

  /** Sets tiles that do not exist to 0, so that no time is lost on what is no number. */
  private void clearRest(float[] m, int count, int start) {
    PointTiles now = shape.tiles(count);
    for (int region = 0; region < PointTiles.REGIONS; region++) {
      int end = Math.ceilDiv(now.tiles(region), TILES) * TILES;
      for (int tile = now.tiles(region); tile < end; tile++) {
        for (int point = 0; point < tiles.points(region); point++) {
          for (int block = 0; block < shape.channels() / LANES; block++) {
            int at = start + places.of(region, tile, block) + point * values.pitch(region);
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

  private int product(Tile tile, int from, int region, int image) {
    return from
        + products.start(region)
        + tiles.tile(region, image, tile.row, tile.column) * panels.tileWidth();
  }

  /** Turns the products of a tile to pixels: its columns into scratch memory, then its rows. */
  private void gather(
      Tile tile, float[] m, int from, int image, int scratch, int y, int bias, float floor) {
    int columns = scratch + columnsAt;
    columns(tile, m, from, image, columns);
    int to = y + tile.start;
    if (tile.whole) {
      kernels.gatherBiased(tile.rows, m, columns, to, bias, floor);
      return;
    }
    int beside = scratch + tileAt;
    kernels.gatherBiased(tile.rows, m, columns, beside, bias, floor);
    int pixel = shape.out().c();
    int line = shape.out().w() * pixel;
    for (int row = 0; row < tile.rows.count(); row++) {
      for (int i = 0; i < tile.valid; i++) {
        int at = beside + row * tile.rows.out().step() + i * LANES;
        System.arraycopy(m, at, m, to + row * line + i * pixel, LANES);
      }
    }
  }

  private void columns(Tile tile, float[] m, int from, int image, int to) {
    boolean down = tiles.rows().isWhole(tile.row);
    Columns columns = down ? whole : inner;
    kernels.gather(
        columns.finite,
        m,
        product(tile, from, 0, image),
        down ? product(tile, from, 1, image) : 0,
        to);
    if (tiles.columns().isWhole(tile.column)) {
      kernels.gather(
          columns.infinity,
          m,
          product(tile, from, 2, image),
          down ? product(tile, from, 3, image) : 0,
          to + shape.scheme().finite() * LANES);
    }
  }
}
