package org.alexnet.cuda.convolution;

import org.alexnet.network.Window;
import org.alexnet.program.Shape;

/**
 * A convolution as cuDNN sees it, one of its three products.
 *
 * @param x the images, with what overhangs
 * @param filters [filters, channels / groups, kernel, kernel]
 * @param y the results
 * @param epilogue what is done with each number of the results
 */
public record ConvolutionProblem(
    Direction direction,
    Shape x,
    Shape filters,
    Shape y,
    Window window,
    int groups,
    Epilogue epilogue) {

  /** What is done with a number of the results before it is stored. */
  public enum Epilogue {
    NONE(""),
    BIAS(" + bias"),
    BIAS_RELU(" + bias + ReLU");

    private final String text;

    Epilogue(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** The product alone. */
  public ConvolutionProblem(
      Direction direction, Shape x, Shape filters, Shape y, Window window, int groups) {
    this(direction, x, filters, y, window, groups, Epilogue.NONE);
  }

  /** The same with another epilogue. */
  public ConvolutionProblem with(Epilogue other) {
    return new ConvolutionProblem(direction, x, filters, y, window, groups, other);
  }

  /** Which of a convolution's operands is computed from the two others. */
  public enum Direction {
    FORWARD("forward"),
    BACKWARD_DATA("data gradient"),
    BACKWARD_WEIGHTS("filter gradient");

    private final String text;

    Direction(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** The shape of what is computed. */
  Shape result() {
    return switch (direction) {
      case FORWARD -> y;
      case BACKWARD_DATA -> x;
      case BACKWARD_WEIGHTS -> filters;
    };
  }

  /** How many products are added up for a number of the result, at most. */
  long products() {
    long window = (long) filters.h() * filters.w();
    return switch (direction) {
      case FORWARD -> filters.c() * window;
      case BACKWARD_DATA -> filters.n() / groups * window;
      case BACKWARD_WEIGHTS -> (long) y.n() * y.h() * y.w();
    };
  }

  /**
   * The images with as many rows and columns of zeros at their ends as the last windows overhang:
   * cuDNN only knows whole windows.
   */
  static Shape withOverhang(Shape x, Shape y, Window window) {
    int h = (y.h() - 1) * window.stride() + window.kernel() - 2 * window.pad();
    int w = (y.w() - 1) * window.stride() + window.kernel() - 2 * window.pad();
    return new Shape(x.n(), x.c(), Math.max(x.h(), h), Math.max(x.w(), w));
  }
}
