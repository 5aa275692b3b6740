package org.alexnet.reference;

import java.util.Arrays;
import org.alexnet.network.Window;
import org.alexnet.program.Op;

/** Convolution by its definition. */
final class ConvolutionOps {
  private ConvolutionOps() {}

  static void forward(Op.Convolution conv, View x, View weight, View bias, View y) {
    for (int n = 0; n < y.shape().n(); n++) {
      for (int f = 0; f < y.shape().c(); f++) {
        for (int h = 0; h < y.shape().h(); h++) {
          for (int w = 0; w < y.shape().w(); w++) {
            y.set(n, f, h, w, bias.get(f) + dot(conv, x, weight, n, f, h, w));
          }
        }
      }
    }
  }

  private static double dot(Op.Convolution conv, View x, View weight, int n, int f, int h, int w) {
    Window window = conv.window();
    int channels = weight.shape().c();
    int first = firstChannel(weight, conv.groups(), f);
    double sum = 0;
    for (int c = 0; c < channels; c++) {
      for (int kh = 0; kh < window.kernel(); kh++) {
        for (int kw = 0; kw < window.kernel(); kw++) {
          int ih = h * window.stride() - window.pad() + kh;
          int iw = w * window.stride() - window.pad() + kw;
          if (x.inside(ih, iw)) {
            sum += (double) x.get(n, first + c, ih, iw) * weight.get(f, c, kh, kw);
          }
        }
      }
    }
    return sum;
  }

  /** First input channel that a filter reads. */
  private static int firstChannel(View weight, int groups, int filter) {
    return filter / (weight.shape().n() / groups) * weight.shape().c();
  }

  static void backwardData(Op.ConvolutionBackwardData conv, View dy, View weight, View dx) {
    double[] sums = new double[dx.shape().imageElements()];
    for (int n = 0; n < dx.shape().n(); n++) {
      Arrays.fill(sums, 0);
      scatter(conv, dy, weight, dx, n, sums);
      for (int i = 0; i < sums.length; i++) {
        dx.set(n * sums.length + i, sums[i]);
      }
    }
  }

  private static void scatter(
      Op.ConvolutionBackwardData conv, View dy, View weight, View dx, int n, double[] sums) {
    Window window = conv.window();
    for (int f = 0; f < dy.shape().c(); f++) {
      int first = firstChannel(weight, conv.groups(), f);
      for (int h = 0; h < dy.shape().h(); h++) {
        for (int w = 0; w < dy.shape().w(); w++) {
          for (int c = 0; c < weight.shape().c(); c++) {
            for (int kh = 0; kh < window.kernel(); kh++) {
              for (int kw = 0; kw < window.kernel(); kw++) {
                int ih = h * window.stride() - window.pad() + kh;
                int iw = w * window.stride() - window.pad() + kw;
                if (dx.inside(ih, iw)) {
                  sums[((first + c) * dx.shape().h() + ih) * dx.shape().w() + iw] +=
                      (double) dy.get(n, f, h, w) * weight.get(f, c, kh, kw);
                }
              }
            }
          }
        }
      }
    }
  }

  static void backwardWeights(
      Op.ConvolutionBackwardWeights conv, View x, View dy, View dw, View db) {
    for (int f = 0; f < dw.shape().n(); f++) {
      for (int c = 0; c < dw.shape().c(); c++) {
        for (int kh = 0; kh < dw.shape().h(); kh++) {
          for (int kw = 0; kw < dw.shape().w(); kw++) {
            dw.set(f, c, kh, kw, correlate(conv, x, dy, dw, f, c, kh, kw));
          }
        }
      }
      double sum = 0;
      for (int n = 0; n < dy.shape().n(); n++) {
        for (int h = 0; h < dy.shape().h(); h++) {
          for (int w = 0; w < dy.shape().w(); w++) {
            sum += dy.get(n, f, h, w);
          }
        }
      }
      db.set(f, sum);
    }
  }

  private static double correlate(
      Op.ConvolutionBackwardWeights conv, View x, View dy, View dw, int f, int c, int kh, int kw) {
    Window window = conv.window();
    int channel = firstChannel(dw, conv.groups(), f) + c;
    double sum = 0;
    for (int n = 0; n < dy.shape().n(); n++) {
      for (int h = 0; h < dy.shape().h(); h++) {
        for (int w = 0; w < dy.shape().w(); w++) {
          int ih = h * window.stride() - window.pad() + kh;
          int iw = w * window.stride() - window.pad() + kw;
          if (x.inside(ih, iw)) {
            sum += (double) x.get(n, channel, ih, iw) * dy.get(n, f, h, w);
          }
        }
      }
    }
    return sum;
  }
}
