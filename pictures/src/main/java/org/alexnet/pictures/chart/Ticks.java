package org.alexnet.pictures.chart;

import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Round numbers along an axis, from one below all values to one above.
 *
 * @param first the lowest
 * @param step from one to the next: 1, 2 or 5 times a power of ten
 * @param count how many
 */
record Ticks(double first, double step, int count) {

  /**
   * About {@code wanted} of them.
   *
   * @param leastStep the step is not below this
   */
  static Ticks of(double least, double most, int wanted, double leastStep) {
    double span = Math.max(most - least, Math.max(leastStep, Math.abs(most) * 1e-6));
    double rough = span / wanted;
    double power = Math.pow(10, Math.floor(Math.log10(rough)));
    double step = power * 10;
    for (int factor : new int[] {1, 2, 5}) {
      if (factor * power >= rough * 0.999) {
        step = factor * power;
        break;
      }
    }
    step = Math.max(step, leastStep);
    double low = Math.floor(least / step + 1e-9);
    double high = Math.max(low + 1, Math.ceil(most / step - 1e-9));
    return new Ticks(low * step, step, (int) (high - low) + 1);
  }

  double[] values() {
    return IntStream.range(0, count).mapToDouble(i -> first + i * step).toArray();
  }

  double last() {
    return first + (count - 1) * step;
  }

  /** A value with as many decimals as the step needs. */
  String text(double value) {
    int decimals = Math.max(0, (int) -Math.floor(Math.log10(step) + 1e-9));
    return String.format(Locale.ROOT, "%." + decimals + "f", value + 0.0);
  }
}
