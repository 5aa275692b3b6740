package org.alexnet.backend;

import java.util.Locale;
import org.alexnet.AlexNetException;
import org.alexnet.Words;

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
    return Words.named(values(), name, "There is no way \"%s\" to compute convolutions");
  }

  /** As on the command line and in {@code run.json}: {@code direct}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
