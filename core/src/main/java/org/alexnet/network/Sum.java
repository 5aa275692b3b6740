package org.alexnet.network;

import static org.alexnet.InvalidNetworkException.require;

import java.util.List;

/**
 * The sum of several inputs of one shape, each multiplied by a constant; terms are added in their
 * order.
 *
 * @param name in the network and in messages
 * @param coefficients what each input is multiplied by
 */
public record Sum(String name, List<Float> coefficients) implements Layer {
  /**
   * Checks the coefficients.
   *
   * @throws org.alexnet.InvalidNetworkException if one is not finite, or there is none
   */
  public Sum {
    coefficients = List.copyOf(coefficients);
    boolean good = !coefficients.isEmpty() && coefficients.stream().allMatch(Float::isFinite);
    require(good, name, "coefficients", coefficients, "finite, one for each input");
  }

  @Override
  public boolean joins() {
    return true;
  }
}
