package org.alexnet.network;

import java.util.List;

/**
 * A convolution whose filters and biases differ from position to position: weights {@code [h, w,
 * filters, channels / groups, kernel, kernel]} and biases {@code [filters, h, w]}, where h and w
 * count the positions. Beyond the image lie zeros. The authors' program calls it local.
 *
 * @param name in the network, in parameters and in messages
 * @param filters channels of the output, all groups and columns together
 * @param window size, stride and padding of the filters in pixels
 * @param rounding whether a last window that overhangs the image is kept
 * @param groups input channels and filters are cut into as many parts, each seeing only its own
 * @param columns parts of the filters that may be computed on devices of their own, as those of a
 *     {@link Convolution}
 * @param weight how filters start and learn
 * @param bias how biases start and learn
 */
public record LocallyConnected(
    String name,
    int filters,
    Window window,
    Rounding rounding,
    int groups,
    int columns,
    ParameterSpec weight,
    ParameterSpec bias)
    implements FilterLayer {
  /**
   * Checks every field.
   *
   * @throws org.alexnet.InvalidNetworkException naming the layer and the field that is not allowed
   */
  public LocallyConnected {
    FilterLayer.check(name, filters, groups, columns);
  }

  @Override
  public List<Parameter> parameters(int channels, int height, int width) {
    int kernel = window.kernel();
    int h = rounding.outputs(window, height);
    int w = rounding.outputs(window, width);
    // Their number is counted in 64 bits, for which the outputs must be in 32 bits.
    Math.multiplyExact(Math.multiplyExact(h, w), filters);
    List<Integer> weights = List.of(h, w, filters, channels / groups, kernel, kernel);
    int fanIn = fanIn(channels);
    return List.of(
        new Parameter(name, Parameter.Kind.WEIGHT, weights, fanIn, weight),
        new Parameter(name, Parameter.Kind.BIAS, List.of(filters, h, w), fanIn, bias));
  }

  LocallyConnected withBias(ParameterSpec other) {
    return new LocallyConnected(name, filters, window, rounding, groups, columns, weight, other);
  }
}
