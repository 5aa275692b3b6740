package org.alexnet.network;

import static org.alexnet.InvalidNetworkException.require;

import java.util.List;

/**
 * A fully-connected layer: weights {@code [outputs, inputs]}, where the inputs are flattened as C H
 * W, and one bias an output. It reads every column of its input.
 *
 * @param name in the network, in parameters and in messages
 * @param outputs values of one image that it computes, all columns together
 * @param columns parts of the outputs that may be computed on devices of their own
 * @param weight how weights start and learn
 * @param bias how biases start and learn
 */
public record FullyConnected(
    String name, int outputs, int columns, ParameterSpec weight, ParameterSpec bias)
    implements Layer {
  /**
   * Checks every field.
   *
   * @throws org.alexnet.InvalidNetworkException naming the layer and the field that is not allowed
   */
  public FullyConnected {
    require(outputs >= 1, name, "outputs", outputs, "at least 1");
    Layer.requireColumns(name, columns);
    require(
        outputs % columns == 0,
        name,
        "columns",
        columns,
        "a divisor of the %d outputs".formatted(outputs));
  }

  @Override
  public List<Parameter> parameters(int channels, int height, int width) {
    int inputs = Math.multiplyExact(Math.multiplyExact(channels, height), width);
    return List.of(
        new Parameter(name, Parameter.Kind.WEIGHT, List.of(outputs, inputs), inputs, weight),
        new Parameter(name, Parameter.Kind.BIAS, List.of(outputs), inputs, bias));
  }

  FullyConnected withBias(ParameterSpec other) {
    return new FullyConnected(name, outputs, columns, weight, other);
  }

  /**
   * {@return the same layer with another number of outputs}
   *
   * @param count at least 1
   */
  public FullyConnected withOutputs(int count) {
    return new FullyConnected(name, count, columns, weight, bias);
  }
}
