package org.alexnet.program;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alexnet.network.Convolution;
import org.alexnet.network.Dropout;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.Layer;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.network.Network;
import org.alexnet.network.Parameter;
import org.alexnet.network.Pooling;
import org.alexnet.network.Relu;
import org.alexnet.network.SoftmaxLoss;
import org.alexnet.network.Tanh;
import org.alexnet.program.StepProgram.Phase;

/** The forward operations of a network, and how each of its parameters learns. */
final class Forward {
  private final Network network;
  private final Phase phase;
  private final List<Op> ops = new ArrayList<>();
  private final Map<Tensor, Parameter> learning = new HashMap<>();
  private Tensor current;
  private Tensor labels;

  private Forward(Network network, Phase phase) {
    this.network = network;
    this.phase = phase;
  }

  static Forward of(Network network, int batch, Phase phase) {
    Forward forward = new Forward(network, phase);
    forward.load(batch);
    for (Layer layer : network.layers()) {
      forward.add(layer);
    }
    return forward;
  }

  List<Op> ops() {
    return ops;
  }

  /** How a parameter learns. */
  Parameter learning(Tensor parameter) {
    return learning.get(parameter);
  }

  private void load(int batch) {
    int c = network.input().channels();
    int stored = network.input().stored();
    int size = network.input().size();
    Tensor mean = new Tensor(Programs.MEAN, new Shape(1, c, stored, stored), Tensor.Role.CONSTANT);
    current = Tensor.step("data", new Shape(batch, c, size, size));
    labels = Tensor.step("labels", new Shape(batch, 1, 1, 1));
    ops.add(new Op.LoadInput("data", mean, current, labels, network.input().scale()));
  }

  private void add(Layer layer) {
    Tensor x = current;
    switch (layer) {
      case Convolution conv -> convolve(conv, x);
      case Pooling pool -> pool(pool, x);
      case Relu relu -> ops.add(new Op.Rectify(relu.name(), x, next(layer, x.shape())));
      case Tanh tanh -> ops.add(new Op.HyperbolicTangent(tanh.name(), x, next(layer, x.shape())));
      case LocalResponseNorm norm -> normalize(norm, x);
      case FullyConnected fc -> connect(fc, x);
      case Dropout drop -> drop(drop, x);
      case SoftmaxLoss loss -> loss(loss, x);
    }
  }

  private Tensor next(Layer layer, Shape shape) {
    current = Tensor.step(layer == network.classifier() ? Programs.LOGITS : layer.name(), shape);
    return current;
  }

  private Tensor parameter(Layer layer, String kind, Shape shape, Parameter how) {
    Tensor tensor = new Tensor(layer.name() + "." + kind, shape, Tensor.Role.PARAMETER);
    learning.put(tensor, how);
    return tensor;
  }

  private void convolve(Convolution conv, Tensor x) {
    Shape in = x.shape();
    if (in.c() % conv.groups() != 0) {
      throw misfit(conv, "%d input channels in %d groups".formatted(in.c(), conv.groups()));
    }
    int kernel = conv.window().kernel();
    int h = outputs(conv, conv.window().floor(in.h()), in);
    int w = outputs(conv, conv.window().floor(in.w()), in);
    Shape filters = new Shape(conv.filters(), in.c() / conv.groups(), kernel, kernel);
    Tensor weight = parameter(conv, "weight", filters, conv.weight());
    Tensor bias = parameter(conv, "bias", Shape.vector(conv.filters()), conv.bias());
    Tensor y = next(conv, new Shape(in.n(), conv.filters(), h, w));
    ops.add(new Op.Convolve(conv.name(), x, weight, bias, y, conv.window(), conv.groups()));
  }

  private void pool(Pooling pool, Tensor x) {
    Shape in = x.shape();
    int h = outputs(pool, pool.outputs(in.h()), in);
    int w = outputs(pool, pool.outputs(in.w()), in);
    Tensor y = next(pool, new Shape(in.n(), in.c(), h, w));
    ops.add(
        switch (pool.kind()) {
          case MAX -> {
            Tensor argmax = Tensor.step(pool.name() + ".argmax", y.shape());
            yield new Op.MaxPool(pool.name(), x, y, argmax, pool.window());
          }
          case AVERAGE -> new Op.AveragePool(pool.name(), x, y, pool.window());
        });
  }

  private int outputs(Layer layer, int count, Shape in) {
    if (count < 1) {
      throw misfit(layer, "its window does not fit in an input of " + in);
    }
    return count;
  }

  private void normalize(LocalResponseNorm norm, Tensor x) {
    if (x.shape().c() % norm.groups() != 0) {
      throw misfit(norm, "%d channels in %d groups".formatted(x.shape().c(), norm.groups()));
    }
    Tensor s = Tensor.step(norm.name() + ".scale", x.shape());
    ops.add(new Op.Normalize(norm.name(), x, next(norm, x.shape()), s, norm));
  }

  private void connect(FullyConnected fc, Tensor x) {
    Shape in = x.shape();
    Shape weights = new Shape(fc.outputs(), in.imageElements(), 1, 1);
    Tensor weight = parameter(fc, "weight", weights, fc.weight());
    Tensor bias = parameter(fc, "bias", Shape.vector(fc.outputs()), fc.bias());
    Tensor y = next(fc, new Shape(in.n(), fc.outputs(), 1, 1));
    ops.add(new Op.Connect(fc.name(), x, weight, bias, y));
  }

  private void drop(Dropout drop, Tensor x) {
    switch (phase) {
      case TRAIN -> ops.add(Op.Drop.training(drop, x, next(drop, x.shape())));
      case EVALUATE -> {
        if (drop.scaling() == Dropout.Scaling.TESTING) {
          ops.add(new Op.Scale(drop.name(), x, next(drop, x.shape()), 1 - drop.rate()));
        }
      }
    }
  }

  private void loss(SoftmaxLoss loss, Tensor logits) {
    int n = logits.shape().n();
    ops.add(
        new Op.SoftmaxCrossEntropy(
            loss.name(),
            logits,
            labels,
            Tensor.step(Programs.PROBABILITIES, logits.shape()),
            Tensor.step(Programs.LOSS, new Shape(n, 1, 1, 1)),
            Tensor.step("finite", Shape.vector(1))));
  }

  private IllegalArgumentException misfit(Layer layer, String what) {
    return new IllegalArgumentException(
        "%s, layer %s: %s".formatted(network.name(), layer.name(), what));
  }
}
