package org.alexnet.cpu.image;

import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.program.Shape;

/**
 * Sums over square windows about each pixel of an image, as far as they lie in it: along the rows
 * first, then over neighbouring rows.
 *
 * @param shape of the images, N H W C in memory
 * @param size edge of the window, odd
 */
record MapSums(Shape shape, int size, Kernels kernels) {

  /** Floats of a row. */
  int row() {
    return shape.w() * shape.c();
  }

  /** Sums of neighbours in a row: the row moved by one pixel, two, ... to either side. */
  void along(float[] m, int terms, int to) {
    System.arraycopy(m, terms, m, to, row());
    for (int d = 1; d <= Math.min(size / 2, shape.w() - 1); d++) {
      int moved = d * shape.c();
      kernels.add(m, terms + moved, to, row() - moved);
      kernels.add(m, terms, to + moved, row() - moved);
    }
  }

  /**
   * Sums of neighbouring rows.
   *
   * @param sums an image of sums along rows
   * @param h the row about which they lie
   */
  void across(float[] m, int sums, int h, int to) {
    System.arraycopy(m, sums + h * row(), m, to, row());
    for (int d = 1; d <= size / 2; d++) {
      if (h - d >= 0) {
        kernels.add(m, sums + (h - d) * row(), to, row());
      }
      if (h + d < shape.h()) {
        kernels.add(m, sums + (h + d) * row(), to, row());
      }
    }
  }

  /** Divides each pixel of a row by the number of pixels of its window that lie in the image. */
  void divideByPixels(float[] m, int sums, int h) {
    int rows = covered(h, shape.h());
    for (int w = 0; w < shape.w(); w++) {
      int pixels = rows * covered(w, shape.w());
      int pixel = sums + w * shape.c();
      for (int c = 0; c < shape.c(); c++) {
        m[pixel + c] /= pixels;
      }
    }
  }

  private int covered(int at, int length) {
    return Math.min(length - 1, at + size / 2) - Math.max(0, at - size / 2) + 1;
  }
}
