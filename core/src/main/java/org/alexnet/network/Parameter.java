package org.alexnet.network;

import java.util.List;

/**
 * A learned tensor as its layer declares it. Initial values, files, tables and fine-tuning read
 * this declaration and nothing else.
 *
 * @param layer the layer's name
 * @param kind what it is to the layer
 * @param shape its sizes in files, the outputs first: {@code [out, in / groups, kernel, kernel]}
 *     for a convolution, {@code [out, in]} for a fully-connected layer, {@code [out]} for a bias
 * @param fanIn inputs that one output of the layer reads
 * @param spec where it starts and how it learns
 */
public record Parameter(
    String layer, Kind kind, List<Integer> shape, int fanIn, ParameterSpec spec) {

  /** What a learned tensor is to its layer. */
  public enum Kind {
    /** What inputs are multiplied by. */
    WEIGHT("weight"),
    /** What is added to each output. */
    BIAS("bias");

    private final String suffix;

    Kind(String suffix) {
      this.suffix = suffix;
    }
  }

  /** Keeps a copy of the shape. */
  public Parameter {
    shape = List.copyOf(shape);
  }

  /** {@return the name in files and programs, such as {@code conv1.weight}} */
  public String name() {
    return nameIn(layer);
  }

  /**
   * {@return the name that the parameter would have in another layer}
   *
   * @param otherLayer the name of that layer
   */
  public String nameIn(String otherLayer) {
    return otherLayer + "." + kind.suffix;
  }

  /** {@return number of values} */
  public long elements() {
    return shape.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
  }
}
