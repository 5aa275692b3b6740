package org.alexnet.backend;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.alexnet.AlexNetException;

/** How a backend may compute convolutions, where it has several ways. */
public enum ConvolutionMethod {
  /** The fastest; transformed convolutions are rounded more often than direct ones. */
  AUTO,
  /** As the sum that defines it, product by product. */
  DIRECT;

  /**
   * The method of a name.
   *
   * @throws AlexNetException listing those there are
   */
  public static ConvolutionMethod named(String name) {
    return Arrays.stream(values())
        .filter(m -> m.toString().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new AlexNetException(
                    "There is no way \"%s\" to compute convolutions; there are: %s."
                        .formatted(
                            name,
                            Arrays.stream(values())
                                .map(ConvolutionMethod::toString)
                                .collect(Collectors.joining(", ")))));
  }

  /** As on the command line and in {@code run.json}: {@code direct}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
