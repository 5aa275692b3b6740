package org.alexnet.network;

import static org.alexnet.InvalidNetworkException.require;

import java.util.List;

/**
 * A convolution: filters {@code [filters, channels / groups, kernel, kernel]} and one bias a
 * filter. Beyond the image lie zeros.
 *
 * @param name in the network, in parameters and in messages
 * @param filters channels of the output, all groups and columns together
 * @param window size, stride and padding of the filters in pixels
 * @param rounding whether a last window that overhangs the image is kept
 * @param groups input channels and filters are cut into as many parts, each seeing only its own
 * @param columns parts of the filters that may be computed on devices of their own. A column reads
 *     what its groups do: its part of the input, that of the columns of its group, or all of it
 * @param weight how filters start and learn
 * @param bias how biases start and learn
 */
public record Convolution(
    String name,
    int filters,
    Window window,
    Rounding rounding,
    int groups,
    int columns,
    ParameterSpec weight,
    ParameterSpec bias)
    implements Layer {
  /**
   * Checks every field.
   *
   * @throws org.alexnet.InvalidNetworkException naming the layer and the field that is not allowed
   */
  public Convolution {
    require(filters >= 1, name, "filters", filters, "at least 1");
    require(
        groups >= 1 && filters % groups == 0,
        name,
        "groups",
        groups,
        "a divisor of the %d filters".formatted(filters));
    Layer.requireColumns(name, columns);
    require(
        filters % columns == 0 && (groups % columns == 0 || columns % groups == 0),
        name,
        "columns",
        columns,
        "a divisor of the %d filters, and a divisor or a multiple of the %d groups"
            .formatted(filters, groups));
  }

  @Override
  public List<Parameter> parameters(int channels, int height, int width) {
    int kernel = window.kernel();
    int seen = channels / groups;
    int fanIn = Math.multiplyExact(seen, kernel * kernel);
    List<Integer> shape = List.of(filters, seen, kernel, kernel);
    return List.of(
        new Parameter(name, Parameter.Kind.WEIGHT, shape, fanIn, weight),
        new Parameter(name, Parameter.Kind.BIAS, List.of(filters), fanIn, bias));
  }

  Convolution withBias(ParameterSpec other) {
    return new Convolution(name, filters, window, rounding, groups, columns, weight, other);
  }
}
