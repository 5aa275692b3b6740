package org.alexnet.reference;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Function;
import org.alexnet.backend.Peers;
import org.alexnet.backend.StepSettings;
import org.alexnet.data.Batch;
import org.alexnet.network.FilterBounds;
import org.alexnet.program.Op;
import org.alexnet.program.Part;
import org.alexnet.program.Shape;
import org.alexnet.program.Tensor;
import org.alexnet.random.Philox;

/** What each operation means. */
final class ReferenceOps {
  private final Function<Tensor, View> memory;
  private final Batch batch;
  private final StepSettings settings;
  private final Peers peers;

  ReferenceOps(Function<Tensor, View> memory, Batch batch, StepSettings settings, Peers peers) {
    this.peers = peers;
    this.memory = memory;
    this.batch = batch;
    this.settings = settings;
  }

  void run(Op op) {
    switch (op) {
      case Op.LoadInput load -> load(load);
      case Op.Convolution o ->
          ConvolutionOps.forward(o, view(o.x()), view(o.weight()), view(o.bias()), view(o.y()));
      case Op.ConvolutionBackwardData conv ->
          ConvolutionOps.backwardData(conv, view(conv.dy()), view(conv.weight()), view(conv.dx()));
      case Op.ConvolutionBackwardWeights o ->
          ConvolutionOps.backwardWeights(o, view(o.x()), view(o.dy()), view(o.dw()), view(o.db()));
      case Op.LocallyConnected o -> LocallyConnectedOps.forward(o, memory);
      case Op.LocallyConnectedBackwardData o -> LocallyConnectedOps.backwardData(o, memory);
      case Op.LocallyConnectedBackwardWeights o -> LocallyConnectedOps.backwardWeights(o, memory);
      case Op.Zeros o -> view(o.y()).clear();
      case Op.PositionBias o -> LocallyConnectedOps.bias(o, memory);
      case Op.PositionBiasBackward o -> LocallyConnectedOps.biasBackward(o, memory);
      case Op.Relu relu -> relu(view(relu.x()), view(relu.y()));
      case Op.ReluBackward relu -> reluBackward(view(relu.dy()), view(relu.y()), view(relu.dx()));
      case Op.Tanh tanh -> tanh(view(tanh.x()), view(tanh.y()));
      case Op.TanhBackward tanh -> tanhBackward(view(tanh.dy()), view(tanh.y()), view(tanh.dx()));
      case Op.Activation o -> ActivationOps.forward(o, memory);
      case Op.ActivationBackward o -> ActivationOps.backward(o, memory);
      case Op.MaxPool o -> PoolingOps.max(o, memory);
      case Op.MaxPoolBackward o -> PoolingOps.maxBackward(o, memory);
      case Op.AveragePool o -> PoolingOps.average(o, memory);
      case Op.AveragePoolBackward o -> PoolingOps.averageBackward(o, memory);
      case Op.LocalResponseNorm norm ->
          LocalResponseNormOps.forward(norm.norm(), view(norm.x()), view(norm.y()), view(norm.s()));
      case Op.LocalResponseNormBackward norm ->
          LocalResponseNormOps.backward(
              norm.norm(), view(norm.dy()), view(norm.x()), view(norm.s()), view(norm.dx()));
      case Op.ContrastNorm o -> ContrastNormOps.forward(o, memory);
      case Op.ContrastNormBackward o -> ContrastNormOps.backward(o, memory);
      case Op.Blur o -> FixedOps.blur(o, memory);
      case Op.Subsample o -> FixedOps.subsample(o, memory);
      case Op.SubsampleBackward o -> FixedOps.subsampleBackward(o, memory);
      case Op.HorizontalFlip o -> FixedOps.flip(o, memory);
      case Op.ChannelSelection o -> FixedOps.selectChannels(o, memory);
      case Op.ChannelSelectionBackward o -> FixedOps.selectChannelsBackward(o, memory);
      case Op.FullyConnected fc ->
          FullyConnectedOps.forward(view(fc.x()), view(fc.weight()), view(fc.bias()), view(fc.y()));
      case Op.FullyConnectedBackwardData fc ->
          FullyConnectedOps.backwardData(view(fc.dy()), view(fc.weight()), view(fc.dx()));
      case Op.FullyConnectedBackwardWeights o ->
          FullyConnectedOps.backwardWeights(view(o.x()), view(o.dy()), view(o.dw()), view(o.db()));
      case Op.Dropout drop -> dropout(drop, view(drop.x()), view(drop.y()));
      case Op.Transfer transfer -> transfer(transfer);
      case Op.Send send -> send(send, view(send.x()));
      case Op.Receive receive -> receive(receive, view(receive.y()));
      case Op.Concatenate concatenate -> concatenate(concatenate);
      case Op.Slice slice -> copy(slice.axis(), view(slice.x()), slice.first(), view(slice.y()), 0);
      case Op.Add add -> add(add);
      case Op.Minimum minimum -> minimum(minimum);
      case Op.Scale scale -> scale(scale.factor(), view(scale.x()), view(scale.y()));
      case Op.SoftmaxCrossEntropy loss -> loss(loss);
      case Op.SoftmaxCrossEntropyBackward loss -> lossBackward(loss);
      case Op.Update update -> update(update);
    }
  }

  private void send(Op.Send send, View x) {
    peers.send(send.to(), send.number(), x.memory(), x.offset(), x.length());
  }

  private void receive(Op.Receive receive, View y) {
    peers.receive(receive.from(), receive.number(), y.memory(), y.offset(), y.length());
  }

  private View view(Tensor tensor) {
    return memory.apply(tensor);
  }

  private void load(Op.LoadInput load) {
    View data = view(load.data());
    View mean = view(load.mean());
    View labels = view(load.labels());
    for (int n = 0; n < data.shape().n(); n++) {
      labels.set(n, batch.labels()[load.first() + n]);
      for (int c = 0; c < data.shape().c(); c++) {
        for (int h = 0; h < data.shape().h(); h++) {
          for (int w = 0; w < data.shape().w(); w++) {
            data.set(n, c, h, w, input(load, mean, data, n, c, h, w));
          }
        }
      }
    }
  }

  private double input(Op.LoadInput load, View mean, View data, int n, int c, int h, int w) {
    Batch.Format format = batch.format();
    int number = load.first() + n;
    MemorySegment image = batch.image(number);
    int column = batch.mirror()[number] ? data.shape().w() - 1 - w : w;
    long row = (long) c * format.height() + batch.firstRow(number) + h;
    long pixel = row * format.width() + batch.firstColumn(number) + column;
    if (format.floats()) {
      return image.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, pixel);
    }
    int value = image.get(ValueLayout.JAVA_BYTE, pixel) & 0xFF;
    return (double) value * load.scales().get(c)
        - mean.get(0, c, batch.cropY()[number] + h, batch.cropX()[number] + column)
        + batch.shift()[number * format.channels() + c];
  }

  private static void relu(View x, View y) {
    for (int i = 0; i < x.length(); i++) {
      y.set(i, Math.max(x.get(i), 0));
    }
  }

  private static void reluBackward(View dy, View y, View dx) {
    for (int i = 0; i < y.length(); i++) {
      dx.set(i, y.get(i) > 0 ? dy.get(i) : 0);
    }
  }

  private static void tanh(View x, View y) {
    for (int i = 0; i < x.length(); i++) {
      y.set(i, Math.tanh(x.get(i)));
    }
  }

  private static void tanhBackward(View dy, View y, View dx) {
    for (int i = 0; i < y.length(); i++) {
      dx.set(i, dy.get(i) * (1 - (double) y.get(i) * y.get(i)));
    }
  }

  private void dropout(Op.Dropout drop, View x, View y) {
    Philox philox =
        new Philox(settings.seed(), settings.step(), Philox.stream("dropout/" + drop.layer()));
    int image = x.shape().imageElements();
    for (int i = 0; i < x.length(); i++) {
      long element = drop.element(i / image) + i % image;
      boolean kept = Integer.toUnsignedLong(philox.word(element)) >= drop.threshold();
      y.set(i, kept ? (double) x.get(i) * drop.scale() : 0);
    }
  }

  /** As many channels or images as the smaller of the two has. */
  private static void copy(Part.Axis axis, View x, int firstX, View y, int firstY) {
    Shape shape = x.length() < y.length() ? x.shape() : y.shape();
    for (int n = 0; n < shape.n(); n++) {
      for (int c = 0; c < shape.c(); c++) {
        for (int h = 0; h < shape.h(); h++) {
          for (int w = 0; w < shape.w(); w++) {
            switch (axis) {
              case CHANNELS -> y.set(n, firstY + c, h, w, x.get(n, firstX + c, h, w));
              case IMAGES -> y.set(firstY + n, c, h, w, x.get(firstX + n, c, h, w));
            }
          }
        }
      }
    }
  }

  private void transfer(Op.Transfer op) {
    copy(Part.Axis.IMAGES, view(op.x()), 0, view(op.y()), 0);
  }

  private void concatenate(Op.Concatenate op) {
    int first = 0;
    for (Tensor part : op.parts()) {
      copy(op.axis(), view(part), 0, view(op.y()), first);
      first += part.shape().along(op.axis());
    }
  }

  private void add(Op.Add op) {
    View y = view(op.y());
    for (int i = 0; i < y.length(); i++) {
      double sum = 0;
      for (Tensor term : op.terms()) {
        sum += view(term).get(i);
      }
      y.set(i, sum);
    }
  }

  private void minimum(Op.Minimum op) {
    View y = view(op.y());
    for (int i = 0; i < y.length(); i++) {
      float least = Float.POSITIVE_INFINITY;
      for (Tensor term : op.terms()) {
        least = Math.min(least, view(term).get(i));
      }
      y.set(i, least);
    }
  }

  private static void scale(float factor, View x, View y) {
    for (int i = 0; i < x.length(); i++) {
      y.set(i, (double) x.get(i) * factor);
    }
  }

  private void loss(Op.SoftmaxCrossEntropy op) {
    View x = view(op.logits());
    View loss = view(op.loss());
    boolean finite = true;
    for (int n = 0; n < x.shape().n(); n++) {
      int number = op.first() + n;
      loss.set(n, softmax(x, view(op.probabilities()), n, batch.labels()[number]));
      finite &= number >= batch.count() || Float.isFinite(loss.get(n));
    }
    view(op.finite()).set(0, finite ? 1 : 0);
  }

  /** Writes the softmax of one image and returns -log of the label's. */
  private static double softmax(View x, View probabilities, int n, int label) {
    int classes = x.shape().c();
    double max = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < classes; c++) {
      max = Math.max(max, x.get(n * classes + c));
    }
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      sum += Math.exp(x.get(n * classes + c) - max);
    }
    for (int c = 0; c < classes; c++) {
      probabilities.set(n * classes + c, Math.exp(x.get(n * classes + c) - max) / sum);
    }
    return Math.log(sum) - (x.get(n * classes + label) - max);
  }

  private void lossBackward(Op.SoftmaxCrossEntropyBackward op) {
    View p = view(op.probabilities());
    View dx = view(op.dx());
    int classes = p.shape().c();
    for (int n = 0; n < p.shape().n(); n++) {
      int number = op.first() + n;
      for (int c = 0; c < classes; c++) {
        int i = n * classes + c;
        double difference = p.get(i) - (c == batch.labels()[number] ? 1 : 0);
        dx.set(i, number < batch.count() ? difference / batch.count() : 0);
      }
    }
  }

  private void update(Op.Update op) {
    if (view(op.finite()).get(0) == 0) {
      view(op.squares()).set(0, 0);
      return;
    }
    View w = view(op.w());
    View v = view(op.v());
    View dw = view(op.dw());
    double rate = (double) settings.rate() * op.how().rate();
    double decay = (double) settings.decay() * op.how().decay();
    double momentum = (double) settings.momentum() * op.how().momentum();
    double squares = 0;
    for (int i = 0; i < w.length(); i++) {
      squares += dw.get(i) * dw.get(i);
      v.set(i, momentum * v.get(i) - decay * rate * w.get(i) - rate * dw.get(i));
      w.set(i, w.get(i) + v.get(i));
    }
    view(op.squares()).set(0, squares);
    if (op.how().bounds() != null && rate > 0) {
      int size = w.length() / op.filters();
      for (int filter = 0; filter < op.filters(); filter++) {
        bound(w, filter * size, size, op.how().bounds());
      }
    }
  }

  private static void bound(View w, int from, int size, FilterBounds bounds) {
    double mean = 0;
    if (bounds.measure() == FilterBounds.Measure.DEVIATION) {
      for (int i = 0; i < size; i++) {
        mean += w.get(from + i) / size;
      }
    }
    double squares = 0;
    for (int i = 0; i < size; i++) {
      squares += Math.pow(w.get(from + i) - mean, 2);
    }
    double value =
        switch (bounds.measure()) {
          case NORM -> Math.sqrt(squares);
          case DEVIATION -> Math.sqrt(squares / size);
        };
    for (int i = 0; i < size; i++) {
      w.set(from + i, w.get(from + i) * bounds.factor(value));
    }
  }
}
