package org.alexnet.network;

import java.util.List;

/**
 * A convolution: filters {@code [filters, channels / groups, kernel, kernel]} and biases {@code
 * [filters]} or, not shared, {@code [filters, h, w]}. Beyond the image lie zeros.
 *
 * @param name in the network, in parameters and in messages
 * @param filters channels of the output, all groups and columns together
 * @param window size, stride and padding of the filters in pixels
 * @param rounding whether a last window that overhangs the image is kept
 * @param groups input channels and filters are cut into as many parts, each seeing only its own
 * @param columns parts of the filters that may be computed on devices of their own. A column reads
 *     what its groups do: its part of the input, that of the columns of its group, or all of it
 * @param biases whether all positions of a map share one
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
    Biases biases,
    ParameterSpec weight,
    ParameterSpec bias)
    implements FilterLayer {

  /** Which outputs have a bias in common. */
  public enum Biases {
    /** All of a filter. */
    SHARED,
    /** None: each position of each map has its own. */
    UNSHARED
  }

  /**
   * Checks every field.
   *
   * @throws org.alexnet.InvalidNetworkException naming the layer and the field that is not allowed
   */
  public Convolution {
    FilterLayer.check(name, filters, groups, columns);
  }

  /**
   * A convolution with one bias a filter.
   *
   * @param name in the network, in parameters and in messages
   * @param filters channels of the output, all groups and columns together
   * @param window size, stride and padding of the filters in pixels
   * @param rounding whether a last window that overhangs the image is kept
   * @param groups input channels and filters are cut into as many parts
   * @param columns parts of the filters that may be computed on devices of their own
   * @param weight how filters start and learn
   * @param bias how biases start and learn
   * @throws org.alexnet.InvalidNetworkException naming the layer and the field that is not allowed
   */
  public Convolution(
      String name,
      int filters,
      Window window,
      Rounding rounding,
      int groups,
      int columns,
      ParameterSpec weight,
      ParameterSpec bias) {
    this(name, filters, window, rounding, groups, columns, Biases.SHARED, weight, bias);
  }

  @Override
  public List<Parameter> parameters(int channels, int height, int width) {
    int kernel = window.kernel();
    int fanIn = fanIn(channels);
    List<Integer> shape = List.of(filters, channels / groups, kernel, kernel);
    List<Integer> own =
        switch (biases) {
          case SHARED -> List.of(filters);
          case UNSHARED ->
              List.of(filters, rounding.outputs(window, height), rounding.outputs(window, width));
        };
    return List.of(
        new Parameter(name, Parameter.Kind.WEIGHT, shape, fanIn, weight),
        new Parameter(name, Parameter.Kind.BIAS, own, fanIn, bias));
  }

  Convolution withBias(ParameterSpec other) {
    return new Convolution(name, filters, window, rounding, groups, columns, biases, weight, other);
  }
}
