package org.alexnet.cpu.image;

import java.util.List;
import org.alexnet.network.AbsoluteValue;
import org.alexnet.network.Activation;
import org.alexnet.network.Logistic;
import org.alexnet.network.Softplus;
import org.alexnet.network.Square;
import org.alexnet.program.Op;

/** Functions of each number by itself. Exponentials are those of every machine. */
public final class ActivationImageOps {
  private ActivationImageOps() {}

  public static ImageOp forward(Op.Activation op) {
    Activation function = op.function();
    return ImageOps.pointwise(
        List.of(op.x()),
        op.y(),
        (context, in, out, n, first) -> forward(function, context.m(), in[0], out, n));
  }

  private static void forward(Activation function, float[] m, int x, int y, int n) {
    switch (function) {
      case Logistic _ -> {
        for (int i = 0; i < n; i++) {
          m[y + i] = (float) logistic(m[x + i]);
        }
      }
      case Softplus f -> {
        for (int i = 0; i < n; i++) {
          float value = m[x + i];
          m[y + i] =
              value > f.threshold()
                  ? value
                  : (float)
                      (Math.max(value, 0) + StrictMath.log1p(StrictMath.exp(-Math.abs(value))));
        }
      }
      case AbsoluteValue _ -> {
        for (int i = 0; i < n; i++) {
          m[y + i] = Math.abs(m[x + i]);
        }
      }
      case Square _ -> {
        for (int i = 0; i < n; i++) {
          m[y + i] = m[x + i] * m[x + i];
        }
      }
    }
  }

  private static double logistic(float x) {
    return 1 / (1 + StrictMath.exp(-x));
  }

  public static ImageOp backward(Op.ActivationBackward op) {
    Activation function = op.function();
    return ImageOps.pointwise(
        List.of(op.dy(), op.kept()),
        op.dx(),
        (context, in, out, n, first) -> backward(function, context.m(), in[0], in[1], out, n));
  }

  private static void backward(Activation function, float[] m, int dy, int kept, int dx, int n) {
    switch (function) {
      case Logistic _ -> {
        for (int i = 0; i < n; i++) {
          float y = m[kept + i];
          m[dx + i] = m[dy + i] * (y * (1 - y));
        }
      }
      case Softplus f -> {
        for (int i = 0; i < n; i++) {
          float x = m[kept + i];
          m[dx + i] = x > f.threshold() ? m[dy + i] : m[dy + i] * (float) logistic(x);
        }
      }
      case AbsoluteValue _ -> {
        for (int i = 0; i < n; i++) {
          m[dx + i] = m[kept + i] > 0 ? m[dy + i] : -m[dy + i];
        }
      }
      case Square _ -> {
        for (int i = 0; i < n; i++) {
          m[dx + i] = m[dy + i] * (2 * m[kept + i]);
        }
      }
    }
  }
}
