package org.alexnet.cpu.transformed;

import org.alexnet.cpu.kernel.Transform;

/**
 * One F(m, r): m outputs in a row of a convolution with r taps from {@code m + r - 1} products.
 *
 * <p>A tile of m - 1 outputs needs the same products but for that at infinity, so that tiles of
 * both sizes share filters.
 */
public enum Scheme {
  F5_3(
      5,
      3,
      new Sizes(Transform.INPUT_7, Transform.INPUT_7_INNER),
      new Sizes(Transform.GRADIENT_7_5, Transform.GRADIENT_7_5_INNER),
      new Sizes(Transform.OUTPUT_7_5, Transform.OUTPUT_7_5_INNER),
      Transform.FILTER_7_3,
      Transform.WEIGHTS_7_3),
  F6_3(
      6,
      3,
      new Sizes(Transform.INPUT_8, Transform.INPUT_8_INNER),
      new Sizes(Transform.GRADIENT_8_6, Transform.GRADIENT_8_6_INNER),
      new Sizes(Transform.OUTPUT_8_6, Transform.OUTPUT_8_6_INNER),
      Transform.FILTER_8_3,
      Transform.WEIGHTS_8_3),
  F4_5(
      4,
      5,
      new Sizes(Transform.INPUT_8, Transform.INPUT_8_INNER),
      new Sizes(Transform.GRADIENT_8_4, Transform.GRADIENT_8_4_INNER),
      new Sizes(Transform.OUTPUT_8_4, Transform.OUTPUT_8_4_INNER),
      Transform.FILTER_8_5,
      Transform.WEIGHTS_8_5);

  /** A transform for whole tiles, and that for tiles that are smaller by one. */
  private record Sizes(Transform whole, Transform inner) {
    Transform of(boolean isWhole) {
      return isWhole ? whole : inner;
    }
  }

  private final int outputs;
  private final int taps;
  private final Sizes input;
  private final Sizes gradient;
  private final Sizes output;
  private final Transform filter;
  private final Transform weights;

  Scheme(
      int outputs,
      int taps,
      Sizes input,
      Sizes gradient,
      Sizes output,
      Transform filter,
      Transform weights) {
    this.outputs = outputs;
    this.taps = taps;
    this.input = input;
    this.gradient = gradient;
    this.output = output;
    this.filter = filter;
    this.weights = weights;
  }

  /** Outputs of a whole tile, in a row. */
  int outputs() {
    return outputs;
  }

  /** Taps of a filter, in a row. */
  int taps() {
    return taps;
  }

  /** Points of a whole tile, infinity included. */
  int points() {
    return outputs + taps - 1;
  }

  /** Points but for infinity. */
  int finite() {
    return points() - 1;
  }

  /** Points of a filter. */
  int filterPoints() {
    return points() * points();
  }

  Transform input(boolean whole) {
    return input.of(whole);
  }

  Transform gradient(boolean whole) {
    return gradient.of(whole);
  }

  Transform output(boolean whole) {
    return output.of(whole);
  }

  Transform filter() {
    return filter;
  }

  Transform weights() {
    return weights;
  }
}
