package org.alexnet.network;

import static org.alexnet.InvalidNetworkException.require;

/**
 * log(1 + e^x), and x itself above a threshold. The authors' program, which calls it softrelu, has
 * a threshold of 4, where it leaps by 0.018; above 17 single precision knows no difference.
 *
 * @param name in the network and in messages
 * @param threshold from where on the function is x; at least 0
 */
public record Softplus(String name, float threshold) implements Activation {
  /**
   * Checks the threshold.
   *
   * @throws org.alexnet.InvalidNetworkException if it is below 0 or not finite
   */
  public Softplus {
    require(
        threshold >= 0 && Float.isFinite(threshold),
        name,
        "threshold",
        threshold,
        "finite, at least 0");
  }
}
