package org.alexnet.reference;

/** Fully-connected layers by their definition; an input is flattened as C H W. */
final class FullyConnectedOps {
  private FullyConnectedOps() {}

  static void forward(View x, View weight, View bias, View y) {
    int inputs = weight.shape().c();
    int outputs = weight.shape().n();
    for (int n = 0; n < y.shape().n(); n++) {
      for (int o = 0; o < outputs; o++) {
        double sum = bias.get(o);
        for (int i = 0; i < inputs; i++) {
          sum += (double) x.get(n * inputs + i) * weight.get(o * inputs + i);
        }
        y.set(n * outputs + o, sum);
      }
    }
  }

  static void backwardData(View dy, View weight, View dx) {
    int inputs = weight.shape().c();
    int outputs = weight.shape().n();
    for (int n = 0; n < dy.shape().n(); n++) {
      for (int i = 0; i < inputs; i++) {
        double sum = 0;
        for (int o = 0; o < outputs; o++) {
          sum += (double) dy.get(n * outputs + o) * weight.get(o * inputs + i);
        }
        dx.set(n * inputs + i, sum);
      }
    }
  }

  static void backwardWeights(View x, View dy, View dw, View db) {
    int inputs = dw.shape().c();
    int outputs = dw.shape().n();
    int images = dy.shape().n();
    for (int o = 0; o < outputs; o++) {
      for (int i = 0; i < inputs; i++) {
        double sum = 0;
        for (int n = 0; n < images; n++) {
          sum += (double) x.get(n * inputs + i) * dy.get(n * outputs + o);
        }
        dw.set(o * inputs + i, sum);
      }
      double sum = 0;
      for (int n = 0; n < images; n++) {
        sum += dy.get(n * outputs + o);
      }
      db.set(o, sum);
    }
  }
}
