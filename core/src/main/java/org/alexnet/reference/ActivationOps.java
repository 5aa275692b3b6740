package org.alexnet.reference;

import java.util.function.Function;
import org.alexnet.network.AbsoluteValue;
import org.alexnet.network.Activation;
import org.alexnet.network.Logistic;
import org.alexnet.network.Softplus;
import org.alexnet.network.Square;
import org.alexnet.program.Op;
import org.alexnet.program.Tensor;

/** Functions of each number by itself. */
final class ActivationOps {
  private ActivationOps() {}

  private static double value(Activation function, double x) {
    return switch (function) {
      case Logistic _ -> 1 / (1 + Math.exp(-x));
      case Softplus f -> x > f.threshold() ? x : Math.log1p(Math.exp(x));
      case AbsoluteValue _ -> Math.abs(x);
      case Square _ -> x * x;
    };
  }

  /**
   * @param kept y of the logistic function, x of the others
   */
  private static double derivative(Activation function, double kept) {
    return switch (function) {
      case Logistic _ -> kept * (1 - kept);
      case Softplus f -> kept > f.threshold() ? 1 : 1 / (1 + Math.exp(-kept));
      case AbsoluteValue _ -> kept > 0 ? 1 : -1;
      case Square _ -> 2 * kept;
    };
  }

  static void forward(Op.Activation op, Function<Tensor, View> memory) {
    View x = memory.apply(op.x());
    View y = memory.apply(op.y());
    for (int i = 0; i < y.length(); i++) {
      y.set(i, value(op.function(), x.get(i)));
    }
  }

  static void backward(Op.ActivationBackward op, Function<Tensor, View> memory) {
    View dy = memory.apply(op.dy());
    View kept = memory.apply(op.kept());
    View dx = memory.apply(op.dx());
    for (int i = 0; i < dx.length(); i++) {
      dx.set(i, dy.get(i) * derivative(op.function(), kept.get(i)));
    }
  }
}
