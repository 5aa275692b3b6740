package org.alexnet.network;

/**
 * Sets each input to zero with probability {@code rate} while training.
 *
 * @param scaling where the loss of input is made up for
 */
public record Dropout(String name, float rate, Scaling scaling) implements Layer {

  /** Where the scale is applied. */
  public enum Scaling {
    /** The paper: what is kept stays as it is, testing multiplies by 1 - rate. */
    TESTING,
    /** What is kept is divided by 1 - rate while training; testing does nothing. */
    TRAINING
  }

  public Dropout {
    if (!(rate >= 0 && rate < 1)) {
      throw new IllegalArgumentException(
          "%s: dropout rate %s, must be at least 0 and below 1".formatted(name, rate));
    }
  }
}
