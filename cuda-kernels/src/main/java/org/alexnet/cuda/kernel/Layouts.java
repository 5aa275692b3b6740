package org.alexnet.cuda.kernel;

import java.util.HashMap;
import java.util.Map;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.backend.Precision;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cuda.device.Storage;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;
import org.alexnet.program.Part;
import org.alexnet.program.Shape;
import org.alexnet.program.StepProgram;
import org.alexnet.program.Tensor;

/**
 * The layout of every tensor of both programs. Tensor cores want channels to lie together, so every
 * precision that uses them has N H W C; parameters, scores and loss are single precision in each.
 */
public final class Layouts {
  private final Storage storage;
  private final boolean channelsLast;
  private final Map<Tensor, Layout> special = new HashMap<>();

  private Layouts(Precision precision) {
    this.storage = Storage.of(precision);
    this.channelsLast = precision != Precision.FP32;
  }

  public static Layouts of(CompiledNetwork programs, Precision precision) {
    Layouts layouts = new Layouts(precision);
    for (StepProgram program : new StepProgram[] {programs.train(), programs.evaluate()}) {
      program.ops().forEach(layouts::note);
      program.ops().reversed().forEach(layouts::noteParts);
      program.tensors().forEach(tensor -> checkSize(tensor, tensor.shape()));
    }
    return layouts;
  }

  /** Kernels count elements in 32 bits. */
  public static void checkSize(Object what, Shape shape) {
    if (shape.elements() > Integer.MAX_VALUE) {
      throw new AlexNetException(
          Message.of(
              "%s has %,d elements, and backend cuda counts to %,d; take a smaller %s.",
              what, shape.elements(), Integer.MAX_VALUE, Setting.BATCH));
    }
  }

  private void note(Op op) {
    switch (op) {
      case Op.LoadInput o -> plain(o.mean(), o.labels());
      case Op.Convolution o -> {
        filters(o.weight());
        single(o.bias());
      }
      case Op.ConvolutionBackwardData o -> filters(o.weight());
      case Op.ConvolutionBackwardWeights o -> {
        special.put(o.dw(), new Layout(o.dw().shape(), storage, channelsLast));
        plain(o.db());
      }
      case Op.LocallyConnected o -> filters(o.weight());
      case Op.LocallyConnectedBackwardData o -> filters(o.weight());
      case Op.LocallyConnectedBackwardWeights o -> ordered(o.dw());
      case Op.Zeros o -> plain(o.y());
      case Op.PositionBias o -> ordered(o.bias(), o.bias().momentum());
      case Op.PositionBiasBackward o -> ordered(o.db());
      case Op.FullyConnected o -> {
        weights(o.weight(), o.x().shape());
        single(o.bias());
      }
      case Op.FullyConnectedBackwardData o -> weights(o.weight(), o.dx().shape());
      case Op.FullyConnectedBackwardWeights o -> {
        Shape as = inputsOf(o.dw(), o.x().shape());
        special.put(o.dw(), new Layout(as, Storage.FLOAT, channelsLast));
        plain(o.db());
      }
      case Op.SoftmaxCrossEntropy o -> loss(o);
      case Op.MaxPool o -> argmax(o.argmax());
      case Op.MaxPoolBackward o -> argmax(o.argmax());
      case Op.LocalResponseNorm o -> ordered(o.s());
      case Op.LocalResponseNormBackward o -> ordered(o.s());
      case Op.ContrastNorm o -> ordered(o.centred(), o.s());
      case Op.ContrastNormBackward o -> ordered(o.centred(), o.s());
      case Op.Update o -> update(o);
      case Op.Transfer o -> same(o.x(), o.y());
      case Op.Add o -> same(o.terms().getFirst(), o.y());
      case Op.Slice o -> rows(o.axis(), o.x(), o.y());
      case Op.Concatenate o -> rows(o.axis(), o.parts().getFirst(), o.y());
      case Op.Minimum o -> same(o.terms().getFirst(), o.y());
      case Op.Relu o -> {}
      case Op.ReluBackward o -> {}
      case Op.Tanh o -> {}
      case Op.TanhBackward o -> {}
      case Op.Activation o -> {}
      case Op.ActivationBackward o -> {}
      case Op.AveragePool o -> {}
      case Op.AveragePoolBackward o -> {}
      case Op.Blur o -> {}
      case Op.Subsample o -> {}
      case Op.SubsampleBackward o -> {}
      case Op.HorizontalFlip o -> {}
      case Op.ChannelSelection o -> {}
      case Op.ChannelSelectionBackward o -> {}
      case Op.Dropout o -> {}
      case Op.Scale o -> {}
      case Op.SoftmaxCrossEntropyBackward o -> plain(o.probabilities(), o.labels());
    }
  }

  /** Parts are kept as what is joined of them, such as scores in columns. */
  private void noteParts(Op op) {
    if (op instanceof Op.Concatenate o && special.containsKey(o.y())) {
      o.parts().forEach(this::plain);
    }
    if (op instanceof Op.Transfer o && special.containsKey(o.y())) {
      special.putIfAbsent(o.x(), special.get(o.y()));
    }
  }

  private void loss(Op.SoftmaxCrossEntropy loss) {
    plain(loss.logits(), loss.probabilities(), loss.loss(), loss.finite());
  }

  private void update(Op.Update update) {
    plain(update.finite(), update.squares());
    if (!special.containsKey(update.w())) { // an update alone
      single(update.w());
      plain(update.dw());
    }
  }

  /** What is copied or summed up keeps its layout. */
  private void same(Tensor from, Tensor to) {
    if (special.containsKey(from)) {
      special.put(to, special.get(from));
    }
  }

  /** Some outputs of weights, or all, are kept as what they are taken from. */
  private void rows(Part.Axis axis, Tensor from, Tensor to) {
    Layout layout = special.get(from);
    if (axis == Part.Axis.IMAGES && layout != null) {
      Shape shape = layout.shape().withN(to.shape().n());
      special.put(to, new Layout(shape, layout.storage(), layout.channelsLast()));
    }
  }

  /** Single precision, N C H W. */
  private void plain(Tensor... tensors) {
    for (Tensor tensor : tensors) {
      special.put(tensor, new Layout(tensor.shape(), Storage.FLOAT, false));
    }
  }

  private void argmax(Tensor tensor) {
    special.put(tensor, new Layout(tensor.shape(), Storage.BYTE, channelsLast));
  }

  /** Single precision, in the order of activations. */
  private void ordered(Tensor... tensors) {
    for (Tensor tensor : tensors) {
      special.put(tensor, new Layout(tensor.shape(), Storage.FLOAT, channelsLast));
    }
  }

  /** A parameter that products do not read, and its momentum. */
  private void single(Tensor parameter) {
    plain(parameter);
    plain(parameter.momentum());
  }

  private void filters(Tensor parameter) {
    learned(parameter, parameter.shape());
  }

  private void weights(Tensor parameter, Shape inputs) {
    learned(parameter, inputsOf(parameter, inputs));
  }

  /** The weights of a fully-connected layer, [outputs, c, h, w] of what it reads. */
  private static Shape inputsOf(Tensor weight, Shape inputs) {
    return inputs.withN(weight.shape().n());
  }

  private void learned(Tensor parameter, Shape shape) {
    Layout layout = new Layout(shape, Storage.FLOAT, channelsLast);
    special.put(parameter, layout);
    special.put(parameter.momentum(), layout);
    special.put(low(parameter), new Layout(shape, storage, channelsLast));
  }

  /** What activations and gradients are kept as. */
  public Storage storage() {
    return storage;
  }

  public boolean channelsLast() {
    return channelsLast;
  }

  public Layout of(Tensor tensor) {
    Layout layout = special.get(tensor);
    return layout != null ? layout : new Layout(tensor.shape(), storage, channelsLast);
  }

  /** Whether products read a copy of this parameter in reduced precision. */
  public boolean hasLow(Tensor parameter) {
    return storage != Storage.FLOAT && special.containsKey(low(parameter));
  }

  /** That copy. */
  public static Tensor low(Tensor parameter) {
    return new Tensor(
        parameter.name() + ".low", parameter.shape(), Tensor.Role.CONSTANT, parameter.part());
  }

  /** What products read of a parameter. */
  public Tensor operand(Tensor parameter) {
    return hasLow(parameter) ? low(parameter) : parameter;
  }

  public BufferUse read(Tensor tensor) {
    return BufferUse.read(tensor, of(tensor).bytes());
  }

  public BufferUse write(Tensor tensor) {
    return BufferUse.write(tensor, of(tensor).bytes());
  }

  public BufferUse update(Tensor tensor) {
    return BufferUse.update(tensor, of(tensor).bytes());
  }
}
