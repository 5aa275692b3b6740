package org.alexnet.network;

import static org.alexnet.InvalidNetworkException.require;

/**
 * Bounds of each filter of some weights, the weights that one output is made by: after each update
 * at a rate above 0, a filter outside of them is multiplied by what brings it to the nearer bound.
 * A filter whose measure is 0 stays as it is, since no factor changes that. The authors' program
 * has both measures, as {@code wball} and {@code wcNorm}; momentum knows nothing of it.
 *
 * @param measure what is bounded
 * @param least smallest value, finite, at least 0
 * @param most largest value, finite, above 0 and at least {@code least}
 */
public record FilterBounds(Measure measure, float least, float most) {

  /** A size of the weights w of a filter. */
  public enum Measure {
    /** Their norm, the root of the sum of w squared. */
    NORM,
    /** Their standard deviation, the root of the mean of (w - mean of w) squared. */
    DEVIATION
  }

  /**
   * Checks the bounds.
   *
   * @throws org.alexnet.InvalidNetworkException naming the one that is not allowed
   */
  public FilterBounds {
    require(least >= 0 && Float.isFinite(least), null, "least", least, "finite, at least 0");
    require(
        most > 0 && most >= least && Float.isFinite(most),
        null,
        "most",
        most,
        "finite, above 0 and at least %s".formatted(least));
  }

  /**
   * {@return what the weights of a filter are multiplied by}
   *
   * @param value of their measure
   */
  public double factor(double value) {
    return value == 0 ? 1 : value < least ? least / value : value > most ? most / value : 1;
  }
}
