package org.alexnet.network;

/**
 * A fully-connected layer: weights {@code [outputs, inputs]}, where the inputs are flattened as C H
 * W, and one bias an output. It reads every column of its input.
 *
 * @param columns parts of the outputs that may be computed on devices of their own
 */
public record FullyConnected(
    String name, int outputs, int columns, Parameter weight, Parameter bias) implements Layer {
  public FullyConnected {
    if (outputs < 1 || columns < 1 || outputs % columns != 0) {
      throw new IllegalArgumentException(
          "%s: %d outputs in %d columns".formatted(name, outputs, columns));
    }
  }

  FullyConnected withBias(Parameter other) {
    return new FullyConnected(name, outputs, columns, weight, other);
  }

  /** The same layer with another number of outputs. */
  public FullyConnected withOutputs(int count) {
    return new FullyConnected(name, count, columns, weight, bias);
  }
}
