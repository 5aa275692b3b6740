package org.alexnet.network;

import java.util.List;
import org.alexnet.InvalidNetworkException;

/**
 * A layer in its network: what is computed, of what, and where.
 *
 * @param layer what is computed
 * @param inputs names of the layers whose outputs it reads, {@link Network#DATA} for the images;
 *     empty where it reads the layer before it alone, as every layer of a chain does
 * @param column which column a layer that is not cut into columns belongs to, from 0, where the
 *     network is spread over devices. What works on each number or window by itself stays where its
 *     input is
 */
public record Node(Layer layer, List<String> inputs, int column) {

  /**
   * Keeps a copy of the names.
   *
   * @throws InvalidNetworkException if the column has no letter
   */
  public Node {
    inputs = List.copyOf(inputs);
    InvalidNetworkException.require(
        column >= 0 && column < Layer.MOST_COLUMNS,
        layer.name(),
        "column",
        column,
        "from 0 to %d".formatted(Layer.MOST_COLUMNS - 1));
  }

  /**
   * A layer of the first column.
   *
   * @param layer what is computed
   * @param inputs names of the layers that it reads; empty for the one before it
   */
  public Node(Layer layer, List<String> inputs) {
    this(layer, inputs, 0);
  }

  /**
   * A layer that reads the one before it.
   *
   * @param layer what is computed
   */
  public Node(Layer layer) {
    this(layer, List.of());
  }

  /** {@return the name of the layer} */
  public String name() {
    return layer.name();
  }
}
