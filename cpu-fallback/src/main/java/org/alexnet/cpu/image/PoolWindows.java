package org.alexnet.cpu.image;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.cpu.kernel.Kernels.PoolWindow;
import org.alexnet.network.Window;
import org.alexnet.program.Shape;

/**
 * The windows of a pooling, cut to the image.
 *
 * @param image the larger image, N H W C in memory
 * @param pooled the smaller one
 * @param tiled whether the windows cover every pixel of the image exactly once
 * @param windows for each pixel of the smaller one
 */
record PoolWindows(
    Window window, Shape image, Shape pooled, boolean tiled, List<PoolWindow> windows) {

  static PoolWindows of(Window window, Shape image, Shape pooled) {
    boolean tiled =
        window.pad() == 0
            && window.stride() == window.kernel()
            && pooled.h() * window.stride() == image.h()
            && pooled.w() * window.stride() == image.w();
    List<PoolWindow> windows = new ArrayList<>();
    for (int h = 0; h < pooled.h(); h++) {
      for (int w = 0; w < pooled.w(); w++) {
        windows.add(cut(window, image, h, w));
      }
    }
    return new PoolWindows(window, image, pooled, tiled, List.copyOf(windows));
  }

  private static PoolWindow cut(Window window, Shape image, int h, int w) {
    int top = h * window.stride() - window.pad();
    int left = w * window.stride() - window.pad();
    int row = Math.max(0, top);
    int column = Math.max(0, left);
    return new PoolWindow(
        (row * image.w() + column) * image.c(),
        Math.min(image.h(), top + window.kernel()) - row,
        Math.min(image.w(), left + window.kernel()) - column,
        image.w() * image.c(),
        image.c(),
        (row - top) * window.kernel() + column - left,
        window.kernel());
  }

  void max(float[] m, Kernels kernels, int x, int y, int argmax) {
    for (int i = 0; i < windows.size(); i++) {
      int out = i * image.c();
      kernels.maxWindow(windows.get(i), m, x, y + out, argmax + out);
    }
  }

  void maxBackward(float[] m, Kernels kernels, int dy, int argmax, int dx) {
    if (!tiled) {
      Arrays.fill(m, dx, dx + image.imageElements(), 0);
    }
    for (int i = 0; i < windows.size(); i++) {
      int out = i * image.c();
      kernels.maxWindowBackward(windows.get(i), m, dx, dy + out, argmax + out, !tiled);
    }
  }

  void average(float[] m, int x, int y) {
    int c = image.c();
    for (int n = 0; n < windows.size(); n++) {
      PoolWindow part = windows.get(n);
      int to = y + n * c;
      int pixels = part.rows() * part.columns();
      Arrays.fill(m, to, to + c, 0);
      for (int i = 0; i < pixels; i++) {
        int from = x + pixel(part, i);
        for (int j = 0; j < c; j++) {
          m[to + j] += m[from + j];
        }
      }
      for (int j = 0; j < c; j++) {
        m[to + j] /= pixels;
      }
    }
  }

  void averageBackward(float[] m, int dy, int dx) {
    int c = image.c();
    Arrays.fill(m, dx, dx + image.imageElements(), 0);
    for (int n = 0; n < windows.size(); n++) {
      PoolWindow part = windows.get(n);
      int from = dy + n * c;
      int pixels = part.rows() * part.columns();
      for (int i = 0; i < pixels; i++) {
        int to = dx + pixel(part, i);
        for (int j = 0; j < c; j++) {
          m[to + j] += m[from + j] / pixels;
        }
      }
    }
  }

  /** Where a pixel of a window lies, counted row by row. */
  private static int pixel(PoolWindow part, int i) {
    int row = i / part.columns();
    int column = i % part.columns();
    return part.start() + row * part.pitch() + column * part.channels();
  }
}
