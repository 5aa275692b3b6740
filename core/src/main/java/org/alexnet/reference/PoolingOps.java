package org.alexnet.reference;

import java.util.function.Function;
import org.alexnet.network.Window;
import org.alexnet.program.Op;
import org.alexnet.program.Tensor;

/** Pooling by its definition. */
final class PoolingOps {
  private PoolingOps() {}

  static void max(Op.MaxPool op, Function<Tensor, View> memory) {
    Window window = op.window();
    View x = memory.apply(op.x());
    View y = memory.apply(op.y());
    View argmax = memory.apply(op.argmax());
    MapOps.each(
        y.shape(),
        (n, c, h, w) -> {
          float best = Float.NEGATIVE_INFINITY;
          int where = -1;
          for (int k = 0; k < window.kernel() * window.kernel(); k++) {
            int ih = row(window, h, k);
            int iw = column(window, w, k);
            if (!x.inside(ih, iw)) {
              continue;
            }
            float value = x.get(n, c, ih, iw);
            if (where < 0 || value > best || (Float.isNaN(value) && !Float.isNaN(best))) {
              best = value;
              where = k;
            }
          }
          y.set(n, c, h, w, best);
          argmax.set(n, c, h, w, where);
        });
  }

  static void maxBackward(Op.MaxPoolBackward op, Function<Tensor, View> memory) {
    Window window = op.window();
    View dy = memory.apply(op.dy());
    View argmax = memory.apply(op.argmax());
    View dx = memory.apply(op.dx());
    clear(dx);
    MapOps.each(
        dy.shape(),
        (n, c, h, w) -> {
          int k = (int) argmax.get(n, c, h, w);
          int ih = row(window, h, k);
          int iw = column(window, w, k);
          dx.set(n, c, ih, iw, dx.get(n, c, ih, iw) + dy.get(n, c, h, w));
        });
  }

  static void average(Op.AveragePool op, Function<Tensor, View> memory) {
    Window window = op.window();
    View x = memory.apply(op.x());
    View y = memory.apply(op.y());
    MapOps.each(
        y.shape(),
        (n, c, h, w) -> {
          double sum = 0;
          for (int k = 0; k < window.kernel() * window.kernel(); k++) {
            if (x.inside(row(window, h, k), column(window, w, k))) {
              sum += x.get(n, c, row(window, h, k), column(window, w, k));
            }
          }
          y.set(n, c, h, w, sum / pixels(window, x, h, w));
        });
  }

  static void averageBackward(Op.AveragePoolBackward op, Function<Tensor, View> memory) {
    Window window = op.window();
    View dy = memory.apply(op.dy());
    View dx = memory.apply(op.dx());
    clear(dx);
    MapOps.each(
        dy.shape(),
        (n, c, h, w) -> {
          double share = (double) dy.get(n, c, h, w) / pixels(window, dx, h, w);
          for (int k = 0; k < window.kernel() * window.kernel(); k++) {
            int ih = row(window, h, k);
            int iw = column(window, w, k);
            if (dx.inside(ih, iw)) {
              dx.set(n, c, ih, iw, dx.get(n, c, ih, iw) + share);
            }
          }
        });
  }

  private static int row(Window window, int h, int k) {
    return h * window.stride() - window.pad() + k / window.kernel();
  }

  private static int column(Window window, int w, int k) {
    return w * window.stride() - window.pad() + k % window.kernel();
  }

  private static int pixels(Window window, View image, int h, int w) {
    int pixels = 0;
    for (int k = 0; k < window.kernel() * window.kernel(); k++) {
      if (image.inside(row(window, h, k), column(window, w, k))) {
        pixels++;
      }
    }
    return pixels;
  }

  private static void clear(View view) {
    for (int i = 0; i < view.length(); i++) {
      view.set(i, 0);
    }
  }
}
