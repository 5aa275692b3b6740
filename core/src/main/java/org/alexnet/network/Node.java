package org.alexnet.network;

import java.util.List;

/**
 * A layer in its network: what is computed, and of what.
 *
 * @param layer what is computed
 * @param inputs names of the layers whose outputs it reads, {@link Network#DATA} for the images;
 *     empty where it reads the layer before it alone, as every layer of a chain does
 */
public record Node(Layer layer, List<String> inputs) {

  /** Keeps a copy of the names. */
  public Node {
    inputs = List.copyOf(inputs);
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
