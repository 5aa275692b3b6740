package org.alexnet.network;

/**
 * A learned tensor of a layer: where it starts and how it learns.
 *
 * @param initial values before the first step
 * @param rate what the learning rate is multiplied by
 * @param decay what the weight decay is multiplied by
 */
public record Parameter(Initial initial, float rate, float decay) {

  /** The same, starting from a bound where it starts from a constant above that. */
  Parameter startingAtMost(float bound) {
    return initial instanceof Initial.Constant(float value) && value > bound
        ? new Parameter(new Initial.Constant(bound), rate, decay)
        : this;
  }

  /** Learns at the rate and the decay of the whole network. */
  public static Parameter of(Initial initial) {
    return new Parameter(initial, 1, 1);
  }
}
