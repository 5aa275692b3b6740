package org.alexnet.program;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alexnet.network.Parameter;

/**
 * Reverse-mode differentiation of a forward program: the adjoint of each operation in reverse
 * order, then one update a parameter after the last operation that reads it.
 */
final class Differentiation {
  private final Forward forward;
  private final List<Op> ops = new ArrayList<>();
  private final List<Op> updates = new ArrayList<>();
  private final Map<Tensor, Tensor> gradients = new HashMap<>();
  private final Set<Tensor> learned = new HashSet<>();
  private Tensor finite;

  private Differentiation(Forward forward) {
    this.forward = forward;
  }

  /** Forward, backward and update operations in order. */
  static List<Op> of(Forward forward) {
    Differentiation d = new Differentiation(forward);
    d.findWhatDependsOnParameters();
    d.ops.addAll(forward.ops());
    for (Op op : forward.ops().reversed()) {
      d.adjoint(op);
    }
    d.ops.addAll(d.updates);
    return d.ops;
  }

  /** A gradient is needed only where a parameter lies upstream; the image needs none. */
  private void findWhatDependsOnParameters() {
    for (Op op : forward.ops()) {
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
      case Op.SoftmaxCrossEntropy loss -> {
        finite = loss.finite();
        ops.add(
            new Op.SoftmaxCrossEntropyBackward(
                loss.layer(), loss.probabilities(), loss.labels(), gradient(loss.logits())));
      }
      case Op.Convolve conv -> convolve(conv);
      case Op.Connect fc -> connect(fc);
      case Op.Rectify relu -> {
        if (learned.contains(relu.x())) {
          Tensor dy = gradients.get(relu.y());
          ops.add(new Op.RectifyBackward(relu.layer(), dy, relu.y(), gradient(relu.x())));
        }
      }
      case Op.HyperbolicTangent tanh -> {
        if (learned.contains(tanh.x())) {
          Tensor dy = gradients.get(tanh.y());
          ops.add(new Op.HyperbolicTangentBackward(tanh.layer(), dy, tanh.y(), gradient(tanh.x())));
        }
      }
      case Op.MaxPool pool -> {
        if (learned.contains(pool.x())) {
          Tensor dy = gradients.get(pool.y());
          Tensor dx = gradient(pool.x());
          ops.add(new Op.MaxPoolBackward(pool.layer(), dy, pool.argmax(), dx, pool.window()));
        }
      }
      case Op.AveragePool pool -> {
        if (learned.contains(pool.x())) {
          Tensor dy = gradients.get(pool.y());
          ops.add(new Op.AveragePoolBackward(pool.layer(), dy, gradient(pool.x()), pool.window()));
        }
      }
      case Op.Normalize norm -> {
        if (learned.contains(norm.x())) {
          Tensor dy = gradients.get(norm.y());
          Tensor dx = gradient(norm.x());
          ops.add(new Op.NormalizeBackward(norm.layer(), dy, norm.x(), norm.s(), dx, norm.norm()));
        }
      }
      case Op.Drop drop -> {
        if (learned.contains(drop.x())) {
          Tensor dy = gradients.get(drop.y());
          ops.add(new Op.Drop(drop.layer(), dy, gradient(drop.x()), drop.rate(), drop.scale()));
        }
      }
      case Op.Scale scale -> {
        if (learned.contains(scale.x())) {
          Tensor dy = gradients.get(scale.y());
          ops.add(new Op.Scale(scale.layer(), dy, gradient(scale.x()), scale.factor()));
        }
      }
      case Op.LoadInput load -> {}
      case Op.ConvolveBackwardData b -> throw alreadyBackward(b);
      case Op.ConvolveBackwardFilter b -> throw alreadyBackward(b);
      case Op.RectifyBackward b -> throw alreadyBackward(b);
      case Op.HyperbolicTangentBackward b -> throw alreadyBackward(b);
      case Op.MaxPoolBackward b -> throw alreadyBackward(b);
      case Op.AveragePoolBackward b -> throw alreadyBackward(b);
      case Op.NormalizeBackward b -> throw alreadyBackward(b);
      case Op.ConnectBackwardData b -> throw alreadyBackward(b);
      case Op.ConnectBackwardFilter b -> throw alreadyBackward(b);
      case Op.SoftmaxCrossEntropyBackward b -> throw alreadyBackward(b);
      case Op.Update b -> throw alreadyBackward(b);
    }
  }

  private static IllegalStateException alreadyBackward(Op op) {
    return new IllegalStateException(op.layer() + ": a forward program holds " + op);
  }

  private Tensor gradient(Tensor tensor) {
    Tensor gradient = tensor.gradient();
    if (gradients.put(tensor, gradient) != null) {
      throw new IllegalStateException(tensor + " is read by two operations");
    }
    return gradient;
  }

  private void convolve(Op.Convolve conv) {
    Tensor dy = gradients.get(conv.y());
    Tensor dw = gradient(conv.weight());
    Tensor db = gradient(conv.bias());
    ops.add(
        new Op.ConvolveBackwardFilter(
            conv.layer(), conv.x(), dy, dw, db, conv.window(), conv.groups()));
    if (learned.contains(conv.x())) {
      Tensor dx = gradient(conv.x());
      ops.add(
          new Op.ConvolveBackwardData(
              conv.layer(), dy, conv.weight(), dx, conv.window(), conv.groups()));
    }
    update(conv.layer(), conv.weight(), dw);
    update(conv.layer(), conv.bias(), db);
  }

  private void connect(Op.Connect fc) {
    Tensor dy = gradients.get(fc.y());
    if (learned.contains(fc.x())) {
      ops.add(new Op.ConnectBackwardData(fc.layer(), dy, fc.weight(), gradient(fc.x())));
    }
    Tensor dw = gradient(fc.weight());
    Tensor db = gradient(fc.bias());
    ops.add(new Op.ConnectBackwardFilter(fc.layer(), fc.x(), dy, dw, db));
    update(fc.layer(), fc.weight(), dw);
    update(fc.layer(), fc.bias(), db);
  }

  private void update(String layer, Tensor w, Tensor dw) {
    Parameter how = forward.learning(w);
    updates.add(new Op.Update(layer, w, w.momentum(), dw, finite, how.rate(), how.decay()));
  }
}
