package org.alexnet.cpu;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.alexnet.backend.ConvolutionMethod;
import org.alexnet.backend.plan.PartsInOrder;
import org.alexnet.cpu.convolution.ConvolutionBackwardDataOp;
import org.alexnet.cpu.convolution.ConvolutionBackwardWeightsOp;
import org.alexnet.cpu.convolution.ConvolutionOp;
import org.alexnet.cpu.convolution.LocallyConnectedBackwardDataKernel;
import org.alexnet.cpu.convolution.LocallyConnectedBackwardWeightsKernel;
import org.alexnet.cpu.convolution.LocallyConnectedKernel;
import org.alexnet.cpu.convolution.SharedConvolutionKernel;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.cpu.execution.Layout;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.cpu.image.ActivationImageOps;
import org.alexnet.cpu.image.ChannelOps;
import org.alexnet.cpu.image.ContrastNormImageOps;
import org.alexnet.cpu.image.FixedImageOps;
import org.alexnet.cpu.image.ImageChain;
import org.alexnet.cpu.image.ImageOp;
import org.alexnet.cpu.image.ImageOps;
import org.alexnet.cpu.image.LocalResponseNormImageOps;
import org.alexnet.cpu.image.PositionBiasOp;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.cpu.parts.ImageRangeKernel;
import org.alexnet.cpu.parts.MessageKernel;
import org.alexnet.cpu.parts.MinimumKernel;
import org.alexnet.cpu.parts.RowsInPlace;
import org.alexnet.cpu.parts.SumKernel;
import org.alexnet.cpu.parts.TransferKernel;
import org.alexnet.cpu.product.FullyConnectedBackwardDataKernel;
import org.alexnet.cpu.product.FullyConnectedBackwardWeightsKernel;
import org.alexnet.cpu.product.FullyConnectedKernel;
import org.alexnet.cpu.transformed.TransformedBackwardDataOp;
import org.alexnet.cpu.transformed.TransformedConvolutionOp;
import org.alexnet.cpu.transformed.TransformedProduct;
import org.alexnet.cpu.transformed.TransformedShape;
import org.alexnet.cpu.transformed.TransformedWeightsByImageKernel;
import org.alexnet.cpu.transformed.TransformedWeightsKernel;
import org.alexnet.program.Op;
import org.alexnet.program.StepProgram;
import org.alexnet.program.Tensor;

/**
 * Chooses and fuses kernels: a ReLU goes into the product before it, operations on single images
 * become chains around each convolution, and the update of fully-connected weights goes into the
 * kernel that finds their gradient.
 */
final class CpuLowering {
  private final StepProgram program;
  private final ConvolutionMethod convolution;
  private final Kernels kernels;
  private final Layouts layouts;
  private final RowsInPlace places;
  private final int workers;
  private final List<Op> ops;
  private final Map<Tensor, Integer> readers;
  private final Set<Tensor> shared;
  private final List<CpuKernel> result = new ArrayList<>();
  private final List<Op> chain = new ArrayList<>();
  private CpuKernel weights; // gradient of filters that waits for the chain before it
  private final List<Op.Update> updates = new ArrayList<>();
  private final Set<Op> done = new HashSet<>(); // by the kernel of another operation

  private CpuLowering(
      StepProgram program,
      ConvolutionMethod convolution,
      List<Op> ops,
      Map<Tensor, Integer> readers,
      Set<Tensor> shared,
      Kernels kernels,
      Layouts layouts,
      int workers) {
    this.program = program;
    this.convolution = convolution;
    this.ops = ops;
    this.readers = readers;
    this.shared = shared;
    this.kernels = kernels;
    this.layouts = layouts;
    this.places = new RowsInPlace(program, layouts);
    this.workers = workers;
  }

  /**
   * The kernels of a program. Each column or shard is lowered by itself, so that what follows one
   * another in it fuses.
   *
   * @param convolution whether convolutions may be transformed
   * @param workers threads of the device of each column or shard
   */
  static List<CpuKernel> lower(
      StepProgram program,
      ConvolutionMethod convolution,
      Kernels kernels,
      Layouts layouts,
      List<Integer> workers) {
    List<List<Op>> parts = new ArrayList<>();
    Map<Tensor, Integer> readers = new HashMap<>();
    for (int part = 0; part < workers.size(); part++) {
      int index = part;
      List<Op> own = program.ops().stream().filter(op -> op.index() == index).toList();
      parts.add(ReluGradientSinking.apply(program, own));
      parts.getLast().forEach(op -> op.reads().forEach(t -> readers.merge(t, 1, Integer::sum)));
    }
    Set<Tensor> shared = new HashSet<>(); // between columns or shards
    for (Op op : program.ops()) {
      op.reads().stream().filter(t -> isForeign(t, op)).forEach(shared::add);
    }
    List<List<CpuKernel>> lowered = new ArrayList<>();
    for (int part = 0; part < parts.size(); part++) {
      CpuLowering lowering =
          new CpuLowering(
              program,
              convolution,
              parts.get(part),
              readers,
              shared,
              kernels,
              layouts,
              workers.get(part));
      lowering.run();
      lowered.add(lowering.result);
    }
    return PartsInOrder.of(lowered);
  }

  /**
   * Whether another column or shard than that of the operation makes a tensor. What is there before
   * the step is waited for by nobody, and nobody else reads it by the time that it is updated: an
   * update needs all gradients of its device, and they need all that reads parameters.
   */
  private static boolean isForeign(Tensor tensor, Op op) {
    return !tensor.role().persistent() && tensor.part().index() != op.index();
  }

  private void run() {
    for (int i = 0; i < ops.size(); i++) {
      Op op = ops.get(i);
      if (done.contains(op) || places.spares(op)) {
        continue;
      }
      if (op.reads().stream().anyMatch(t -> isForeign(t, op))) {
        close(); // a kernel that waits for another part halfway could wait for itself
      }
      if (i > 0 && isAwaited(ops.get(i - 1), op)) {
        close(); // another part waits for this much
      }
      if (!chain.isEmpty()
          && (op instanceof Op.Send
              || ChainBuilder.images(chain.getFirst()) != ChainBuilder.images(op))) {
        close(); // a chain takes all its images through
      }
      lower(op, i + 1 < ops.size() ? ops.get(i + 1) : null);
    }
    close();
    if (!updates.isEmpty()) {
      result.add(new UpdateKernel(List.copyOf(updates), kernels, layouts));
    }
  }

  /**
   * Whether another part waits for what an operation makes; but both gradients are made at once.
   */
  private boolean isAwaited(Op op, Op next) {
    boolean both =
        op instanceof Op.ConvolutionBackwardWeights && next instanceof Op.ConvolutionBackwardData;
    return !both && op.writes().stream().anyMatch(shared::contains);
  }

  /**
   * @param next the operation after it, or null
   */
  private void lower(Op op, Op next) {
    switch (op) {
      case Op.Convolution conv -> convolution(conv, next);
      case Op.ConvolutionBackwardWeights filter -> weightsBackward(filter, next);
      case Op.ConvolutionBackwardData data -> {
        chain.add(data);
        closeBackward();
      }
      case Op.LocallyConnected o -> add(new LocallyConnectedKernel(o, kernels, layouts, workers));
      case Op.LocallyConnectedBackwardData o ->
          add(new LocallyConnectedBackwardDataKernel(o, kernels, layouts, workers));
      case Op.LocallyConnectedBackwardWeights o ->
          add(new LocallyConnectedBackwardWeightsKernel(o, kernels, layouts, workers));
      case Op.Zeros o -> add(new ZerosKernel(o, layouts));
      case Op.PositionBiasBackward o -> add(new PositionBiasBackwardKernel(o, kernels, layouts));
      case Op.FullyConnected fc -> fullyConnected(fc, next);
      case Op.FullyConnectedBackwardData data ->
          add(new FullyConnectedBackwardDataKernel(data, kernels, layouts, workers));
      case Op.FullyConnectedBackwardWeights filter -> {
        Op.Update update = fused(updateOf(filter));
        add(new FullyConnectedBackwardWeightsKernel(filter, update, kernels, layouts, workers));
      }
      case Op.SoftmaxCrossEntropy loss -> loss(loss);
      case Op.SoftmaxCrossEntropyBackward gradient ->
          throw new IllegalStateException(gradient.layer() + ": a gradient without its loss");
      case Op.Transfer transfer -> add(new TransferKernel(transfer, layouts));
      case Op.Send send -> add(MessageKernel.of(send, places, layouts));
      case Op.Receive receive -> add(MessageKernel.of(receive, places, layouts));
      case Op.Update update -> updates.add(update);
      case Op.LoadInput _,
          Op.PositionBias _,
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
          Op.Scale _ ->
          chain.add(op);
      case Op.Concatenate o -> concatenate(o);
      case Op.Slice o -> slice(o);
      case Op.Add o -> add(o);
      case Op.Minimum o -> add(new MinimumKernel(o, layouts));
    }
  }

  /** A loss and its gradient, which needs nothing else. */
  private void loss(Op.SoftmaxCrossEntropy loss) {
    Op.SoftmaxCrossEntropyBackward gradient =
        ops.stream()
            .filter(
                op ->
                    op instanceof Op.SoftmaxCrossEntropyBackward g
                        && g.probabilities().equals(loss.probabilities()))
            .map(Op.SoftmaxCrossEntropyBackward.class::cast)
            .findFirst()
            .orElse(null);
    add(new LossKernel(loss, fused(gradient), layouts));
  }

  private void concatenate(Op.Concatenate o) {
    switch (o.axis()) {
      case CHANNELS -> chain.add(o);
      case IMAGES -> add(ImageRangeKernel.of(o, layouts));
    }
  }

  private void slice(Op.Slice o) {
    switch (o.axis()) {
      case CHANNELS -> chain.add(o);
      case IMAGES -> add(ImageRangeKernel.of(o, layouts));
    }
  }

  private void add(Op.Add o) {
    switch (layouts.of(o.y())) {
      case Layout.Images _ -> chain.add(o);
      case Layout.Panels _, Layout.Plain _ -> add(new SumKernel(o, places, kernels, layouts));
    }
  }

  private boolean mayTransform() {
    return switch (convolution) {
      case AUTO -> true;
      case DIRECT -> false;
    };
  }

  /** The one place that decides which convolutions are transformed, each direction by itself. */
  private Optional<TransformedShape> transformed(Op.Convolution op) {
    return mayTransform() ? TransformedConvolutionOp.shape(op) : Optional.empty();
  }

  private Optional<TransformedShape> transformed(Op.ConvolutionBackwardData op) {
    return mayTransform() ? TransformedBackwardDataOp.shape(op) : Optional.empty();
  }

  private Optional<TransformedShape> transformed(Op.ConvolutionBackwardWeights op) {
    return mayTransform() ? TransformedWeightsKernel.shape(op) : Optional.empty();
  }

  private void weightsBackward(Op.ConvolutionBackwardWeights filter, Op next) {
    Optional<TransformedShape> shape = transformed(filter);
    if (shape.isPresent()) {
      weights =
          TransformedWeightsByImageKernel.suits(shape.get())
              ? new TransformedWeightsByImageKernel(filter, shape.get(), kernels, layouts, workers)
              : new TransformedWeightsKernel(filter, shape.get(), kernels, layouts, workers);
    } else {
      chain.add(filter);
    }
    if (!(next instanceof Op.ConvolutionBackwardData)) {
      closeBackward();
    }
  }

  private void convolution(Op.Convolution conv, Op next) {
    close();
    if (conv.x().shape().n() >= workers || transformed(conv).isPresent()) {
      chain.add(conv);
      return;
    }
    Op.Relu relu = fused(reluOf(conv.y(), next));
    Tensor y = relu == null ? conv.y() : relu.y();
    result.add(new SharedConvolutionKernel(conv, y, relu != null, kernels, layouts, workers));
  }

  private void fullyConnected(Op.FullyConnected fc, Op next) {
    close();
    Op.Relu relu = fused(reluOf(fc.y(), next));
    Tensor y = relu == null ? fc.y() : relu.y();
    result.add(new FullyConnectedKernel(fc, y, relu != null, kernels, layouts));
  }

  /** Notes that the kernel of another operation does this one too; null if there is none. */
  private <T extends Op> T fused(T op) {
    if (op != null) {
      done.add(op);
    }
    return op;
  }

  /** A kernel behind the chain so far. */
  private void add(CpuKernel kernel) {
    close();
    result.add(kernel);
  }

  /** The ReLU that may be fused into what writes {@code y}: nothing else may want y. */
  private Op.Relu reluOf(Tensor y, Op next) {
    boolean only = readers.getOrDefault(y, 0) == 1 && !program.observes(y);
    return only && next instanceof Op.Relu relu && relu.x().equals(y) ? relu : null;
  }

  /**
   * The update that may use up a gradient as it is made: nothing else may want the gradient, and no
   * filter may have bounds, which take a look at all of it.
   */
  private Op.Update updateOf(Op.FullyConnectedBackwardWeights filter) {
    if (program.observes(filter.dw()) || readers.getOrDefault(filter.dw(), 0) != 1) {
      return null;
    }
    return ops.stream()
        .filter(op -> op instanceof Op.Update u && u.dw().equals(filter.dw()))
        .map(Op.Update.class::cast)
        .filter(update -> update.how().bounds() == null)
        .findFirst()
        .orElse(null); // summed up with that of other shards first
  }

  /** Ends the chain of a convolution's gradients; that of filters may be a kernel of its own. */
  private void closeBackward() {
    close();
    if (weights != null) {
      result.add(weights);
      weights = null;
    }
  }

  /** Makes a kernel of the chain so far. */
  private void close() {
    if (!chain.isEmpty()) {
      result.add(new ChainBuilder(chain, this).build());
      chain.clear();
    }
  }

  /** Makes an {@link ImageChain} of operations. */
  private static final class ChainBuilder {
    /** Tasks that a batch is cut into: enough for many threads to share evenly. */
    private static final int TASKS = 32;

    /** Tasks a worker, where the results do not depend on their number. */
    private static final int TASKS_A_WORKER = 4;

    /** The same where a task may be of a single image. */
    private static final int LEAST_TASKS_A_WORKER = 2;

    /** Output pixels that a product handles together, so that few rows of tiles are wasted. */
    private static final int ROWS = 256;

    /** Floats that the partial sums of one layer's gradient may take. */
    private static final int SUMS = 1 << 24;

    private final List<Op> chain;
    private final CpuLowering lowering;
    private final ImageChain.Cut cut;

    ChainBuilder(List<Op> chain, CpuLowering lowering) {
      this.chain = List.copyOf(chain);
      this.lowering = lowering;
      this.cut = cut();
    }

    /** Images of the batch; a gradient of filters is no tensor of images. */
    private static int images(Op op) {
      Tensor tensor =
          op instanceof Op.ConvolutionBackwardWeights filter ? filter.x() : op.writes().getFirst();
      return tensor.shape().n();
    }

    private ImageChain.Cut cut() {
      int images = images(chain.getFirst());
      int pixels = 1;
      int tasks = Math.max(TASKS, LEAST_TASKS_A_WORKER * lowering.workers);
      int together = 0; // images that a transformed convolution handles together
      boolean sums = false;
      for (Op op : chain) {
        if (op instanceof Op.Convolution conv) {
          pixels = conv.y().shape().h() * conv.y().shape().w();
          together = lowering.transformed(conv).map(TransformedProduct::images).orElse(0);
        }
        if (op instanceof Op.ConvolutionBackwardData data) {
          together = lowering.transformed(data).map(TransformedProduct::images).orElse(0);
        }
        if (op instanceof Op.ConvolutionBackwardWeights filter) {
          pixels = filter.x().shape().h() * filter.x().shape().w();
          // Of the logical shape: the layout's padding would make sums depend on the vector width.
          tasks = Math.clamp(SUMS / filter.dw().shape().elements(), 4, TASKS);
          sums = true;
        }
      }
      int task = Math.ceilDiv(images, tasks);
      int most = sums ? task : Math.max(task, images / (TASKS_A_WORKER * lowering.workers));
      int group = together > 0 ? Math.clamp(together, 1, most) : Math.clamp(ROWS / pixels, 1, task);
      return new ImageChain.Cut(images, sums ? task : group, group);
    }

    ImageChain build() {
      List<ImageOp> fused = new ArrayList<>();
      for (int i = 0; i < chain.size(); i++) {
        Op next = i + 1 < chain.size() ? chain.get(i + 1) : null;
        if (chain.get(i) instanceof Op.Convolution conv) {
          Op.Relu relu = lowering.reluOf(conv.y(), next);
          Tensor y = relu == null ? conv.y() : relu.y();
          Optional<TransformedShape> shape = lowering.transformed(conv);
          fused.add(
              shape.isPresent()
                  ? new TransformedConvolutionOp(
                      conv,
                      y,
                      relu != null,
                      lowering.program.phase() == StepProgram.Phase.EVALUATE,
                      shape.get(),
                      lowering.kernels,
                      cut.group())
                  : new ConvolutionOp(conv, y, relu != null, lowering.kernels, cut.group()));
          i += relu == null ? 0 : 1;
        } else {
          fused.add(imageOp(chain.get(i)));
        }
      }
      Set<String> layers = new LinkedHashSet<>();
      chain.forEach(op -> layers.add(op.layer()));
      boolean backward =
          lowering.program.phase() == StepProgram.Phase.TRAIN
              && chain.stream().anyMatch(ChainBuilder::isBackward);
      return new ImageChain(
          String.join(" ", layers) + (backward ? " backward" : " forward"),
          mainLayer(),
          backward,
          List.copyOf(fused),
          local(fused),
          cut,
          lowering.workers,
          lowering.layouts);
    }

    /** The layer that the time is counted for: the convolution, where there is one. */
    private String mainLayer() {
      return chain.stream()
          .filter(
              op ->
                  op instanceof Op.Convolution
                      || op instanceof Op.ConvolutionBackwardWeights
                      || op instanceof Op.ConvolutionBackwardData)
          .findFirst()
          .orElse(chain.getFirst())
          .layer();
    }

    private static boolean isBackward(Op op) {
      return op.writes().stream().anyMatch(Tensor::isGradient);
    }

    /** Tensors that nothing outside the chain reads. */
    private Set<Tensor> local(List<ImageOp> fused) {
      Map<Tensor, Integer> inside = new HashMap<>();
      for (ImageOp op : fused) {
        op.imageReads().forEach(t -> inside.merge(t, 1, Integer::sum));
      }
      Set<Tensor> local = new LinkedHashSet<>();
      for (ImageOp op : fused) {
        for (Tensor t : op.imageWrites()) {
          int readers = lowering.readers.getOrDefault(t, 0);
          if (readers == inside.getOrDefault(t, 0) && !lowering.program.observes(t)) {
            local.add(t);
          }
        }
      }
      return local;
    }

    private ImageOp imageOp(Op op) {
      Kernels kernels = lowering.kernels;
      return switch (op) {
        case Op.LoadInput o -> ImageOps.load(o);
        case Op.ConvolutionBackwardWeights o ->
            new ConvolutionBackwardWeightsOp(o, kernels, cut.tasks());
        case Op.ConvolutionBackwardData o ->
            lowering
                .transformed(o)
                .<ImageOp>map(
                    shape -> new TransformedBackwardDataOp(o, shape, kernels, cut.group()))
                .orElseGet(() -> new ConvolutionBackwardDataOp(o, kernels, cut.group()));
        case Op.PositionBias o -> new PositionBiasOp(o, kernels);
        case Op.Relu o -> ImageOps.relu(o, kernels);
        case Op.ReluBackward o -> ImageOps.reluBackward(o, kernels);
        case Op.Tanh o -> ImageOps.tanh(o);
        case Op.TanhBackward o -> ImageOps.tanhBackward(o);
        case Op.Activation o -> ActivationImageOps.forward(o);
        case Op.ActivationBackward o -> ActivationImageOps.backward(o);
        case Op.MaxPool o -> ImageOps.maxPool(o, kernels);
        case Op.MaxPoolBackward o -> ImageOps.maxPoolBackward(o, kernels);
        case Op.AveragePool o -> ImageOps.averagePool(o);
        case Op.AveragePoolBackward o -> ImageOps.averagePoolBackward(o);
        case Op.LocalResponseNorm o ->
            LocalResponseNormImageOps.forward(o, kernels, lowering.program.observes(o.s()));
        case Op.LocalResponseNormBackward o -> LocalResponseNormImageOps.backward(o, kernels);
        case Op.ContrastNorm o -> ContrastNormImageOps.forward(o, kernels);
        case Op.ContrastNormBackward o -> ContrastNormImageOps.backward(o, kernels);
        case Op.Blur o -> FixedImageOps.blur(o, kernels);
        case Op.Subsample o -> FixedImageOps.subsample(o);
        case Op.SubsampleBackward o -> FixedImageOps.subsampleBackward(o);
        case Op.HorizontalFlip o -> FixedImageOps.flip(o);
        case Op.ChannelSelection o -> FixedImageOps.selectChannels(o);
        case Op.ChannelSelectionBackward o -> FixedImageOps.selectChannelsBackward(o);
        case Op.Dropout o -> ImageOps.dropout(o);
        case Op.Concatenate o -> ChannelOps.concatenate(o);
        case Op.Slice o -> ChannelOps.slice(o);
        case Op.Add o -> ImageOps.add(o, kernels);
        case Op.Scale o -> ImageOps.scale(o);
        case Op.Convolution _,
            Op.Zeros _,
            Op.LocallyConnected _,
            Op.LocallyConnectedBackwardData _,
            Op.LocallyConnectedBackwardWeights _,
            Op.PositionBiasBackward _,
            Op.FullyConnected _,
            Op.FullyConnectedBackwardData _,
            Op.FullyConnectedBackwardWeights _,
            Op.Transfer _,
            Op.Send _,
            Op.Receive _,
            Op.Minimum _,
            Op.SoftmaxCrossEntropy _,
            Op.SoftmaxCrossEntropyBackward _,
            Op.Update _ ->
            throw new IllegalStateException(op.layer() + ": no link of a chain: " + op);
      };
    }
  }
}
