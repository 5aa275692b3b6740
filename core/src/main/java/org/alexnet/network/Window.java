package org.alexnet.network;

import static org.alexnet.InvalidNetworkException.require;

/**
 * The square window of a convolution or a pooling.
 *
 * @param kernel height and width in pixels
 * @param stride pixels from one window to the next
 * @param pad rows and columns of nothing around the input on every side, less than the kernel
 */
public record Window(int kernel, int stride, int pad) {
  /** The most pixels along an edge, so that no sum or square of two such overflows. */
  static final int MOST = 1 << 15;

  /**
   * Checks every field.
   *
   * @throws org.alexnet.InvalidNetworkException naming the field that is not allowed
   */
  public Window {
    String range = "from 1 to %,d".formatted(MOST);
    require(kernel >= 1 && kernel <= MOST, null, "kernel", kernel, range);
    require(stride >= 1 && stride <= MOST, null, "stride", stride, range);
    require(
        pad >= 0 && pad < kernel,
        null,
        "pad",
        pad,
        "at least 0 and below the kernel, %d".formatted(kernel));
  }

  /**
   * {@return number of whole windows along an edge of {@code size} pixels}
   *
   * @param size of the image along the edge, in pixels
   */
  public int floor(int size) {
    return Math.floorDiv(size + 2 * pad - kernel, stride) + 1;
  }

  /**
   * {@return number of windows along an edge when the last may overhang; a window that would start
   * beyond the image and its left padding is dropped, as Caffe and PyTorch do}
   *
   * @param size of the image along the edge, in pixels
   */
  public int ceil(int size) {
    int windows = Math.ceilDiv(size + 2 * pad - kernel, stride) + 1;
    return (windows - 1) * stride >= size + pad ? windows - 1 : windows;
  }
}
