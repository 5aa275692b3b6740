package org.alexnet.formats.convnet;

import java.util.Optional;
import org.alexnet.formats.convnet.Graph.Output;
import org.alexnet.network.Layer;

/** A layer with weights for each of its inputs, whose products are added. */
interface Weighted {
  /** Whether one layer that reads all inputs joined, the part of the first, is the same. */
  boolean joins();

  /** What a part reads its input through. */
  default Optional<Layer> before(String name, int input) {
    return Optional.empty();
  }

  /** The layer of one input; the first of them has the biases. */
  Layer part(String name, int input);

  /** What it gives, by no name yet. */
  Output output();
}
