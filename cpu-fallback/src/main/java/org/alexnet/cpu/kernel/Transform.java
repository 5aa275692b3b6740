package org.alexnet.cpu.kernel;

/**
 * The one-dimensional transforms of F(m, r), which finds m outputs of a convolution with r taps
 * from m + r - 1 products, one at each of as many points. A tile of an image goes through one of
 * them twice, along its columns and along its rows.
 *
 * <p>The points are 0 (with eight of them), plus and minus 1, 2 and 1/2, and infinity, which comes
 * last. A tile that is smaller by one needs the same values but for infinity: that is the inner
 * part of a transform. All work on {@link #LANES} channels side by side.
 */
public enum Transform {
  INPUT_7(Kind.INPUT, 7, 7, false),
  INPUT_7_INNER(Kind.INPUT, 7, 7, true),
  INPUT_8(Kind.INPUT, 8, 8, false),
  INPUT_8_INNER(Kind.INPUT, 8, 8, true),
  GRADIENT_7_5(Kind.GRADIENT, 7, 5, false),
  GRADIENT_7_5_INNER(Kind.GRADIENT, 7, 5, true),
  GRADIENT_8_4(Kind.GRADIENT, 8, 4, false),
  GRADIENT_8_4_INNER(Kind.GRADIENT, 8, 4, true),
  GRADIENT_8_6(Kind.GRADIENT, 8, 6, false),
  GRADIENT_8_6_INNER(Kind.GRADIENT, 8, 6, true),
  FILTER_7_3(Kind.FILTER, 7, 3, false),
  FILTER_8_3(Kind.FILTER, 8, 3, false),
  FILTER_8_5(Kind.FILTER, 8, 5, false),
  OUTPUT_7_5(Kind.OUTPUT, 7, 5, false),
  OUTPUT_7_5_INNER(Kind.OUTPUT, 7, 5, true),
  OUTPUT_8_4(Kind.OUTPUT, 8, 4, false),
  OUTPUT_8_4_INNER(Kind.OUTPUT, 8, 4, true),
  OUTPUT_8_6(Kind.OUTPUT, 8, 6, false),
  OUTPUT_8_6_INNER(Kind.OUTPUT, 8, 6, true),
  WEIGHTS_7_3(Kind.WEIGHTS, 7, 3, false),
  WEIGHTS_8_3(Kind.WEIGHTS, 8, 3, false),
  WEIGHTS_8_5(Kind.WEIGHTS, 8, 5, false);

  /** What a transform is for. */
  public enum Kind {
    /** B^T: a piece of the input to its values at the points. */
    INPUT,
    /** A: a piece of the output's gradient to its values at the points. */
    GRADIENT,
    /** G: a filter to its values at the points. */
    FILTER,
    /** A^T: products to outputs. */
    OUTPUT,
    /** G^T: sums of products to the gradient of a filter. */
    WEIGHTS
  }

  /** Channels that are transformed side by side, whatever the width of a vector. */
  public static final int LANES = 16;

  private final Kind kind;
  private final int points;
  private final int size;
  private final boolean inner;

  Transform(Kind kind, int points, int size, boolean inner) {
    this.kind = kind;
    this.points = points;
    this.size = size;
    this.inner = inner;
  }

  public Kind kind() {
    return kind;
  }

  /** Points, infinity included. */
  public int points() {
    return points;
  }

  /** Numbers of a whole tile on the side that is not the points'. */
  public int size() {
    return size;
  }

  /** Whether it is the part without infinity. */
  public boolean inner() {
    return inner;
  }
}
