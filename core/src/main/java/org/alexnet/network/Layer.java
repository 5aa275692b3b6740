package org.alexnet.network;

import java.util.List;
import org.alexnet.InvalidNetworkException;

/** What a paper says a layer is. A new kind of layer is a new record here. */
public sealed interface Layer
    permits FilterLayer,
        PositionBias,
        Pooling,
        Relu,
        Tanh,
        Activation,
        LocalResponseNorm,
        ContrastNorm,
        Blur,
        Subsample,
        HorizontalFlip,
        ChannelSelection,
        FullyConnected,
        Dropout,
        Concatenation,
        Sum,
        SoftmaxCrossEntropy {

  /** Columns are called by letters. */
  int MOST_COLUMNS = 26;

  /** {@return the name in the network, in parameters ({@code conv1.weight}) and in messages} */
  String name();

  /**
   * What it learns, whole, in the order of files.
   *
   * @param channels of its input, all columns together
   * @param height of its input in pixels
   * @param width of its input in pixels
   * @return weights and biases; empty for a layer that learns nothing
   */
  default List<Parameter> parameters(int channels, int height, int width) {
    return List.of();
  }

  /**
   * {@return how many columns its outputs are cut into; 1 for a layer that leaves its input's as
   * they are}
   */
  default int columns() {
    return 1;
  }

  /** {@return whether it reads several layers, and not one} */
  default boolean joins() {
    return false;
  }

  /**
   * Columns are called by letters.
   *
   * @param layer its name, for the message
   * @param columns must be from 1 to 26
   */
  static void requireColumns(String layer, int columns) {
    InvalidNetworkException.require(
        columns >= 1 && columns <= MOST_COLUMNS,
        layer,
        "columns",
        columns,
        "from 1 to %d".formatted(MOST_COLUMNS));
  }
}
