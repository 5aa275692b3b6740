package org.alexnet.cuda.convolution;

import org.alexnet.program.Shape;

/**
 * A convolution by its definition, one number of its result at a time: what not even the plainest
 * algorithm of a library may contradict.
 */
final class PlainConvolution {

  /** An operand, of which the numbers repeat where there are fewer than elements. */
  record Operand(Shape shape, boolean channelsLast, float[] numbers) {
    private double at(int n, int c, int h, int w) {
      long rows = (long) n * (channelsLast ? shape.h() : shape.c());
      long index =
          channelsLast
              ? ((rows + h) * shape.w() + w) * shape.c() + c
              : ((rows + c) * shape.h() + h) * shape.w() + w;
      return numbers[(int) (index % numbers.length)];
    }

    private boolean has(int h, int w) {
      return h >= 0 && h < shape.h() && w >= 0 && w < shape.w();
    }
  }

  private final ConvolutionProblem problem;
  private final Operand x;
  private final Operand filters;
  private final Operand y;

  PlainConvolution(ConvolutionProblem problem, Operand x, Operand filters, Operand y) {
    this.problem = problem;
    this.x = x;
    this.filters = filters;
    this.y = y;
  }

  /**
   * A number of the result.
   *
   * @param index its place in memory
   */
  double at(long index) {
    Shape s = problem.result();
    long rest = index;
    int last = x.channelsLast ? s.c() : s.w();
    int middle = x.channelsLast ? s.w() : s.h();
    int first = x.channelsLast ? s.h() : s.c();
    int k = (int) (rest % last);
    int j = (int) ((rest /= last) % middle);
    int i = (int) ((rest /= middle) % first);
    int n = (int) (rest / first);
    int c = x.channelsLast ? k : i;
    int h = x.channelsLast ? i : j;
    int w = x.channelsLast ? j : k;
    return switch (problem.direction()) {
      case FORWARD -> forward(n, c, h, w);
      case BACKWARD_DATA -> data(n, c, h, w);
      case BACKWARD_WEIGHTS -> filter(n, c, h, w);
    };
  }

  private int channels() {
    return filters.shape.c();
  }

  private int filtersOfGroup() {
    return filters.shape.n() / problem.groups();
  }

  /** The row or column of the image that a tap of a window lies on. */
  private int tap(int window, int tap) {
    return window * problem.window().stride() - problem.window().pad() + tap;
  }

  private double forward(int n, int filter, int row, int column) {
    int kernel = problem.window().kernel();
    int start = filter / filtersOfGroup() * channels();
    double sum = 0;
    for (int c = 0; c < channels(); c++) {
      for (int t = 0; t < kernel * kernel; t++) {
        int h = tap(row, t / kernel);
        int w = tap(column, t % kernel);
        if (x.has(h, w)) {
          sum += x.at(n, start + c, h, w) * filters.at(filter, c, t / kernel, t % kernel);
        }
      }
    }
    return sum;
  }

  private double data(int n, int channel, int h, int w) {
    int kernel = problem.window().kernel();
    int stride = problem.window().stride();
    int start = channel / channels() * filtersOfGroup();
    double sum = 0;
    for (int f = start; f < start + filtersOfGroup(); f++) {
      for (int t = 0; t < kernel * kernel; t++) {
        int down = h - tap(0, t / kernel);
        int right = w - tap(0, t % kernel);
        boolean window = down % stride == 0 && right % stride == 0;
        if (window && y.has(down / stride, right / stride)) {
          sum +=
              y.at(n, f, down / stride, right / stride)
                  * filters.at(f, channel % channels(), t / kernel, t % kernel);
        }
      }
    }
    return sum;
  }

  private double filter(int filter, int channel, int down, int right) {
    int c = filter / filtersOfGroup() * channels() + channel;
    double sum = 0;
    for (int n = 0; n < y.shape.n(); n++) {
      for (int row = 0; row < y.shape.h(); row++) {
        for (int column = 0; column < y.shape.w(); column++) {
          int h = tap(row, down);
          int w = tap(column, right);
          if (x.has(h, w)) {
            sum += y.at(n, filter, row, column) * x.at(n, c, h, w);
          }
        }
      }
    }
    return sum;
  }
}
