package org.alexnet.network;

import static org.alexnet.InvalidNetworkException.require;

/**
 * Where a learned tensor starts and how it learns.
 *
 * @param initial values before the first step
 * @param rate what the learning rate is multiplied by
 * @param decay what the weight decay is multiplied by
 */
public record ParameterSpec(Initial initial, float rate, float decay) {
  /**
   * Checks the factors.
   *
   * @throws org.alexnet.InvalidNetworkException naming the one that is below 0 or not finite
   */
  public ParameterSpec {
    require(rate >= 0 && Float.isFinite(rate), null, "rate", rate, "finite, at least 0");
    require(decay >= 0 && Float.isFinite(decay), null, "decay", decay, "finite, at least 0");
  }

  /** The same, starting from a bound where it starts from a constant above that. */
  ParameterSpec startingAtMost(float bound) {
    return initial instanceof Initial.Constant(float value) && value > bound
        ? new ParameterSpec(new Initial.Constant(bound), rate, decay)
        : this;
  }

  /**
   * Learns at the rate and the decay of the whole network.
   *
   * @param initial what its elements start from
   * @return a parameter whose factors are 1
   */
  public static ParameterSpec of(Initial initial) {
    return new ParameterSpec(initial, 1, 1);
  }
}
