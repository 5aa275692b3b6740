package org.alexnet.network;

/**
 * A fully-connected layer: weights {@code [outputs, inputs]}, where the inputs are flattened as C H
 * W, and one bias an output.
 */
public record FullyConnected(String name, int outputs, Parameter weight, Parameter bias)
    implements Layer {
  public FullyConnected {
    if (outputs < 1) {
      throw new IllegalArgumentException("%s: %d outputs".formatted(name, outputs));
    }
  }

  /** The same layer with another number of outputs. */
  public FullyConnected withOutputs(int count) {
    return new FullyConnected(name, count, weight, bias);
  }
}
