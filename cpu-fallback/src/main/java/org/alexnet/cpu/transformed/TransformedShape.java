package org.alexnet.cpu.transformed;

import java.util.Arrays;
import java.util.Optional;
import org.alexnet.cpu.kernel.Transform;
import org.alexnet.network.Window;
import org.alexnet.program.Shape;

/**
 * The geometry of a transformed convolution.
 *
 * <p>A convolution with a stride s is one without over blocks of s x s pixels: each block has the
 * channels of its pixels, and a filter of k x k pixels covers ceil(k / s) blocks a side.
 *
 * @param scheme transform of rows and columns alike
 * @param in image that is read, [n, c, h, w]
 * @param out image that is written
 * @param window of the filters; its stride is the edge of a block, and what pads the image is above
 *     and left of it
 * @param groups groups of channels
 * @param rows cut of a column of the output into tiles
 * @param columns cut of a row of the output into tiles
 */
public record TransformedShape(
    Scheme scheme, Shape in, Shape out, Window window, int groups, TileRow rows, TileRow columns) {

  /** Images from which on transforms pay: fewer read transformed filters for too little work. */
  private static final int FEWEST_IMAGES = 8;

  /** Products of a direct convolution to those of this one, from which on transforms pay. */
  private static final double LEAST_SAVING = 1.5;

  /** Floats of filters at points, or of one image's values: 1 GB. */
  private static final long MOST_FLOATS = 1L << 28;

  /** The forward convolution, where it is faster transformed. */
  static Optional<TransformedShape> forward(Shape x, Shape y, Window window, int groups) {
    return of(x, y, window, groups);
  }

  /** The gradient with respect to the input, as a convolution of the output's gradient. */
  static Optional<TransformedShape> backward(Shape dy, Shape dx, Window window, int groups) {
    int pad = window.kernel() - 1 - window.pad();
    return window.stride() == 1 && pad >= 0
        ? of(dy, dx, new Window(window.kernel(), 1, pad), groups)
        : Optional.empty();
  }

  private static Optional<TransformedShape> of(Shape in, Shape out, Window window, int groups) {
    int stride = window.stride();
    boolean blocks = stride > 1;
    int inputs = in.c() / groups * stride * stride;
    if (in.n() < FEWEST_IMAGES
        || inputs % Transform.LANES != 0
        || out.c() / groups % Transform.LANES != 0
        || (blocks && groups > 1)) {
      return Optional.empty();
    }
    TransformedShape best = null;
    for (Scheme scheme : Scheme.values()) {
      if (scheme.taps() == Math.ceilDiv(window.kernel(), stride)) {
        TransformedShape shape =
            new TransformedShape(
                scheme,
                in,
                out,
                window,
                groups,
                TileRow.of(out.h(), scheme),
                TileRow.of(out.w(), scheme));
        if (best == null || shape.saving() > best.saving()) {
          best = shape;
        }
      }
    }
    return best != null && best.saving() >= LEAST_SAVING && best.isAddressable()
        ? Optional.of(best)
        : Optional.empty();
  }

  /** Whether filters at points, and one image's values, are of a size that can be laid out. */
  private boolean isAddressable() {
    long filters = (long) scheme.filterPoints() * channels() * outputs();
    long values = tiles(1).products() * (channels() + out.c());
    return filters <= MOST_FLOATS && values <= MOST_FLOATS;
  }

  private int kernel() {
    return window.kernel();
  }

  private int stride() {
    return window.stride();
  }

  /** Products of the direct convolution for each of this one. */
  double saving() {
    double direct = (double) out.h() * out.w() * kernel() * kernel() * in.c() / groups;
    return direct / ((double) tiles(1).products() * inputs());
  }

  PointTiles tiles(int images) {
    return new PointTiles(scheme, rows, columns, images);
  }

  /** Whether the image is rearranged to blocks before it is transformed. */
  boolean blocked() {
    return stride() > 1;
  }

  /** Channels of a group that are read, in blocks. */
  int inputs() {
    return in.c() / groups * stride() * stride();
  }

  /** Channels of a group that are written. */
  int outputs() {
    return out.c() / groups;
  }

  /** Channels of all groups of what tiles are read from. */
  int channels() {
    return groups * inputs();
  }

  /** Rows of what tiles are read from. */
  int height() {
    return blocked() ? out.h() - 1 + scheme.taps() : in.h();
  }

  int width() {
    return blocked() ? out.w() - 1 + scheme.taps() : in.w();
  }

  /** Padding that is left once an image is in blocks. */
  int padding() {
    return blocked() ? 0 : window.pad();
  }

  /** Floats of an image in blocks; 0 where it is read as it lies. */
  int blockedFloats() {
    return blocked() ? height() * width() * channels() : 0;
  }

  /** Rearranges one image to blocks; what lies outside of it becomes 0. */
  void block(float[] m, int x, int to) {
    Arrays.fill(m, to, to + blockedFloats(), 0);
    int stride = stride();
    int pad = window.pad();
    int run = stride * in.c();
    for (int h = 0; h < in.h(); h++) {
      int row = (h + pad) / stride;
      if (row >= height()) {
        break;
      }
      int start = to + row * width() * channels() + (h + pad) % stride * run;
      int from = x + h * in.w() * in.c();
      // The first and the last block of a row may hold only some of the image's pixels.
      int first = Math.min(in.w(), (stride - pad % stride) % stride);
      copy(m, from, first, start + pad / stride * channels() + pad % stride * in.c());
      int block = Math.ceilDiv(pad, stride);
      int pixel = first;
      for (; pixel + stride <= in.w() && block < width(); pixel += stride) {
        System.arraycopy(m, from + pixel * in.c(), m, start + block * channels(), run);
        block++;
      }
      if (block < width()) {
        copy(m, from + pixel * in.c(), in.w() - pixel, start + block * channels());
      }
    }
  }

  private void copy(float[] m, int from, int pixels, int to) {
    System.arraycopy(m, from, m, to, pixels * in.c());
  }

  /**
   * Where a weight lies in a panel of filters: its number among the inputs of an output, or -1 for
   * one that only fills up a block.
   *
   * @param row row of the tap, in blocks
   * @param column column of the tap, in blocks
   * @param channel channel of a block
   */
  int tap(int row, int column, int channel) {
    int channels = in.c() / groups;
    int pixel = channel / channels;
    int y = row * stride() + pixel / stride();
    int x = column * stride() + pixel % stride();
    return y < kernel() && x < kernel() ? (y * kernel() + x) * channels + channel % channels : -1;
  }
}
