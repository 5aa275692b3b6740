package org.alexnet.network;

import java.util.List;

/**
 * A learned tensor as its layer declares it. Initial values, files, tables and fine-tuning read
 * this declaration and nothing else.
 *
 * @param layer the layer's name
 * @param kind what it is to the layer
 * @param shape its sizes in files: {@code [out, in / groups, kernel, kernel]} for a convolution,
 *     {@code [out, in]} for a fully-connected layer, {@code [out]} or {@code [out, h, w]} for a
 *     bias, {@code [h, w, out, in / groups, kernel, kernel]} for weights that differ by position
 * @param fanIn inputs that one output of the layer reads
 * @param spec where it starts and how it learns
 */
public record Parameter(
    String layer, Kind kind, List<Integer> shape, int fanIn, ParameterSpec spec) {

  /** Sizes of weights that differ by position. */
  private static final int POSITIONED = 6;

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

  /** {@return which of the sizes counts the outputs, which columns share among them} */
  public int outputAxis() {
    return shape.size() == POSITIONED ? 2 : 0;
  }

  /** {@return number of values} */
  public long elements() {
    return shape.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
  }
}
