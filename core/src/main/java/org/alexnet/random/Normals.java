package org.alexnet.random;

import org.apache.commons.math3.special.Erf;

/** The normal distribution as far as drawing from it needs. */
final class Normals {
  private static final double SQRT_2 = Math.sqrt(2);

  private Normals() {}

  /**
   * The inverse of the standard normal distribution function.
   *
   * <p>One uniform word gives one normal number, so that an element keeps its own counter; Box and
   * Muller's pairs would tie two elements together.
   */
  static double quantile(double p) {
    return SQRT_2 * Erf.erfInv(2 * p - 1);
  }
}
