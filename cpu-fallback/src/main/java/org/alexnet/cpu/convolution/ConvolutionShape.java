package org.alexnet.cpu.convolution;

import java.util.Arrays;
import org.alexnet.network.Window;
import org.alexnet.program.Shape;

/**
 * The geometry of a product of an image with filters at every output pixel.
 *
 * <p>A forward convolution is one as it stands. The gradient with respect to the input is another:
 * the output's gradient, spread out by the stride and padded, times the flipped filters.
 *
 * @param in image that is read, [n, c, h, w]
 * @param out image that is written
 * @param kernel edge of the filters
 * @param stride pixels from one window to the next
 * @param pad rows of nothing above and columns of nothing left of the image
 * @param dilation distance that the pixels of the image are spread to
 * @param groups groups of channels
 */
record ConvolutionShape(
    Shape in, Shape out, int kernel, int stride, int pad, int dilation, int groups) {

  static ConvolutionShape forward(Shape x, Shape y, Window window, int groups) {
    return new ConvolutionShape(x, y, window.kernel(), window.stride(), window.pad(), 1, groups);
  }

  static ConvolutionShape backward(Shape dy, Shape dx, Window window, int groups) {
    int pad = window.kernel() - 1 - window.pad();
    return new ConvolutionShape(dy, dx, window.kernel(), 1, pad, window.stride(), groups);
  }

  /** Channels of a group that are read. */
  int inputs() {
    return in.c() / groups;
  }

  /** Channels of a group that are written. */
  int outputs() {
    return out.c() / groups;
  }

  /** Rows of the padded image: those that the windows cover. */
  int paddedH() {
    return (out.h() - 1) * stride + kernel;
  }

  int paddedW() {
    return (out.w() - 1) * stride + kernel;
  }

  /** Floats of a row of one window: pixels times channels, which lie together. */
  int run() {
    return kernel * inputs();
  }

  /** Inputs of an output. */
  int depth() {
    return kernel * run();
  }

  /** Output pixels of an image. */
  int pixels() {
    return out.h() * out.w();
  }

  /** Whether windows can be read from the image where it lies. */
  boolean direct() {
    boolean overhang = paddedH() > in.h() || paddedW() > in.w();
    return pad == 0 && dilation == 1 && groups == 1 && !overhang;
  }

  /** Floats between rows of what windows are read from. */
  int rowPitch() {
    return (direct() ? in.w() : paddedW()) * inputs();
  }

  /** Floats of one image of what windows are read from. */
  int imagePitch() {
    return direct() ? in.imageElements() : paddedH() * rowPitch();
  }

  /** Floats to hold one padded image, 0 if none is needed. */
  int paddedFloats() {
    return direct() ? 0 : imagePitch();
  }

  /**
   * Copies a group's channels of one image into the padded image. What pads it must be 0 already,
   * see {@link #clear}; pixels beyond the last window are left out.
   */
  void pad(float[] m, int x, int group, int to) {
    int channels = inputs();
    for (int h = 0; h < in.h(); h++) {
      int row = pad + h * dilation;
      if (row >= paddedH()) {
        break;
      }
      int from = x + h * in.w() * in.c() + group * channels;
      int start = to + row * rowPitch() + pad * channels;
      int width = Math.min(in.w(), Math.ceilDiv(paddedW() - pad, dilation));
      if (dilation == 1 && groups == 1) {
        System.arraycopy(m, from, m, start, width * channels);
      } else {
        for (int w = 0; w < width; w++) {
          int pixel = start + w * dilation * channels;
          System.arraycopy(m, from + w * in.c(), m, pixel, channels);
        }
      }
    }
  }

  /** Sets a padded image to 0. */
  void clear(float[] m, int to) {
    Arrays.fill(m, to, to + imagePitch(), 0);
  }
}
