package org.alexnet.cpu.convolution;

import java.util.Arrays;
import org.alexnet.cpu.execution.Layout;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.cpu.kernel.Kernels.OutputTile;
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
  private final Pixels[] pixels; // of 1 to images images

  /**
   * What images are multiplied with, and what is added.
   *
   * @param filters panels, see {@link Layout.Panels}
   * @param init start of the padded bias, or of zeros
   * @param initPitch floats from the bias of a block to that of the next; 0 for the same
   */
  record Operands(int filters, int init, int initPitch) {}

  /**
   * The output pixels of some images, cut into tiles.
   *
   * @param windows of the rows
   * @param inPlace each tile where it is written at once
   * @param aside each tile where only some of it exists, so that it is copied
   */
  private record Pixels(
      RowTiling rows, Kernels.Windows windows, OutputTile[] inPlace, OutputTile[] aside) {}

  /**
   * @param images most images that are computed together
   * @param floor lower bound of the result
   */
  DirectProduct(ConvolutionShape shape, Kernels kernels, int images, float floor) {
    this.shape = shape;
    this.kernels = kernels;
    this.images = images;
    this.pixels = new Pixels[images + 1];
    for (int i = 1; i <= images; i++) {
      RowTiling rows = RowTiling.of(i * shape.pixels(), kernels.windowHeights());
      pixels[i] =
          new Pixels(
              rows,
              new Kernels.Windows(starts(rows), shape.kernel(), shape.run(), shape.rowPitch()),
              outputs(rows, shape.out().c(), floor),
              outputs(rows, kernels.tileWidth(), floor));
    }
  }

  private static OutputTile[] outputs(RowTiling rows, int pitch, float floor) {
    return Arrays.stream(rows.heights())
        .mapToObj(height -> new OutputTile(height, 0, pitch, floor))
        .toArray(OutputTile[]::new);
  }

  /** Where the window of each row starts; rows that do not exist read that of the last. */
  private int[] starts(RowTiling tiling) {
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
   * @param y first image of the result
   */
  void run(Operands operands, float[] m, int x, int y, int count, int scratch) {
    Pixels these = pixels[count];
    int tile = scratch + images * shape.paddedFloats();
    for (int group = 0; group < shape.groups(); group++) {
      int source = shape.direct() ? x : scratch;
      if (!shape.direct()) {
        pad(m, x, group, count, scratch);
      }
      for (int block = 0; block < blocks(); block++) {
        for (int t = 0; t < these.rows.tiles(); t++) {
          tile(operands, these, m, source, y, group * blocks() + block, t, tile);
        }
      }
    }
  }

  /** Blocks of outputs of a group, one a panel. */
  int blocks() {
    return Math.ceilDiv(shape.outputs(), kernels.tileWidth());
  }

  /** Tiles of the output pixels of one image. */
  int tiles() {
    return pixels[1].rows.tiles();
  }

  /** Pads a group's channels of one image; not for what is read where it lies. */
  void padOne(float[] m, int x, int group, int to) {
    shape.clear(m, to);
    shape.pad(m, x, group, to);
  }

  /**
   * Computes a tile of one image.
   *
   * @param source the image, or a group of its channels padded
   * @param panel number of the block of outputs, counted over all groups
   * @param t number of the tile
   * @param tile scratch for it
   */
  void tile(Operands operands, float[] m, int source, int y, int panel, int t, int tile) {
    tile(operands, pixels[1], m, source, y, panel, t, tile);
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

  private void tile(
      Operands operands, Pixels these, float[] m, int source, int y, int panel, int t, int tile) {
    int tileWidth = kernels.tileWidth();
    int first = panel % blocks() * tileWidth;
    int width = Math.min(tileWidth, shape.outputs() - first);
    int start = these.rows.starts()[t];
    int valid = these.rows.valid(t);
    int pitch = shape.out().c();
    int c = y + start * pitch + panel / blocks() * shape.outputs() + first;
    boolean whole = valid == these.rows.heights()[t] && width == tileWidth;
    kernels.windows(
        whole ? these.inPlace[t] : these.aside[t],
        these.windows,
        m,
        start,
        source,
        operands.filters + panel * shape.depth() * tileWidth,
        operands.init + panel * operands.initPitch,
        whole ? c : tile);
    if (!whole) {
      Tiles.copy(m, tile, tileWidth, c, pitch, valid, width);
    }
  }
}
