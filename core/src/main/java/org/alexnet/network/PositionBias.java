package org.alexnet.network;

import java.util.List;

/**
 * Adds a bias {@code [channels, h, w]} to every image: one that each position of each map has of
 * its own, as convolutions of the authors' program have where their biases are not shared. It has
 * the columns of its input.
 *
 * @param name in the network, in parameters and in messages
 * @param bias how biases start and learn
 */
public record PositionBias(String name, ParameterSpec bias) implements Layer {

  @Override
  public List<Parameter> parameters(int channels, int height, int width) {
    List<Integer> shape = List.of(channels, height, width);
    return List.of(new Parameter(name, Parameter.Kind.BIAS, shape, 1, bias));
  }

  PositionBias withBias(ParameterSpec other) {
    return new PositionBias(name, other);
  }
}
