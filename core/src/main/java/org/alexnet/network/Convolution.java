package org.alexnet.network;

/**
 * A convolution: filters {@code [filters, channels / groups, kernel, kernel]} and one bias a
 * filter. Output sizes are rounded down.
 *
 * @param groups input channels and filters are cut into as many parts, each seeing only its own
 */
public record Convolution(
    String name, int filters, Window window, int groups, Parameter weight, Parameter bias)
    implements Layer {
  public Convolution {
    if (filters < 1 || groups < 1 || filters % groups != 0) {
      throw new IllegalArgumentException(
          "%s: %d filters cannot be cut into %d groups".formatted(name, filters, groups));
    }
  }
}
