package org.alexnet.cuda.kernel;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.backend.Precision;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cuda.device.Storage;
import org.alexnet.network.Window;
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
  /** Bytes of channels that a thread has at once. */
  private static final int VECTOR = 16;

  private final Storage storage;
  private final boolean channelsLast;
  private final Map<Tensor, Layout> special = new HashMap<>();
  private final Map<Tensor, Blocks> blocks = new HashMap<>();

  private Layouts(Precision precision) {
    this.storage = Storage.of(precision);
    this.channelsLast = precision != Precision.FP32;
  }

  /**
   * How images lie that a convolution with a stride reads: blocks of stride x stride pixels, which
   * are channels of the same convolution without stride. Tensor cores want many channels, and the
   * first layer has few.
   *
   * @param kernel of the convolution
   * @param rows of blocks
   * @param columns of blocks
   */
  public record Blocks(int kernel, int stride, int pad, int rows, int columns) {
    /** More products than this share of what the convolution has do not pay. */
    private static final double MOST_PRODUCTS = 1.5;

    private static Blocks of(Window window, Shape y) {
      int blocks = Math.ceilDiv(window.kernel(), window.stride());
      return new Blocks(
          window.kernel(), window.stride(), window.pad(), y.h() - 1 + blocks, y.w() - 1 + blocks);
    }

    /** Blocks that the convolution's window has on each side. */
    public int window() {
      return Math.ceilDiv(kernel, stride);
    }

    private Shape shape(Shape s, int h, int w) {
      return new Shape(s.n(), s.c() * stride * stride, h, w);
    }

    public Shape images(Shape x) {
      return shape(x, rows, columns);
    }

    public Shape filters(Shape w) {
      return shape(w, window(), window());
    }

    private boolean suits(Shape x, int vector) {
      double edge = (double) window() * stride / kernel;
      return stride > 1 && x.c() * stride * stride % vector == 0 && edge * edge <= MOST_PRODUCTS;
    }
  }

  /** What another worker makes, and is received here, lies as it does there. */
  public static Layouts of(CompiledNetwork part, Precision precision) {
    CompiledNetwork programs = part.undivided();
    Layouts layouts = new Layouts(precision);
    layouts.noteBlocks(programs);
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

  /** An input that nothing but convolutions of one kind reads can lie in blocks. */
  private void noteBlocks(CompiledNetwork programs) {
    Map<Tensor, Set<Blocks>> all = new HashMap<>();
    for (StepProgram program : new StepProgram[] {programs.train(), programs.evaluate()}) {
      for (Op op : program.ops()) {
        if (op instanceof Op.LoadInput o) {
          Set<Blocks> wanted = all.computeIfAbsent(o.data(), any -> new HashSet<>());
          if (program.observes(o.data()) || !channelsLast) {
            wanted.add(null);
          }
        }
        for (Tensor tensor : op.reads()) {
          if (all.containsKey(tensor)) {
            all.get(tensor).add(blocksOf(op, tensor));
          }
        }
      }
    }
    all.forEach(
        (data, wanted) -> {
          Blocks one = wanted.size() == 1 ? wanted.iterator().next() : null;
          if (one != null && one.suits(data.shape(), VECTOR / storage.bytes())) {
            blocks.put(data, one);
            special.put(data, new Layout(one.images(data.shape()), storage, true));
          }
        });
  }

  private static Blocks blocksOf(Op op, Tensor x) {
    return switch (op) {
      case Op.Convolution o when o.x().equals(x) && o.groups() == 1 ->
          Blocks.of(o.window(), o.y().shape());
      case Op.ConvolutionBackwardWeights o when o.x().equals(x) && o.groups() == 1 ->
          Blocks.of(o.window(), o.dy().shape());
      default -> null;
    };
  }

  /** How an input lies that is kept in blocks of pixels, or null. */
  public Blocks blocks(Tensor tensor) {
    return blocks.get(tensor);
  }

  private void note(Op op) {
    switch (op) {
      case Op.LoadInput o -> plain(o.mean(), o.labels());
      case Op.Convolution o -> {
        filters(o.weight());
        bias(o.bias());
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
        bias(o.bias());
      }
      case Op.FullyConnectedBackwardData o -> weights(o.weight(), o.dx().shape());
      case Op.FullyConnectedBackwardWeights o -> gradients(o);
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
      case Op.Send o -> {}
      case Op.Receive o -> {}
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
      learned(update.w());
      plain(update.dw());
    }
  }

  private void gradients(Op.FullyConnectedBackwardWeights fc) {
    Shape as = inputsOf(fc.dw(), fc.x().shape());
    special.put(fc.dw(), new Layout(as, Storage.FLOAT, channelsLast));
    plain(fc.db());
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
  private void learned(Tensor parameter) {
    plain(parameter);
    plain(parameter.momentum());
  }

  /** What adds a bias to a product at once reads it as it reads the weights. */
  private void bias(Tensor parameter) {
    learned(parameter);
    special.put(low(parameter), new Layout(parameter.shape(), storage, false));
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

  /** Keeps a tensor that no operation of the network writes in single precision, N C H W. */
  public void single(Tensor tensor) {
    plain(tensor);
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

  /**
   * What a gradient of filters reads and writes.
   *
   * @param db null where that of the bias is computed elsewhere
   */
  public List<BufferUse> filterGradient(Tensor x, Tensor dy, Tensor dw, Tensor db) {
    return db == null
        ? List.of(read(x), read(dy), write(dw))
        : List.of(read(x), read(dy), write(dw), write(db));
  }

  public BufferUse update(Tensor tensor) {
    return BufferUse.update(tensor, of(tensor).bytes());
  }
}
