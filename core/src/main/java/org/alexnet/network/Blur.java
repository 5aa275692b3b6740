package org.alexnet.network;

import static org.alexnet.InvalidNetworkException.require;

import java.util.List;
import java.util.stream.IntStream;

/**
 * A fixed Gaussian blur of each map, along its rows and then along its columns. Beyond the image
 * lie zeros, so that its edges darken, as in the authors' program.
 *
 * @param name in the network and in messages
 * @param size pixels of the filter along a row or column; odd
 * @param deviation standard deviation of the Gaussian in pixels
 */
public record Blur(String name, int size, float deviation) implements Layer {
  /**
   * Checks every field.
   *
   * @throws org.alexnet.InvalidNetworkException naming the layer and the field that is not allowed
   */
  public Blur {
    require(
        size >= 1 && size < Window.MOST && size % 2 == 1,
        name,
        "size",
        size,
        "odd, from 1 to %,d".formatted(Window.MOST - 1));
    require(
        deviation > 0 && Float.isFinite(deviation),
        name,
        "deviation",
        deviation,
        "finite, above 0");
  }

  /** {@return the filter, whose numbers add up to 1} */
  public List<Float> filter() {
    double sum = IntStream.range(0, size).mapToDouble(this::density).sum();
    return IntStream.range(0, size).mapToObj(i -> (float) (density(i) / sum)).toList();
  }

  private double density(int pixel) {
    double distance = (pixel - size / 2) / (double) deviation;
    return Math.exp(-distance * distance / 2);
  }
}
