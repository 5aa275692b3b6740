package org.alexnet.network;

/**
 * The square window of a convolution or a pooling.
 *
 * @param kernel height and width in pixels
 * @param stride pixels from one window to the next
 * @param pad rows and columns of nothing around the input on every side, less than the kernel
 */
public record Window(int kernel, int stride, int pad) {
  public Window {
    if (kernel < 1 || stride < 1 || pad < 0 || pad >= kernel) {
      throw new IllegalArgumentException(
          "window of kernel %d, stride %d, pad %d: need kernel >= 1, stride >= 1, 0 <= pad < kernel"
              .formatted(kernel, stride, pad));
    }
  }

  /** Number of whole windows along an edge of {@code size} pixels. */
  public int floor(int size) {
    return (size + 2 * pad - kernel) / stride + 1;
  }

  /**
   * Number of windows along an edge when the last may overhang; a window that would start beyond
   * the image and its left padding is dropped, as Caffe and PyTorch do.
   */
  public int ceil(int size) {
    int windows = Math.ceilDiv(size + 2 * pad - kernel, stride) + 1;
    return (windows - 1) * stride >= size + pad ? windows - 1 : windows;
  }
}
