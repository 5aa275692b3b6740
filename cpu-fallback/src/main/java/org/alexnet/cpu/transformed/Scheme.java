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
      Transform.INPUT_7,
      Transform.INPUT_7_INNER,
      Transform.GRADIENT_7_5,
      Transform.GRADIENT_7_5_INNER,
      Transform.OUTPUT_7_5,
      Transform.OUTPUT_7_5_INNER,
      Transform.FILTER_7_3,
      Transform.WEIGHTS_7_3),
  F6_3(
      6,
      3,
      Transform.INPUT_8,
      Transform.INPUT_8_INNER,
      Transform.GRADIENT_8_6,
      Transform.GRADIENT_8_6_INNER,
      Transform.OUTPUT_8_6,
      Transform.OUTPUT_8_6_INNER,
      Transform.FILTER_8_3,
      Transform.WEIGHTS_8_3),
  F4_5(
      4,
      5,
      Transform.INPUT_8,
      Transform.INPUT_8_INNER,
      Transform.GRADIENT_8_4,
      Transform.GRADIENT_8_4_INNER,
      Transform.OUTPUT_8_4,
      Transform.OUTPUT_8_4_INNER,
      Transform.FILTER_8_5,
      Transform.WEIGHTS_8_5);

  private final int outputs;
  private final int taps;
  private final Transform input;
  private final Transform inputInner;
  private final Transform gradient;
  private final Transform gradientInner;
  private final Transform output;
  private final Transform outputInner;
  private final Transform filter;
  private final Transform weights;

  Scheme(
      int outputs,
      int taps,
      Transform input,
      Transform inputInner,
      Transform gradient,
      Transform gradientInner,
      Transform output,
      Transform outputInner,
      Transform filter,
      Transform weights) {
    this.outputs = outputs;
    this.taps = taps;
    this.input = input;
    this.inputInner = inputInner;
    this.gradient = gradient;
    this.gradientInner = gradientInner;
    this.output = output;
    this.outputInner = outputInner;
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
    return whole ? input : inputInner;
  }

  Transform gradient(boolean whole) {
    return whole ? gradient : gradientInner;
  }

  Transform output(boolean whole) {
    return whole ? output : outputInner;
  }

  Transform filter() {
    return filter;
  }

  Transform weights() {
    return weights;
  }
}
