package org.alexnet.cpu.execution;

import java.util.HashMap;
import java.util.Map;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;
import org.alexnet.program.Shape;
import org.alexnet.program.Tensor;

/** The layout of every tensor of both programs, chosen once. */
public final class Layouts {
  private final Map<Tensor, Layout> special = new HashMap<>();

  /** Parameters, their gradients and their momentum are panels of the given width. */
  public static Layouts of(CompiledNetwork programs, int tileWidth) {
    Layouts layouts = new Layouts();
    for (Op op : programs.widest().ops()) {
      switch (op) {
        case Op.Convolution o -> {
          Layout.Panels panels = Layout.Panels.of(o.weight().shape(), o.groups(), tileWidth);
          layouts.learned(o.weight(), panels);
          layouts.learned(o.bias(), panels.bias());
        }
        case Op.ConvolutionBackwardData o ->
            layouts.learned(
                o.weight(), Layout.Panels.of(o.weight().shape(), o.groups(), tileWidth));
        case Op.ConvolutionBackwardWeights o -> {
          Layout.Panels panels = Layout.Panels.of(o.dw().shape(), o.groups(), tileWidth);
          layouts.special.put(o.dw(), panels);
          layouts.special.put(o.db(), panels.bias());
        }
        case Op.FullyConnected o -> {
          Layout.Panels panels = panels(o.weight().shape(), o.x().shape(), tileWidth);
          layouts.learned(o.weight(), panels);
          layouts.learned(o.bias(), panels.bias());
        }
        case Op.FullyConnectedBackwardData o ->
            layouts.learned(o.weight(), panels(o.weight().shape(), o.dx().shape(), tileWidth));
        case Op.FullyConnectedBackwardWeights o -> {
          Layout.Panels panels = panels(o.dw().shape(), o.x().shape(), tileWidth);
          layouts.special.put(o.dw(), panels);
          layouts.special.put(o.db(), panels.bias());
        }
        case Op.Transfer o -> layouts.same(o.x(), o.y());
        case Op.Add o -> layouts.same(o.terms().getFirst(), o.y());
        case Op.LoadInput load -> layouts.special.put(load.mean(), plain(load.mean()));
        case Op.Relu _,
            Op.ReluBackward _,
            Op.Tanh _,
            Op.TanhBackward _,
            Op.MaxPool _,
            Op.MaxPoolBackward _,
            Op.AveragePool _,
            Op.AveragePoolBackward _,
            Op.LocalResponseNorm _,
            Op.LocalResponseNormBackward _,
            Op.Dropout _,
            Op.Concatenate _,
            Op.Slice _,
            Op.Scale _,
            Op.SoftmaxCrossEntropy _,
            Op.SoftmaxCrossEntropyBackward _,
            Op.Update _ -> {}
      }
    }
    return layouts;
  }

  /** What is copied or summed up keeps its layout. */
  private void same(Tensor from, Tensor to) {
    if (special.containsKey(from)) {
      special.put(to, special.get(from));
    }
  }

  private static Layout plain(Tensor tensor) {
    return new Layout.Plain(Math.toIntExact(tensor.shape().elements()));
  }

  /** The panels of weights [out, in] whose inputs are images of the given shape. */
  private static Layout.Panels panels(Shape weights, Shape inputs, int tileWidth) {
    return new Layout.Panels(1, weights.n(), inputs.withN(1), tileWidth);
  }

  /** A parameter, its gradient and its momentum have one layout. */
  private void learned(Tensor parameter, Layout layout) {
    special.put(parameter, layout);
    special.put(parameter.gradient(), layout);
    special.put(parameter.momentum(), layout);
  }

  public Layout of(Tensor tensor) {
    Layout layout = special.get(tensor);
    return layout != null ? layout : new Layout.Images(tensor.shape());
  }

  public Layout.Panels panels(Tensor weight) {
    return (Layout.Panels) special.get(weight);
  }

  private long bytes(Tensor tensor) {
    return (long) of(tensor).floats() * Float.BYTES;
  }

  public BufferUse read(Tensor tensor) {
    return BufferUse.read(tensor, bytes(tensor));
  }

  public BufferUse write(Tensor tensor) {
    return BufferUse.write(tensor, bytes(tensor));
  }

  public BufferUse update(Tensor tensor) {
    return BufferUse.update(tensor, bytes(tensor));
  }
}
