package org.alexnet.program;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.alexnet.network.Logistic;
import org.alexnet.network.Parameter;

/**
 * Reverse-mode differentiation of a forward program: the adjoint of each operation in reverse
 * order, then one update a parameter after the last operation that reads it. Where several
 * operations read a tensor, each contributes to its gradient, and the contributions are added in
 * the order of those operations. What reads a copy on another device, or parts that were joined for
 * it, contributes to the tensors themselves: each contribution is cut and sent back by itself, so
 * that sums do not depend on which columns share a device.
 */
final class Differentiation {
  /** Numbers of a gradient that go from device to device together: 2 MB. */
  private static final int SLICE = 1 << 19;

  /** Outputs that backends keep together, or a multiple of them. */
  private static final int ROWS = 64;

  private final Map<Tensor, Parameter> parameters;
  private final UnaryOperator<Tensor> finiteNear;
  private final List<Op> ops = new ArrayList<>();
  private final List<Op> updates = new ArrayList<>();
  private final Map<Tensor, List<Integer>> readers = new HashMap<>();
  private final Map<Tensor, NavigableMap<Integer, Tensor>> contributions = new HashMap<>();
  private final Set<Tensor> learned = new HashSet<>();
  private final Set<Tensor> moved;
  private final Set<Tensor> termByTerm = new HashSet<>();
  private final Map<String, List<Tensor>> copies = new HashMap<>(); // read, of whole parameters
  private final Map<String, List<Tensor>> shares = new HashMap<>(); // of shards in their gradients
  private final AllReduce allReduce;
  private int reader; // number of the forward operation whose adjoint is made

  private Differentiation(
      Map<Tensor, Parameter> parameters,
      Set<Tensor> moved,
      Placement placement,
      UnaryOperator<Tensor> finiteNear) {
    this.parameters = parameters;
    this.moved = moved;
    this.allReduce = new AllReduce(placement, ops, updates);
    this.finiteNear = finiteNear;
  }

  /**
   * Forward, backward and update operations in order.
   *
   * @param forward operations, the loss last
   * @param parameters what is learned, and how
   * @param moved tensors that hold what others do, copied to a device or joined there
   * @param placement the devices of shards, between which gradients of parameters are summed up
   * @param finiteNear the flag of a finite loss on the device of a parameter
   */
  static List<Op> of(
      List<Op> forward,
      Map<Tensor, Parameter> parameters,
      Set<Tensor> moved,
      Placement placement,
      UnaryOperator<Tensor> finiteNear) {
    Differentiation d = new Differentiation(parameters, moved, placement, finiteNear);
    d.findWhatDependsOnParameters(forward);
    d.findWhatGoesBackTermByTerm(forward);
    d.findReaders(forward);
    d.findCopies(forward);
    d.ops.addAll(forward);
    for (d.reader = forward.size() - 1; d.reader >= 0; d.reader--) {
      d.adjoint(forward.get(d.reader));
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

  /**
   * Of what was moved, each contribution goes back by itself; but where all that reads a tensor
   * reads it where it was moved, they may as well be added up there: the terms are the same.
   */
  private void findWhatGoesBackTermByTerm(List<Op> forward) {
    Map<Tensor, Integer> reads = new HashMap<>();
    forward.forEach(op -> op.reads().forEach(tensor -> reads.merge(tensor, 1, Integer::sum)));
    for (Op op : forward) {
      Tensor y = op.writes().getFirst();
      boolean elsewhere =
          op.reads().stream()
              .anyMatch(tensor -> reads.get(tensor) > 1 || termByTerm.contains(tensor));
      if (moved.contains(y) && elsewhere) {
        termByTerm.add(y);
      }
    }
  }

  /** The numbers of the operations that read each tensor, or what was moved of it, in order. */
  private void findReaders(List<Op> forward) {
    for (int i = forward.size() - 1; i >= 0; i--) {
      Op op = forward.get(i);
      Tensor y = op.writes().getFirst();
      List<Integer> own = termByTerm.contains(y) ? readers.getOrDefault(y, List.of()) : List.of(i);
      for (Tensor tensor : op.reads()) {
        readers.computeIfAbsent(tensor, t -> new ArrayList<>()).addAll(own);
      }
    }
    readers.values().forEach(Collections::sort);
  }

  /** For each operation that reads a whole parameter, the copy that it reads: one a shard. */
  private void findCopies(List<Op> forward) {
    for (Op op : forward) {
      op.reads().stream()
          .filter(tensor -> parameters.containsKey(tensor) && tensor.part().isWhole())
          .forEach(w -> copies.computeIfAbsent(w.name(), name -> new ArrayList<>()).add(w));
    }
  }

  private boolean isShared(Tensor w) {
    return copies.getOrDefault(w.name(), List.of()).size() > 1;
  }

  private void adjoint(Op op) {
    switch (op) {
      case Op.SoftmaxCrossEntropy loss -> loss(loss);
      case Op.Convolution conv -> convolution(conv);
      case Op.LocallyConnected local -> locallyConnected(local);
      case Op.PositionBias bias -> positionBias(bias);
      case Op.FullyConnected fc -> fullyConnected(fc);
      case Op.Relu relu -> relu(relu);
      case Op.Tanh tanh -> tanh(tanh);
      case Op.Activation function -> activation(function);
      case Op.MaxPool pool -> maxPool(pool);
      case Op.AveragePool pool -> averagePool(pool);
      case Op.LocalResponseNorm norm -> localResponseNorm(norm);
      case Op.ContrastNorm norm -> contrastNorm(norm);
      case Op.Blur blur -> blur(blur);
      case Op.Subsample kept -> subsample(kept);
      case Op.HorizontalFlip flip -> flip(flip);
      case Op.ChannelSelection selection -> channelSelection(selection);
      case Op.Dropout drop -> dropout(drop);
      case Op.Transfer transfer -> transfer(transfer);
      case Op.Concatenate concatenate -> concatenate(concatenate);
      case Op.Scale scale -> scale(scale);
      case Op.LoadInput _, Op.Zeros _, Op.Minimum _ -> {}
      case Op.Add sum -> sum(sum);
      case Op.Slice _,
          Op.Send _,
          Op.Receive _,
          Op.ConvolutionBackwardData _,
          Op.ConvolutionBackwardWeights _,
          Op.LocallyConnectedBackwardData _,
          Op.LocallyConnectedBackwardWeights _,
          Op.PositionBiasBackward _,
          Op.ReluBackward _,
          Op.TanhBackward _,
          Op.ActivationBackward _,
          Op.MaxPoolBackward _,
          Op.AveragePoolBackward _,
          Op.LocalResponseNormBackward _,
          Op.ContrastNormBackward _,
          Op.SubsampleBackward _,
          Op.ChannelSelectionBackward _,
          Op.FullyConnectedBackwardData _,
          Op.FullyConnectedBackwardWeights _,
          Op.SoftmaxCrossEntropyBackward _,
          Op.Update _ ->
          throw new IllegalStateException(op.layer() + ": a forward program holds " + op);
    }
  }

  /**
   * What an operation contributes to the gradient of a tensor that it reads, made where it runs.
   */
  private Tensor contribution(Op op, Tensor tensor) {
    int index = op.index();
    Part part = index == tensor.part().index() ? tensor.part() : Part.whole(index);
    return contribution(tensor, reader, part);
  }

  /**
   * @param origin number of the operation that reads the tensor, or what was moved of it
   */
  private Tensor contribution(Tensor tensor, int origin, Part part) {
    int number = next(tensor, origin);
    Tensor gradient = tensor.gradient().in(part);
    if (readers.get(tensor).size() > 1) {
      gradient = gradient.contribution(number);
    }
    contributions.get(tensor).put(number, gradient);
    return gradient;
  }

  /** The number of the next contribution of an operation to the gradient of a tensor. */
  private int next(Tensor tensor, int origin) {
    NavigableMap<Integer, Tensor> known =
        contributions.computeIfAbsent(tensor, t -> new TreeMap<>());
    int number = readers.get(tensor).indexOf(origin);
    while (known.containsKey(number)) { // it is read twice
      number++;
    }
    return number;
  }

  /** The gradient of what an operation wrote, all contributions to it added up. */
  private Tensor gradient(Op writer, Tensor tensor) {
    List<Tensor> terms = List.copyOf(contributions.get(tensor).values());
    if (terms.size() == 1) {
      return terms.getFirst();
    }
    ops.add(new Op.Add(writer.layer(), terms, tensor.gradient()));
    return tensor.gradient();
  }

  private void transfer(Op.Transfer transfer) {
    Tensor x = transfer.x();
    Tensor y = transfer.y();
    if (contributions.containsKey(y)) { // not so for the flag of a finite loss
      terms(transfer, y)
          .forEach(
              (origin, dy) ->
                  ops.add(
                      new Op.Transfer(transfer.layer(), dy, contribution(x, origin, x.part()))));
    }
  }

  private void concatenate(Op.Concatenate concatenate) {
    if (learned.contains(concatenate.y())) {
      terms(concatenate, concatenate.y()).forEach((origin, dy) -> slices(concatenate, dy, origin));
    }
  }

  /** The gradient of what was moved as it goes back, each term with the number of its reader. */
  private SequencedMap<Integer, Tensor> terms(Op writer, Tensor y) {
    SequencedMap<Integer, Tensor> terms = new LinkedHashMap<>();
    if (termByTerm.contains(y)) {
      List<Integer> origins = readers.get(y);
      contributions.get(y).forEach((number, dy) -> terms.put(origins.get(number), dy));
    } else {
      terms.put(reader, gradient(writer, y));
    }
    return terms;
  }

  /** Each part's share of a gradient of the whole. */
  private void slices(Op.Concatenate concatenate, Tensor dy, int origin) {
    Part.Axis axis = concatenate.axis();
    int first = 0;
    for (Tensor part : concatenate.parts()) {
      if (learned.contains(part)) {
        Tensor share = contribution(part, origin, part.part());
        ops.add(new Op.Slice(concatenate.layer(), axis, dy, first, share));
      }
      first += part.shape().along(axis);
    }
  }

  private void convolution(Op.Convolution conv) {
    Tensor dy = gradient(conv, conv.y());
    Tensor dw = share(conv, conv.weight());
    Tensor db = share(conv, conv.bias());
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
    if (parameters.containsKey(conv.bias())) { // else it has none of its own
      update(conv.layer(), conv.bias(), db);
    }
  }

  private void locallyConnected(Op.LocallyConnected local) {
    Tensor dy = gradient(local, local.y());
    Tensor dw = share(local, local.weight());
    ops.add(
        new Op.LocallyConnectedBackwardWeights(
            local.layer(), local.x(), dy, dw, local.window(), local.groups()));
    if (learned.contains(local.x())) {
      Tensor dx = contribution(local, local.x());
      ops.add(
          new Op.LocallyConnectedBackwardData(
              local.layer(), dy, local.weight(), dx, local.window(), local.groups()));
    }
    update(local.layer(), local.weight(), dw);
  }

  /** The gradient of what it adds to is that of the sum; no operation copies it. */
  private void positionBias(Op.PositionBias sum) {
    Tensor dy = gradient(sum, sum.y());
    Tensor db = share(sum, sum.bias());
    ops.add(new Op.PositionBiasBackward(sum.layer(), dy, db));
    if (learned.contains(sum.x())) {
      int number = next(sum.x(), reader);
      contributions.get(sum.x()).put(number, dy);
    }
    update(sum.layer(), sum.bias(), db);
  }

  private void fullyConnected(Op.FullyConnected fc) {
    Tensor dy = gradient(fc, fc.y());
    if (learned.contains(fc.x())) {
      ops.add(
          new Op.FullyConnectedBackwardData(fc.layer(), dy, fc.weight(), contribution(fc, fc.x())));
    }
    Tensor dw = share(fc, fc.weight());
    Tensor db = share(fc, fc.bias());
    ops.add(new Op.FullyConnectedBackwardWeights(fc.layer(), fc.x(), dy, dw, db));
    update(fc.layer(), fc.weight(), dw, rows(fc.weight()));
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

  private void activation(Op.Activation op) {
    if (learned.contains(op.x())) {
      Tensor dy = gradient(op, op.y());
      Tensor kept = op.function() instanceof Logistic ? op.y() : op.x();
      ops.add(
          new Op.ActivationBackward(op.layer(), op.function(), dy, kept, contribution(op, op.x())));
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

  private void contrastNorm(Op.ContrastNorm op) {
    if (learned.contains(op.x())) {
      Tensor dy = gradient(op, op.y());
      Tensor dx = contribution(op, op.x());
      ops.add(
          new Op.ContrastNormBackward(op.layer(), dy, op.x(), op.centred(), op.s(), dx, op.norm()));
    }
  }

  private void blur(Op.Blur blur) {
    if (learned.contains(blur.x())) {
      Tensor dy = gradient(blur, blur.y());
      ops.add(new Op.Blur(blur.layer(), dy, contribution(blur, blur.x()), blur.filter()));
    }
  }

  private void subsample(Op.Subsample op) {
    if (learned.contains(op.x())) {
      Tensor dy = gradient(op, op.y());
      ops.add(new Op.SubsampleBackward(op.layer(), dy, contribution(op, op.x()), op.kept()));
    }
  }

  private void flip(Op.HorizontalFlip flip) {
    if (learned.contains(flip.x())) {
      Tensor dy = gradient(flip, flip.y());
      ops.add(new Op.HorizontalFlip(flip.layer(), dy, contribution(flip, flip.x())));
    }
  }

  private void channelSelection(Op.ChannelSelection op) {
    if (learned.contains(op.x())) {
      Tensor dy = gradient(op, op.y());
      Tensor dx = contribution(op, op.x());
      ops.add(new Op.ChannelSelectionBackward(op.layer(), dy, dx, op.channels()));
    }
  }

  private void dropout(Op.Dropout drop) {
    if (learned.contains(drop.x())) {
      Tensor dy = gradient(drop, drop.y());
      Tensor dx = contribution(drop, drop.x());
      ops.add(new Op.Dropout(drop.layer(), dy, dx, drop.rate(), drop.scale(), drop.origin()));
    }
  }

  private void scale(Op.Scale scale) {
    if (learned.contains(scale.x())) {
      Tensor dy = gradient(scale, scale.y());
      ops.add(new Op.Scale(scale.layer(), dy, contribution(scale, scale.x()), scale.factor()));
    }
  }

  /** Each term has the gradient of the sum; a copy, since contributions are made in place. */
  private void sum(Op.Add sum) {
    if (learned.contains(sum.y())) {
      Tensor dy = gradient(sum, sum.y());
      for (Tensor term : sum.terms()) {
        if (learned.contains(term)) {
          ops.add(new Op.Scale(sum.layer(), dy, contribution(sum, term), 1));
        }
      }
    }
  }

  private void loss(Op.SoftmaxCrossEntropy loss) {
    Tensor dx = contribution(loss, loss.logits());
    ops.add(
        new Op.SoftmaxCrossEntropyBackward(
            loss.layer(), loss.probabilities(), loss.labels(), dx, loss.first()));
  }

  /** What an operation finds of the gradient of a parameter: all, or what a shard contributes. */
  private Tensor share(Op op, Tensor w) {
    Tensor whole = w.gradient();
    if (!isShared(w)) {
      return whole;
    }
    Part part = Part.whole(op.index());
    String name = whole.name() + "." + part.letter();
    return new Tensor(name, whole.shape(), whole.role(), part);
  }

  private void update(String layer, Tensor w, Tensor dw) {
    update(layer, w, dw, Integer.MAX_VALUE);
  }

  /**
   * An update once all contributions to a gradient are there, which come last shard first.
   *
   * @param rows outputs that go from device to device together
   */
  private void update(String layer, Tensor w, Tensor dw, int rows) {
    if (!isShared(w)) {
      updates.add(updated(layer, w, dw));
      return;
    }
    List<Tensor> terms = shares.computeIfAbsent(w.name(), name -> new ArrayList<>());
    terms.addFirst(dw);
    if (terms.size() == copies.get(w.name()).size()) {
      for (Tensor gradient : allReduce.sums(layer, terms, w.gradient(), rows)) {
        updates.add(updated(layer, w.in(gradient.part()), gradient));
      }
    }
  }

  /** Outputs of a slice: about {@link #SLICE} numbers, and whole blocks of whatever layout. */
  private static int rows(Tensor weights) {
    int blocks = SLICE / weights.shape().imageElements() / ROWS;
    return Math.max(1, blocks) * ROWS;
  }

  private Op.Update updated(String layer, Tensor w, Tensor dw) {
    Parameter parameter = parameters.get(w);
    int filters =
        parameter.outputAxis() == 0
            ? w.shape().n()
            : Math.multiplyExact(w.shape().n(), w.shape().c());
    return new Op.Update(
        layer,
        w,
        w.momentum(),
        dw,
        finiteNear.apply(w),
        w.gradientSquares(),
        parameter.spec(),
        filters);
  }
}
