package org.alexnet.cpu;

/**
 * The product of images with filters by register tiles, without unrolling the images: rows of a
 * tile are output pixels, and what their windows hold is packed tile by tile for a slice of the
 * depth, then used for every block of filters.
 */
final class DirectProduct {
  /** Depth of a slice: 14 rows of it stay in a first-level cache of 32 KB. */
  private static final int SLICE = 384;

  private final ConvShape shape;
  private final Kernels kernels;
  private final int images;
  private final int[] offsets; // of the window of each row in what is read
  private final RowTiling[] tilings; // for 1 to images images

  /**
   * @param images most images that are computed together
   */
  DirectProduct(ConvShape shape, Kernels kernels, int images) {
    this.shape = shape;
    this.kernels = kernels;
    this.images = images;
    this.offsets = new int[images * shape.pixels()];
    for (int row = 0; row < offsets.length; row++) {
      int pixel = row % shape.pixels();
      int h = pixel / shape.out().w() * shape.stride();
      int w = pixel % shape.out().w() * shape.stride();
      offsets[row] =
          row / shape.pixels() * shape.imagePitch() + h * shape.rowPitch() + w * shape.inputs();
    }
    this.tilings = new RowTiling[images + 1];
    for (int i = 1; i <= images; i++) {
      tilings[i] = RowTiling.of(i * shape.pixels(), kernels.heights());
    }
  }

  /** Floats of scratch: padded images, packed rows, one tile. */
  int scratchFloats() {
    return images * shape.paddedFloats() + packFloats() + tileFloats();
  }

  private int packFloats() {
    return kernels.heights()[0] * slice();
  }

  private int tileFloats() {
    return kernels.heights()[0] * kernels.columns();
  }

  private int slice() {
    return Math.ceilDiv(shape.depth(), Math.ceilDiv(shape.depth(), SLICE));
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
    int pack = scratch + images * shape.paddedFloats();
    int blocks = Math.ceilDiv(shape.outputs(), kernels.columns());
    for (int group = 0; group < shape.groups(); group++) {
      int source = x;
      if (!shape.direct()) {
        source = scratch;
        for (int i = 0; i < count; i++) {
          if (group == 0) {
            shape.clear(m, scratch + i * shape.imagePitch());
          }
          shape.pad(m, x + i * shape.in().imageElements(), group, scratch + i * shape.imagePitch());
        }
      }
      int panels = filters + group * blocks * shape.depth() * kernels.columns();
      int start = init + group * blocks * initPitch;
      int to = y + group * shape.outputs();
      for (int k = 0; k < shape.depth(); k += slice()) {
        slice(m, source, k, panels, start, initPitch, to, floor, tilings[count], pack);
      }
    }
  }

  private void slice(
      float[] m,
      int source,
      int k,
      int panels,
      int init,
      int initPitch,
      int y,
      float floor,
      RowTiling tiling,
      int pack) {
    int columns = kernels.columns();
    int length = Math.min(slice(), shape.depth() - k);
    boolean last = k + length == shape.depth();
    float low = last ? floor : Float.NEGATIVE_INFINITY;
    int ldc = shape.out().c();
    int tile = pack + packFloats();
    for (int t = 0; t < tiling.tiles(); t++) {
      int height = tiling.heights()[t];
      int valid = tiling.valid(t);
      pack(m, source, tiling.starts()[t], valid, height, k, length, pack);
      for (int block = 0; block * columns < shape.outputs(); block++) {
        int width = Math.min(columns, shape.outputs() - block * columns);
        int c = y + tiling.starts()[t] * ldc + block * columns;
        int b = panels + (block * shape.depth() + k) * columns;
        int start = k == 0 ? init + block * initPitch : c;
        int ldInit = k == 0 ? 0 : ldc;
        if (valid == height && width == columns) {
          kernels.tile(
              height, m, pack, height, 0, b, columns, 0, 1, length, start, ldInit, c, ldc, low);
          continue;
        }
        if (k > 0) {
          Tiles.copy(m, c, ldc, tile, columns, valid, width);
          start = tile;
          ldInit = columns;
        }
        kernels.tile(
            height, m, pack, height, 0, b, columns, 0, 1, length, start, ldInit, tile, columns,
            low);
        Tiles.copy(m, tile, columns, c, ldc, valid, width);
      }
    }
  }

  /** Packs a slice of the windows of a tile's rows, row innermost. */
  private void pack(
      float[] m, int source, int row, int valid, int height, int k, int length, int to) {
    int run = shape.run();
    int gap = shape.rowPitch() - run;
    for (int i = 0; i < valid; i++) {
      int from = source + offsets[row + i] + k / run * shape.rowPitch() + k % run;
      int left = run - k % run;
      int p = to + i;
      int rest = length;
      while (rest > 0) {
        int n = Math.min(left, rest);
        for (int j = 0; j < n; j++) {
          m[p] = m[from + j];
          p += height;
        }
        from += n + gap;
        rest -= n;
        left = run;
      }
    }
    for (int i = valid; i < height; i++) {
      for (int j = 0; j < length; j++) {
        m[to + i + j * height] = 0;
      }
    }
  }
}
