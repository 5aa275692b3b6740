package org.alexnet.cpu.image;

import java.util.Arrays;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.network.Window;
import org.alexnet.program.Shape;

/**
 * The windows of a pooling, cut to the image.
 *
 * @param image the larger image, N H W C in memory
 * @param pooled the smaller one
 * @param tiled whether the windows cover every pixel of the image exactly once
 */
record PoolWindows(Window window, Shape image, Shape pooled, boolean tiled) {

  static PoolWindows of(Window window, Shape image, Shape pooled) {
    boolean tiled =
        window.pad() == 0
            && window.stride() == window.kernel()
            && pooled.h() * window.stride() == image.h()
            && pooled.w() * window.stride() == image.w();
    return new PoolWindows(window, image, pooled, tiled);
  }

  /** First row or column of a window that lies in the image. */
  private int first(int index) {
    return Math.max(0, index * window.stride() - window.pad());
  }

  /** One beyond the last that lies in the image. */
  private int end(int index, int size) {
    return Math.min(size, index * window.stride() - window.pad() + window.kernel());
  }

  /** Number of the first pixel in the image within the whole window. */
  private int code(int h, int w) {
    int row = first(h) - (h * window.stride() - window.pad());
    int column = first(w) - (w * window.stride() - window.pad());
    return row * window.kernel() + column;
  }

  void max(float[] m, Kernels kernels, int x, int y, int argmax) {
    int c = image.c();
    for (int h = 0; h < pooled.h(); h++) {
      for (int w = 0; w < pooled.w(); w++) {
        int out = (h * pooled.w() + w) * c;
        kernels.maxWindow(
            m,
            x + (first(h) * image.w() + first(w)) * c,
            end(h, image.h()) - first(h),
            end(w, image.w()) - first(w),
            image.w() * c,
            c,
            code(h, w),
            window.kernel(),
            y + out,
            argmax + out);
      }
    }
  }

  void maxBackward(float[] m, Kernels kernels, int dy, int argmax, int dx) {
    int c = image.c();
    if (!tiled) {
      Arrays.fill(m, dx, dx + image.imageElements(), 0);
    }
    for (int h = 0; h < pooled.h(); h++) {
      for (int w = 0; w < pooled.w(); w++) {
        int out = (h * pooled.w() + w) * c;
        kernels.maxWindowBackward(
            m,
            dx + (first(h) * image.w() + first(w)) * c,
            end(h, image.h()) - first(h),
            end(w, image.w()) - first(w),
            image.w() * c,
            c,
            code(h, w),
            window.kernel(),
            dy + out,
            argmax + out,
            !tiled);
      }
    }
  }

  void average(float[] m, int x, int y) {
    int c = image.c();
    for (int h = 0; h < pooled.h(); h++) {
      for (int w = 0; w < pooled.w(); w++) {
        int to = y + (h * pooled.w() + w) * c;
        Arrays.fill(m, to, to + c, 0);
        int rows = end(h, image.h()) - first(h);
        int cols = end(w, image.w()) - first(w);
        for (int i = 0; i < rows * cols; i++) {
          int from = x + ((first(h) + i / cols) * image.w() + first(w) + i % cols) * c;
          for (int j = 0; j < c; j++) {
            m[to + j] += m[from + j];
          }
        }
        for (int j = 0; j < c; j++) {
          m[to + j] /= rows * cols;
        }
      }
    }
  }

  void averageBackward(float[] m, int dy, int dx) {
    int c = image.c();
    Arrays.fill(m, dx, dx + image.imageElements(), 0);
    for (int h = 0; h < pooled.h(); h++) {
      for (int w = 0; w < pooled.w(); w++) {
        int from = dy + (h * pooled.w() + w) * c;
        int rows = end(h, image.h()) - first(h);
        int cols = end(w, image.w()) - first(w);
        for (int i = 0; i < rows * cols; i++) {
          int to = dx + ((first(h) + i / cols) * image.w() + first(w) + i % cols) * c;
          for (int j = 0; j < c; j++) {
            m[to + j] += m[from + j] / (rows * cols);
          }
        }
      }
    }
  }
}
