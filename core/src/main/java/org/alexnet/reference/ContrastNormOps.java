package org.alexnet.reference;

import java.util.function.Function;
import org.alexnet.network.ContrastNorm;
import org.alexnet.program.Op;
import org.alexnet.program.Tensor;

/** Contrast normalization by its definition. */
final class ContrastNormOps {
  private ContrastNormOps() {}

  /** A number of each pixel of a map. */
  private interface Pixel {
    double at(int h, int w);
  }

  /** The sum over the part of the window about a pixel that lies in the image. */
  private static double sum(int size, View image, int h, int w, Pixel pixel) {
    int half = size / 2;
    double sum = 0;
    for (int i = h - half; i <= h + half; i++) {
      for (int j = w - half; j <= w + half; j++) {
        if (image.inside(i, j)) {
          sum += pixel.at(i, j);
        }
      }
    }
    return sum;
  }

  private static double mean(int size, View image, int h, int w, Pixel pixel) {
    return sum(size, image, h, w, pixel) / sum(size, image, h, w, (i, j) -> 1);
  }

  static void forward(Op.ContrastNorm op, Function<Tensor, View> memory) {
    ContrastNorm norm = op.norm();
    View x = memory.apply(op.x());
    View y = memory.apply(op.y());
    View centred = memory.apply(op.centred());
    View s = memory.apply(op.s());
    MapOps.each(
        x.shape(),
        (n, c, h, w) ->
            centred.set(
                n,
                c,
                h,
                w,
                x.get(n, c, h, w) - mean(norm.size(), x, h, w, (i, j) -> x.get(n, c, i, j))));
    MapOps.each(
        x.shape(),
        (n, c, h, w) -> {
          double squares =
              sum(
                  norm.size(),
                  x,
                  h,
                  w,
                  (i, j) -> (double) centred.get(n, c, i, j) * centred.get(n, c, i, j));
          double scale = norm.k() + norm.factor() * squares;
          s.set(n, c, h, w, scale);
          y.set(n, c, h, w, x.get(n, c, h, w) * Math.pow(scale, -norm.beta()));
        });
  }

  static void backward(Op.ContrastNormBackward op, Function<Tensor, View> memory) {
    ContrastNorm norm = op.norm();
    View dy = memory.apply(op.dy());
    View x = memory.apply(op.x());
    View centred = memory.apply(op.centred());
    View s = memory.apply(op.s());
    View dx = memory.apply(op.dx());
    int plane = x.shape().h() * x.shape().w();
    double[] terms = new double[plane];
    for (int map = 0; map < x.length() / plane; map++) {
      int n = map / x.shape().c();
      int c = map % x.shape().c();
      for (int p = 0; p < plane; p++) {
        Pixel own =
            (i, j) ->
                (double) dy.get(n, c, i, j)
                    * x.get(n, c, i, j)
                    * Math.pow(s.get(n, c, i, j), -norm.beta() - 1);
        terms[p] =
            centred.get(map * plane + p)
                * sum(norm.size(), x, p / x.shape().w(), p % x.shape().w(), own);
      }
      for (int p = 0; p < plane; p++) {
        int h = p / x.shape().w();
        int w = p % x.shape().w();
        Pixel shares =
            (i, j) -> terms[i * x.shape().w() + j] / sum(norm.size(), x, i, j, (k, l) -> 1);
        double all = terms[p] - sum(norm.size(), x, h, w, shares);
        double own = dy.get(n, c, h, w) * Math.pow(s.get(n, c, h, w), -norm.beta());
        dx.set(n, c, h, w, own - 2 * norm.factor() * norm.beta() * all);
      }
    }
  }
}
