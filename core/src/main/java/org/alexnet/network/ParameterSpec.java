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

  /** Learns at the rate and the decay of the whole network. */
  public static ParameterSpec of(Initial initial) {
    return new ParameterSpec(initial, 1, 1);
  }
}
