package org.alexnet.cpu.execution;

import java.util.HashMap;
import java.util.Map;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.network.Window;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;
import org.alexnet.program.Part;
import org.alexnet.program.Shape;
import org.alexnet.program.Tensor;

/** The layout of every tensor of both programs, chosen once. */
public final class Layouts {
  private final Map<Tensor, Layout> special = new HashMap<>();

  /**
   * Parameters, their gradients and their momentum are panels of the given width. What comes from
   * another worker is laid out as it was there.
   */
  public static Layouts of(CompiledNetwork programs, int tileWidth) {
    Layouts layouts = new Layouts();
    programs.undivided().widest().ops().forEach(op -> layouts.note(op, tileWidth));
    return layouts;
  }

  private void note(Op op, int tileWidth) {
    switch (op) {
      case Op.Convolution o ->
          learned(
              o.weight(), o.bias(), Layout.Panels.of(o.weight().shape(), o.groups(), tileWidth));
      case Op.ConvolutionBackwardData o ->
          learned(o.weight(), Layout.Panels.of(o.weight().shape(), o.groups(), tileWidth));
      case Op.ConvolutionBackwardWeights o ->
          gradients(o.dw(), o.db(), Layout.Panels.of(o.dw().shape(), o.groups(), tileWidth));
      case Op.LocallyConnected o ->
          learned(o.weight(), positioned(o.weight(), o.groups(), o.window(), tileWidth));
      case Op.LocallyConnectedBackwardData o ->
          learned(o.weight(), positioned(o.weight(), o.groups(), o.window(), tileWidth));
      case Op.LocallyConnectedBackwardWeights o ->
          special.put(o.dw(), positioned(o.dw(), o.groups(), o.window(), tileWidth));
      case Op.FullyConnected o ->
          learned(o.weight(), o.bias(), panels(o.weight().shape(), o.x().shape(), tileWidth));
      case Op.FullyConnectedBackwardData o ->
          learned(o.weight(), panels(o.weight().shape(), o.dx().shape(), tileWidth));
      case Op.FullyConnectedBackwardWeights o ->
          gradients(o.dw(), o.db(), panels(o.dw().shape(), o.x().shape(), tileWidth));
      case Op.Transfer o -> same(o.x(), o.y());
      case Op.Add o -> same(o.terms().getFirst(), o.y());
      case Op.Slice o -> rows(o.axis(), o.x(), o.y());
      case Op.Concatenate o -> rows(o.axis(), o.parts().getFirst(), o.y());
      case Op.Minimum o -> same(o.terms().getFirst(), o.y());
      case Op.LoadInput load -> special.put(load.mean(), plain(load.mean()));
      case Op.Zeros _,
          Op.PositionBias _,
          Op.PositionBiasBackward _,
          Op.Relu _,
          Op.ReluBackward _,
          Op.Tanh _,
          Op.TanhBackward _,
          Op.Activation _,
          Op.ActivationBackward _,
          Op.MaxPool _,
          Op.MaxPoolBackward _,
          Op.AveragePool _,
          Op.AveragePoolBackward _,
          Op.LocalResponseNorm _,
          Op.LocalResponseNormBackward _,
          Op.ContrastNorm _,
          Op.ContrastNormBackward _,
          Op.Blur _,
          Op.Subsample _,
          Op.SubsampleBackward _,
          Op.HorizontalFlip _,
          Op.ChannelSelection _,
          Op.ChannelSelectionBackward _,
          Op.Dropout _,
          Op.Scale _,
          Op.Send _,
          Op.Receive _,
          Op.SoftmaxCrossEntropy _,
          Op.SoftmaxCrossEntropyBackward _,
          Op.Update _ -> {}
    }
  }

  /** What is copied or summed up keeps its layout. */
  private void same(Tensor from, Tensor to) {
    if (special.containsKey(from)) {
      special.put(to, special.get(from));
    }
  }

  /** Some outputs of weights that are kept in panels, from the beginning of a panel on, or all. */
  private void rows(Part.Axis axis, Tensor from, Tensor to) {
    if (axis == Part.Axis.IMAGES && special.get(from) instanceof Layout.Panels p) {
      special.put(to, new Layout.Panels(1, to.shape().n(), p.window(), p.tileWidth()));
    }
  }

  private static Layout plain(Tensor tensor) {
    return new Layout.Plain(Math.toIntExact(tensor.shape().elements()));
  }

  /** The panels of weights [out, in] whose inputs are images of the given shape. */
  private static Layout.Panels panels(Shape weights, Shape inputs, int tileWidth) {
    return new Layout.Panels(1, weights.n(), inputs.withN(1), tileWidth);
  }

  /** The panels of filters that differ by position: each position has groups of its own. */
  private static Layout.Panels positioned(Tensor weight, int groups, Window window, int tileWidth) {
    Shape shape = weight.shape();
    return new Layout.Panels(
        shape.n() * groups,
        shape.c() / groups,
        new Shape(1, shape.h(), window.kernel(), window.kernel()),
        tileWidth);
  }

  /** A parameter, its gradient and its momentum have one layout. */
  private void learned(Tensor parameter, Layout layout) {
    special.put(parameter, layout);
    special.put(parameter.gradient(), layout);
    special.put(parameter.momentum(), layout);
  }

  private void learned(Tensor weight, Tensor bias, Layout.Panels panels) {
    learned(weight, panels);
    learned(bias, panels.bias());
  }

  private void gradients(Tensor dw, Tensor db, Layout.Panels panels) {
    special.put(dw, panels);
    special.put(db, panels.bias());
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
