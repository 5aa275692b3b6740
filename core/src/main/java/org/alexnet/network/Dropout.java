package org.alexnet.network;

import org.alexnet.InvalidNetworkException;

/**
 * Sets each input to zero with probability {@code rate} while training.
 *
 * @param name in the network and in messages
 * @param rate the probability, at least 0 and below 1
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

  /**
   * Checks the rate.
   *
   * @throws InvalidNetworkException if it is below 0, 1 or more
   */
  public Dropout {
    InvalidNetworkException.require(
        rate >= 0 && rate < 1, name, "rate", rate, "at least 0 and below 1");
  }
}
