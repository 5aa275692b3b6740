package org.alexnet.program;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.alexnet.network.Parameter;
import org.alexnet.network.ParameterSpec;

/**
 * Reverse-mode differentiation of a forward program: the adjoint of each operation in reverse
 * order, then one update a parameter after the last operation that reads it. Where several
 * operations read a tensor, each contributes to its gradient, and the contributions are added in
 * the order of those operations.
 */
final class Differentiation {
  private final Map<Tensor, Parameter> parameters;
  private final UnaryOperator<Tensor> finiteNear;
  private final List<Op> ops = new ArrayList<>();
  private final List<Op> updates = new ArrayList<>();
  private final Map<Tensor, Integer> readers = new HashMap<>();
  private final Map<Tensor, Deque<Tensor>> contributions = new HashMap<>();
  private final Set<Tensor> learned = new HashSet<>();

  private Differentiation(Map<Tensor, Parameter> parameters, UnaryOperator<Tensor> finiteNear) {
    this.parameters = parameters;
    this.finiteNear = finiteNear;
  }

  /**
   * Forward, backward and update operations in order.
   *
   * @param forward operations, the loss last
   * @param parameters what is learned, and how
   * @param finiteNear the flag of a finite loss on the device of a parameter
   */
  static List<Op> of(
      List<Op> forward, Map<Tensor, Parameter> parameters, UnaryOperator<Tensor> finiteNear) {
    Differentiation d = new Differentiation(parameters, finiteNear);
    d.findWhatDependsOnParameters(forward);
    d.ops.addAll(forward);
    forward.forEach(op -> op.reads().forEach(t -> d.readers.merge(t, 1, Integer::sum)));
    for (Op op : forward.reversed()) {
      d.adjoint(op);
    }
    d.ops.addAll(d.updates);
    return d.ops;
  }

  /** A gradient is needed only where a parameter lies upstream; the image needs none. */
  private void findWhatDependsOnParameters(List<Op> forward) {
    for (Op op : forward) {
      boolean depends =
          op.reads().stream()
              .anyMatch(t -> t.role() == Tensor.Role.PARAMETER || learned.contains(t));
      if (depends) {
        learned.addAll(op.writes());
      }
    }
  }

  private void adjoint(Op op) {
    switch (op) {
      case Op.SoftmaxCrossEntropy loss -> loss(loss);
      case Op.Convolution conv -> convolution(conv);
      case Op.FullyConnected fc -> fullyConnected(fc);
      case Op.Relu relu -> relu(relu);
      case Op.Tanh tanh -> tanh(tanh);
      case Op.MaxPool pool -> maxPool(pool);
      case Op.AveragePool pool -> averagePool(pool);
      case Op.LocalResponseNorm norm -> localResponseNorm(norm);
      case Op.Dropout drop -> {
        if (learned.contains(drop.x())) {
          Tensor dy = gradient(drop, drop.y());
          ops.add(
              new Op.Dropout(
                  drop.layer(),
                  dy,
                  contribution(drop, drop.x()),
                  drop.rate(),
                  drop.scale(),
                  drop.origin()));
        }
      }
      case Op.Transfer transfer -> {
        if (contributions.containsKey(transfer.y())) { // not so for the flag of a finite loss
          Tensor dy = gradient(transfer, transfer.y());
          ops.add(new Op.Transfer(transfer.layer(), dy, home(transfer.x())));
        }
      }
      case Op.Concatenate concatenate -> {
        if (learned.contains(concatenate.y())) {
          Tensor dy = gradient(concatenate, concatenate.y());
          int first = 0;
          for (Tensor part : concatenate.parts()) {
            Part.Axis axis = concatenate.axis();
            ops.add(new Op.Slice(concatenate.layer(), axis, dy, first, home(part)));
            first += part.shape().along(axis);
          }
        }
      }
      case Op.Scale scale -> scale(scale);
      case Op.LoadInput load -> {}
      case Op.Slice b -> throw alreadyBackward(b);
      case Op.Add b -> throw alreadyBackward(b);
      case Op.ConvolutionBackwardData b -> throw alreadyBackward(b);
      case Op.ConvolutionBackwardWeights b -> throw alreadyBackward(b);
      case Op.ReluBackward b -> throw alreadyBackward(b);
      case Op.TanhBackward b -> throw alreadyBackward(b);
      case Op.MaxPoolBackward b -> throw alreadyBackward(b);
      case Op.AveragePoolBackward b -> throw alreadyBackward(b);
      case Op.LocalResponseNormBackward b -> throw alreadyBackward(b);
      case Op.FullyConnectedBackwardData b -> throw alreadyBackward(b);
      case Op.FullyConnectedBackwardWeights b -> throw alreadyBackward(b);
      case Op.SoftmaxCrossEntropyBackward b -> throw alreadyBackward(b);
      case Op.Update b -> throw alreadyBackward(b);
    }
  }

  private static IllegalStateException alreadyBackward(Op op) {
    return new IllegalStateException(op.layer() + ": a forward program holds " + op);
  }

  /**
   * What an operation contributes to the gradient of a tensor that it reads, made where it runs.
   */
  private Tensor contribution(Op reader, Tensor tensor) {
    int index = reader.index();
    return contribution(tensor, index == tensor.part().index() ? tensor.part() : Part.whole(index));
  }

  /** A contribution made where the tensor itself is. */
  private Tensor home(Tensor tensor) {
    return contribution(tensor, tensor.part());
  }

  private Tensor contribution(Tensor tensor, Part part) {
    int all = readers.get(tensor);
    Deque<Tensor> known = contributions.computeIfAbsent(tensor, t -> new ArrayDeque<>());
    Tensor gradient = tensor.gradient();
    if (all > 1) {
      int number = all - 1 - known.size();
      gradient = gradient.contribution(number).in(part);
    }
    known.addFirst(gradient); // readers come in reverse
    return gradient;
  }

  /** The gradient of what an operation wrote, all contributions to it added up. */
  private Tensor gradient(Op writer, Tensor tensor) {
    Deque<Tensor> terms = contributions.get(tensor);
    if (terms.size() > 1) {
      ops.add(new Op.Add(writer.layer(), List.copyOf(terms), tensor.gradient()));
    }
    return tensor.gradient();
  }

  private void convolution(Op.Convolution conv) {
    Tensor dy = gradient(conv, conv.y());
    Tensor dw = conv.weight().gradient();
    Tensor db = conv.bias().gradient();
    ops.add(
        new Op.ConvolutionBackwardWeights(
            conv.layer(), conv.x(), dy, dw, db, conv.window(), conv.groups()));
    if (learned.contains(conv.x())) {
      Tensor dx = contribution(conv, conv.x());
      ops.add(
          new Op.ConvolutionBackwardData(
              conv.layer(), dy, conv.weight(), dx, conv.window(), conv.groups()));
    }
    update(conv.layer(), conv.weight(), dw);
    update(conv.layer(), conv.bias(), db);
  }

  private void fullyConnected(Op.FullyConnected fc) {
    Tensor dy = gradient(fc, fc.y());
    if (learned.contains(fc.x())) {
      ops.add(
          new Op.FullyConnectedBackwardData(fc.layer(), dy, fc.weight(), contribution(fc, fc.x())));
    }
    Tensor dw = fc.weight().gradient();
    Tensor db = fc.bias().gradient();
    ops.add(new Op.FullyConnectedBackwardWeights(fc.layer(), fc.x(), dy, dw, db));
    update(fc.layer(), fc.weight(), dw);
    update(fc.layer(), fc.bias(), db);
  }

  private void relu(Op.Relu relu) {
    if (learned.contains(relu.x())) {
      Tensor dy = gradient(relu, relu.y());
      ops.add(new Op.ReluBackward(relu.layer(), dy, relu.y(), contribution(relu, relu.x())));
    }
  }

  private void tanh(Op.Tanh tanh) {
    if (learned.contains(tanh.x())) {
      Tensor dy = gradient(tanh, tanh.y());
      ops.add(new Op.TanhBackward(tanh.layer(), dy, tanh.y(), contribution(tanh, tanh.x())));
    }
  }

  private void maxPool(Op.MaxPool pool) {
    if (learned.contains(pool.x())) {
      Tensor dy = gradient(pool, pool.y());
      Tensor dx = contribution(pool, pool.x());
      ops.add(new Op.MaxPoolBackward(pool.layer(), dy, pool.argmax(), dx, pool.window()));
    }
  }

  private void averagePool(Op.AveragePool pool) {
    if (learned.contains(pool.x())) {
      Tensor dy = gradient(pool, pool.y());
      Tensor dx = contribution(pool, pool.x());
      ops.add(new Op.AveragePoolBackward(pool.layer(), dy, dx, pool.window()));
    }
  }

  private void localResponseNorm(Op.LocalResponseNorm norm) {
    if (learned.contains(norm.x())) {
      Tensor dy = gradient(norm, norm.y());
      Tensor dx = contribution(norm, norm.x());
      ops.add(
          new Op.LocalResponseNormBackward(norm.layer(), dy, norm.x(), norm.s(), dx, norm.norm()));
    }
  }

  private void scale(Op.Scale scale) {
    if (learned.contains(scale.x())) {
      Tensor dy = gradient(scale, scale.y());
      ops.add(new Op.Scale(scale.layer(), dy, contribution(scale, scale.x()), scale.factor()));
    }
  }

  private void loss(Op.SoftmaxCrossEntropy loss) {
    Tensor dx = contribution(loss, loss.logits());
    ops.add(
        new Op.SoftmaxCrossEntropyBackward(
            loss.layer(), loss.probabilities(), loss.labels(), dx, loss.first()));
  }

  private void update(String layer, Tensor w, Tensor dw) {
    ParameterSpec how = parameters.get(w).spec();
    updates.add(
        new Op.Update(
            layer,
            w,
            w.momentum(),
            dw,
            finiteNear.apply(w),
            w.gradientSquares(),
            how.rate(),
            how.decay()));
  }
}
