package org.alexnet.network;

import static org.alexnet.InvalidNetworkException.require;

/** Filters over windows of the input: what convolutions and locally connected layers share. */
public sealed interface FilterLayer extends Layer permits Convolution, LocallyConnected {

  /** {@return channels of the output, all groups and columns together} */
  int filters();

  /** {@return size, stride and padding of the filters in pixels} */
  Window window();

  /** {@return whether a last window that overhangs the image is kept} */
  Rounding rounding();

  /** {@return parts that input channels and filters are cut into, each seeing only its own} */
  int groups();

  /**
   * {@return inputs that a filter reads at one position}
   *
   * @param channels of the layer's input, all columns together
   */
  default int fanIn(int channels) {
    int kernel = window().kernel();
    return Math.multiplyExact(channels / groups(), kernel * kernel);
  }

  /**
   * Groups and columns have whole filters.
   *
   * @param layer its name, for the message
   * @param filters at least 1
   * @param groups a divisor of the filters
   * @param columns a divisor of the filters, and a divisor or a multiple of the groups
   * @throws org.alexnet.InvalidNetworkException naming the field that is not allowed
   */
  static void check(String layer, int filters, int groups, int columns) {
    require(filters >= 1, layer, "filters", filters, "at least 1");
    require(
        groups >= 1 && filters % groups == 0,
        layer,
        "groups",
        groups,
        "a divisor of the %d filters".formatted(filters));
    Layer.requireColumns(layer, columns);
    require(
        filters % columns == 0 && (groups % columns == 0 || columns % groups == 0),
        layer,
        "columns",
        columns,
        "a divisor of the %d filters, and a divisor or a multiple of the %d groups"
            .formatted(filters, groups));
  }
}
