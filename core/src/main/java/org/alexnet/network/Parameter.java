package org.alexnet.network;

/**
 * A learned tensor of a layer: where it starts and how it learns.
 *
 * @param initial values before the first step
 * @param rate what the learning rate is multiplied by
 * @param decay what the weight decay is multiplied by
 */
public record Parameter(Initial initial, float rate, float decay) {

  /** Learns at the rate and the decay of the whole network. */
  public static Parameter of(Initial initial) {
    return new Parameter(initial, 1, 1);
  }
}
