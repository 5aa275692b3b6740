package org.alexnet.reference;

import org.alexnet.network.LocalResponseNorm;

/** Local response normalisation by its definition. */
final class Normalizations {
  private Normalizations() {}

  /** What is done at one element. */
  private interface Visit {
    void at(int n, int c, int h, int w);
  }

  private static void each(View x, Visit visit) {
    for (int n = 0; n < x.shape().n(); n++) {
      for (int c = 0; c < x.shape().c(); c++) {
        for (int h = 0; h < x.shape().h(); h++) {
          for (int w = 0; w < x.shape().w(); w++) {
            visit.at(n, c, h, w);
          }
        }
      }
    }
  }

  /** First channel of the group that is a neighbour of c. */
  private static int first(LocalResponseNorm norm, View x, int c) {
    int size = x.shape().c() / norm.groups();
    return Math.max(c / size * size, c - norm.maps() / 2);
  }

  /** One beyond the last. */
  private static int end(LocalResponseNorm norm, View x, int c) {
    int size = x.shape().c() / norm.groups();
    return Math.min((c / size + 1) * size, c + norm.maps() / 2 + 1);
  }

  static void forward(LocalResponseNorm norm, View x, View y, View s) {
    each(
        x,
        (n, c, h, w) -> {
          double sum = 0;
          for (int j = first(norm, x, c); j < end(norm, x, c); j++) {
            sum += (double) x.get(n, j, h, w) * x.get(n, j, h, w);
          }
          double scale = norm.k() + norm.factor() * sum;
          s.set(n, c, h, w, scale);
          y.set(n, c, h, w, x.get(n, c, h, w) * Math.pow(scale, -norm.beta()));
        });
  }

  static void backward(LocalResponseNorm norm, View dy, View x, View s, View dx) {
    each(
        x,
        (n, c, h, w) -> {
          double sum = 0;
          for (int j = first(norm, x, c); j < end(norm, x, c); j++) {
            sum +=
                (double) dy.get(n, j, h, w)
                    * x.get(n, j, h, w)
                    * Math.pow(s.get(n, j, h, w), -norm.beta() - 1);
          }
          double own = dy.get(n, c, h, w) * Math.pow(s.get(n, c, h, w), -norm.beta());
          dx.set(n, c, h, w, own - 2 * norm.factor() * norm.beta() * x.get(n, c, h, w) * sum);
        });
  }
}
