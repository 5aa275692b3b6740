package org.alexnet.reference;

import java.util.Arrays;
import java.util.function.Function;
import org.alexnet.network.Window;
import org.alexnet.program.Op;
import org.alexnet.program.Shape;
import org.alexnet.program.Tensor;

/** Locally connected layers by their definition, and biases that differ by position. */
final class LocallyConnectedOps {
  private LocallyConnectedOps() {}

  /** What is done with one product of an input and a weight. */
  private interface Visit {
    /**
     * @param input number of the input in its image
     * @param weight number of the weight among all
     */
    void at(int input, int weight);
  }

  /**
   * The products that an output sums up.
   *
   * @param f its channel
   * @param position its row and column as one number
   */
  private static void each(
      Window window,
      int groups,
      Shape x,
      Shape weights,
      int width,
      int f,
      int position,
      Visit visit) {
    int first = f / (weights.c() / groups) * weights.h();
    for (int c = 0; c < weights.h(); c++) {
      for (int tap = 0; tap < weights.w(); tap++) {
        int h = position / width * window.stride() - window.pad() + tap / window.kernel();
        int w = position % width * window.stride() - window.pad() + tap % window.kernel();
        if (h >= 0 && h < x.h() && w >= 0 && w < x.w()) {
          visit.at(
              ((first + c) * x.h() + h) * x.w() + w,
              ((position * weights.c() + f) * weights.h() + c) * weights.w() + tap);
        }
      }
    }
  }

  static void forward(Op.LocallyConnected op, Function<Tensor, View> memory) {
    View x = memory.apply(op.x());
    View weight = memory.apply(op.weight());
    View y = memory.apply(op.y());
    Shape out = y.shape();
    int positions = out.h() * out.w();
    double[] sum = new double[1];
    for (int i = 0; i < y.length(); i++) {
      int image = i / out.imageElements() * x.shape().imageElements();
      int f = i / positions % out.c();
      sum[0] = 0;
      each(
          op.window(),
          op.groups(),
          x.shape(),
          weight.shape(),
          out.w(),
          f,
          i % positions,
          (input, w) -> sum[0] += (double) x.get(image + input) * weight.get(w));
      y.set(i, sum[0]);
    }
  }

  static void backwardData(Op.LocallyConnectedBackwardData op, Function<Tensor, View> memory) {
    View dy = memory.apply(op.dy());
    View weight = memory.apply(op.weight());
    View dx = memory.apply(op.dx());
    Shape out = dy.shape();
    int positions = out.h() * out.w();
    double[] sums = new double[dx.shape().imageElements()];
    for (int n = 0; n < out.n(); n++) {
      Arrays.fill(sums, 0);
      for (int i = 0; i < out.imageElements(); i++) {
        double gradient = dy.get(n * out.imageElements() + i);
        each(
            op.window(),
            op.groups(),
            dx.shape(),
            weight.shape(),
            out.w(),
            i / positions,
            i % positions,
            (input, w) -> sums[input] += gradient * weight.get(w));
      }
      for (int i = 0; i < sums.length; i++) {
        dx.set(n * sums.length + i, sums[i]);
      }
    }
  }

  static void backwardWeights(
      Op.LocallyConnectedBackwardWeights op, Function<Tensor, View> memory) {
    View x = memory.apply(op.x());
    View dy = memory.apply(op.dy());
    View dw = memory.apply(op.dw());
    Shape out = dy.shape();
    int positions = out.h() * out.w();
    double[] sums = new double[dw.length()];
    for (int i = 0; i < dy.length(); i++) {
      int image = i / out.imageElements() * x.shape().imageElements();
      double gradient = dy.get(i);
      each(
          op.window(),
          op.groups(),
          x.shape(),
          dw.shape(),
          out.w(),
          i / positions % out.c(),
          i % positions,
          (input, w) -> sums[w] += gradient * x.get(image + input));
    }
    for (int w = 0; w < sums.length; w++) {
      dw.set(w, sums[w]);
    }
  }

  static void bias(Op.PositionBias op, Function<Tensor, View> memory) {
    View x = memory.apply(op.x());
    View bias = memory.apply(op.bias());
    View y = memory.apply(op.y());
    for (int i = 0; i < y.length(); i++) {
      y.set(i, (double) x.get(i) + bias.get(i % bias.length()));
    }
  }

  static void biasBackward(Op.PositionBiasBackward op, Function<Tensor, View> memory) {
    View dy = memory.apply(op.dy());
    View db = memory.apply(op.db());
    for (int i = 0; i < db.length(); i++) {
      double sum = 0;
      for (int j = i; j < dy.length(); j += db.length()) {
        sum += dy.get(j);
      }
      db.set(i, sum);
    }
  }
}
