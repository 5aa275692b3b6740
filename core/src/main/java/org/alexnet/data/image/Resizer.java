package org.alexnet.data.image;

import java.util.Arrays;

/**
 * Brings a picture to the size of the network: scaled until it just covers the target, then cropped
 * to the centre. For a square target that is the shorter side brought to its size.
 *
 * <p>The filter is the triangle, as wide as a target pixel when shrinking (so that every source
 * pixel counts) and as a source pixel when growing (bilinear). Columns are scaled first, then rows,
 * in integers with weights of 22 bits after the point and bytes between the two, as Pillow's {@code
 * BILINEAR} does: the bits are the same on all machines.
 */
public final class Resizer {
  private static final int POINT = 22;

  private Resizer() {}

  /** {@code source} itself, if it has the size already. */
  public static Picture fit(Picture source, int height, int width) {
    long w = source.width();
    long h = source.height();
    boolean tall = h * width >= w * height;
    return scaled(
        source, tall ? h * width / w : height, tall ? width : w * height / h, height, width);
  }

  /** Both sides brought to their size, whatever becomes of their ratio; nothing is cropped. */
  public static Picture stretch(Picture source, int height, int width) {
    return scaled(source, height, width, height, width);
  }

  private static Picture scaled(
      Picture source, long scaledHeight, long scaledWidth, int height, int width) {
    if (source.width() == width && source.height() == height) {
      return source;
    }
    Taps columns = Taps.of(source.width(), scaledWidth, (scaledWidth - width) / 2, width);
    Taps rows = Taps.of(source.height(), scaledHeight, (scaledHeight - height) / 2, height);
    byte[][] planes = new byte[source.planes().length][];
    for (int c = 0; c < planes.length; c++) {
      byte[] narrowed = scaleColumns(source.planes()[c], source.width(), columns, rows);
      planes[c] = scaleRows(narrowed, width, rows);
    }
    return new Picture(width, height, planes);
  }

  /** The rows that {@code rows} reads, each scaled; row 0 of the result is the first of them. */
  private static byte[] scaleColumns(byte[] plane, int width, Taps columns, Taps rows) {
    int count = columns.start().length;
    byte[] out = new byte[Math.multiplyExact(rows.end() - rows.begin(), count)];
    int at = 0;
    for (int y = rows.begin(); y < rows.end(); y++) {
      for (int x = 0; x < count; x++) {
        int[] weights = columns.weights()[x];
        int from = y * width + columns.start()[x];
        int sum = 1 << (POINT - 1);
        for (int k = 0; k < weights.length; k++) {
          sum += (plane[from + k] & 0xFF) * weights[k];
        }
        out[at++] = (byte) Math.clamp(sum >> POINT, 0, 255);
      }
    }
    return out;
  }

  private static byte[] scaleRows(byte[] plane, int width, Taps rows) {
    int count = rows.start().length;
    byte[] out = new byte[count * width];
    int[] sums = new int[width];
    for (int y = 0; y < count; y++) {
      Arrays.fill(sums, 1 << (POINT - 1));
      int[] weights = rows.weights()[y];
      for (int k = 0; k < weights.length; k++) {
        int from = (rows.start()[y] - rows.begin() + k) * width;
        int weight = weights[k];
        for (int x = 0; x < width; x++) {
          sums[x] += (plane[from + x] & 0xFF) * weight;
        }
      }
      for (int x = 0; x < width; x++) {
        out[y * width + x] = (byte) Math.clamp(sums[x] >> POINT, 0, 255);
      }
    }
    return out;
  }

  /**
   * What each target pixel reads along one side.
   *
   * @param start first source pixel of each target pixel
   * @param weights weights from there on, with {@link #POINT} bits after the point
   */
  private record Taps(int[] start, int[][] weights) {

    /** Target pixels {@code first} to {@code first + count - 1} of {@code to}. */
    static Taps of(int from, long to, long first, int count) {
      double scale = (double) from / to;
      double reach = Math.max(scale, 1);
      int[] start = new int[count];
      int[][] weights = new int[count][];
      for (int i = 0; i < count; i++) {
        double centre = (first + i + 0.5) * scale;
        start[i] = Math.max(0, (int) (centre - reach + 0.5));
        int end = Math.min(from, (int) (centre + reach + 0.5));
        weights[i] = triangle(start[i], end, centre, reach);
      }
      return new Taps(start, weights);
    }

    private static int[] triangle(int start, int end, double centre, double reach) {
      double[] exact = new double[end - start];
      double total = 0;
      for (int k = 0; k < exact.length; k++) {
        exact[k] = Math.max(0, 1 - Math.abs(start + k + 0.5 - centre) / reach);
        total += exact[k];
      }
      int[] weights = new int[exact.length];
      for (int k = 0; k < exact.length; k++) {
        weights[k] = (int) (exact[k] / total * (1 << POINT) + 0.5);
      }
      return weights;
    }

    /** First source pixel that is read. */
    int begin() {
      return start[0];
    }

    /** One behind the last source pixel that is read. */
    int end() {
      int last = start.length - 1;
      return start[last] + weights[last].length;
    }
  }
}
