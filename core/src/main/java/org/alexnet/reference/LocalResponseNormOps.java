package org.alexnet.reference;

import org.alexnet.network.LocalResponseNorm;

/** Local response normalization by its definition. */
final class LocalResponseNormOps {
  private LocalResponseNormOps() {}

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

  /** Visits what is summed up for one element. */
  private static void neighbours(
      LocalResponseNorm norm, View x, int n, int c, int h, int w, Visit visit) {
    int half = norm.size() / 2;
    switch (norm.region()) {
      case ACROSS_MAPS -> {
        int group = x.shape().c() / norm.groups();
        int end = Math.min((c / group + 1) * group, c + half + 1);
        for (int j = Math.max(c / group * group, c - half); j < end; j++) {
          visit.at(n, j, h, w);
        }
      }
      case WITHIN_MAP -> {
        for (int i = h - half; i <= h + half; i++) {
          for (int j = w - half; j <= w + half; j++) {
            if (x.inside(i, j)) {
              visit.at(n, c, i, j);
            }
          }
        }
      }
    }
  }

  static void forward(LocalResponseNorm norm, View x, View y, View s) {
    each(
        x,
        (n, c, h, w) -> {
          double[] sum = new double[1];
          neighbours(norm, x, n, c, h, w, (m, d, i, j) -> sum[0] += Math.pow(x.get(m, d, i, j), 2));
          double scale = norm.k() + norm.factor() * sum[0];
          s.set(n, c, h, w, scale);
          y.set(n, c, h, w, x.get(n, c, h, w) * Math.pow(scale, -norm.beta()));
        });
  }

  /** The regions are symmetric: an element is in the sums of those that are in its own. */
  static void backward(LocalResponseNorm norm, View dy, View x, View s, View dx) {
    each(
        x,
        (n, c, h, w) -> {
          double[] sum = new double[1];
          neighbours(
              norm,
              x,
              n,
              c,
              h,
              w,
              (m, d, i, j) ->
                  sum[0] +=
                      (double) dy.get(m, d, i, j)
                          * x.get(m, d, i, j)
                          * Math.pow(s.get(m, d, i, j), -norm.beta() - 1));
          double own = dy.get(n, c, h, w) * Math.pow(s.get(n, c, h, w), -norm.beta());
          dx.set(n, c, h, w, own - 2 * norm.factor() * norm.beta() * x.get(n, c, h, w) * sum[0]);
        });
  }
}
