package org.alexnet.formats.onnx;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import org.alexnet.network.Blur;

/** Finds out which Gaussian a filter is. */
final class Gaussian {
  /** Digits of a number of single precision. */
  private static final int DIGITS = 9;

  /** Neighbours of a number that are tried, for what the filter's own rounding has lost. */
  private static final int NEIGHBOURS = 64;

  /** So narrow that nothing of it lies beyond its own pixel. */
  private static final float NARROW = 0.05f;

  private Gaussian() {}

  /**
   * The blur whose filters these are, bit for bit, with the shortest number for its deviation; null
   * where they are others.
   *
   * @param rows a filter for each channel, one after the other
   * @param columns likewise
   * @param size of a filter
   */
  static Blur of(float[] rows, float[] columns, int size) {
    for (int i = 0; i < rows.length; i++) {
      if (rows[i] != rows[i % size] || columns[i] != rows[i]) {
        return null;
      }
    }
    if (size % 2 == 0 || size > 1 << 12) {
      return null;
    }
    int middle = size / 2;
    int last = middle;
    while (last + 1 < size && rows[last + 1] >= Float.MIN_NORMAL) {
      last++;
    }
    if (last == middle) {
      return is(rows, size, NARROW);
    }
    int distance = last - middle;
    double log = Math.log((double) rows[middle] / rows[last]);
    double deviation = distance / Math.sqrt(2 * log);
    if (!(deviation > 0 && deviation < Float.MAX_VALUE)) {
      return null;
    }
    for (int digits = 1; digits <= DIGITS; digits++) {
      Blur blur =
          is(rows, size, new BigDecimal(deviation).round(new MathContext(digits)).floatValue());
      if (blur != null) {
        return blur;
      }
    }
    float up = (float) deviation;
    float down = up;
    for (int i = 0; i < NEIGHBOURS; i++) {
      up = Math.nextUp(up);
      down = Math.nextDown(down);
      Blur above = is(rows, size, up);
      Blur blur = above != null ? above : is(rows, size, down);
      if (blur != null) {
        return blur;
      }
    }
    return null;
  }

  private static Blur is(float[] filter, int size, float deviation) {
    if (!(deviation > 0)) {
      return null;
    }
    Blur blur = new Blur("blur", size, deviation);
    List<Float> wanted = blur.filter();
    for (int i = 0; i < size; i++) {
      if (wanted.get(i) != filter[i]) {
        return null;
      }
    }
    return blur;
  }
}
