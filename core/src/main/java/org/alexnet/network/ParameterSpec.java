package org.alexnet.network;

import static org.alexnet.InvalidNetworkException.require;

/**
 * Where a learned tensor starts and how it learns.
 *
 * @param initial values before the first step
 * @param rate what the learning rate is multiplied by
 * @param decay what the weight decay is multiplied by
 * @param momentum what the momentum is multiplied by, at most 1
 * @param bounds of each filter of weights after each update; null for none. A bias has no filters
 */
public record ParameterSpec(
    Initial initial,
    float rate,
    float decay,
    @Default("1.0") float momentum,
    @Default("null") FilterBounds bounds) {
  /**
   * Checks the factors.
   *
   * @throws org.alexnet.InvalidNetworkException naming the one that is not allowed
   */
  public ParameterSpec {
    require(rate >= 0 && Float.isFinite(rate), null, "rate", rate, "finite, at least 0");
    require(decay >= 0 && Float.isFinite(decay), null, "decay", decay, "finite, at least 0");
    require(momentum >= 0 && momentum <= 1, null, "momentum", momentum, "from 0 to 1");
  }

  /**
   * Learns with the momentum of the whole network and without bounds.
   *
   * @param initial values before the first step
   * @param rate what the learning rate is multiplied by
   * @param decay what the weight decay is multiplied by
   * @throws org.alexnet.InvalidNetworkException naming the factor that is below 0 or not finite
   */
  public ParameterSpec(Initial initial, float rate, float decay) {
    this(initial, rate, decay, 1, null);
  }

  /** The same, starting from a bound where it starts from a constant above that. */
  ParameterSpec startingAtMost(float bound) {
    return initial instanceof Initial.Constant(float value) && value > bound
        ? new ParameterSpec(new Initial.Constant(bound), rate, decay, momentum, bounds)
        : this;
  }

  /**
   * Learns at the rate, the decay and the momentum of the whole network.
   *
   * @param initial what its elements start from
   * @return a parameter whose factors are 1
   */
  public static ParameterSpec of(Initial initial) {
    return new ParameterSpec(initial, 1, 1);
  }
}
