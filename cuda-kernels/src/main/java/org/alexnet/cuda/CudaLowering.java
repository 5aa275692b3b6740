package org.alexnet.cuda;

import static jcuda.driver.JCudaDriver.cuMemcpyPeerAsync;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.alexnet.backend.Precision;
import org.alexnet.backend.plan.Lane;
import org.alexnet.backend.plan.PartsInOrder;
import org.alexnet.backend.plan.PeerMessage;
import org.alexnet.cuda.convolution.AlgorithmSearch.Want;
import org.alexnet.cuda.convolution.ConvolutionKernels;
import org.alexnet.cuda.device.Addresses;
import org.alexnet.cuda.device.Cuda;
import org.alexnet.cuda.device.Device;
import org.alexnet.cuda.exchange.Exchange;
import org.alexnet.cuda.fusion.Chains;
import org.alexnet.cuda.kernel.ContrastNormKernels;
import org.alexnet.cuda.kernel.CudaKernel;
import org.alexnet.cuda.kernel.FixedImageKernels;
import org.alexnet.cuda.kernel.ImageKernels;
import org.alexnet.cuda.kernel.Layout;
import org.alexnet.cuda.kernel.Layouts;
import org.alexnet.cuda.kernel.LocallyConnectedKernels;
import org.alexnet.cuda.product.FullyConnectedKernels;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;
import org.alexnet.program.StepProgram;
import org.alexnet.program.Tensor;

/**
 * Chooses kernels: cuDNN for convolutions, cuBLAS for fully-connected layers, our own for the rest.
 * A bias and a ReLU go into one launch behind the product before them, {@link Chains} of
 * normalizations, poolings and gradients into one, and the updates of a device into one or two.
 */
final class CudaLowering {
  private final CompiledNetwork programs;
  private final StepProgram program;
  private final CudaBackend backend;
  private final Layouts layouts;
  private final Want want;
  private final ImageKernels images;
  private final LocallyConnectedKernels local;
  private final ContrastNormKernels contrast;
  private final FixedImageKernels fixed;
  private final Map<Tensor, Integer> readers = new HashMap<>();
  private final Map<Tensor, Op.Relu> relus = new HashMap<>();
  private final Chains chains;

  private CudaLowering(
      CompiledNetwork programs,
      StepProgram program,
      CudaBackend backend,
      Layouts layouts,
      Want want) {
    this.want = want;
    this.programs = programs;
    this.program = program;
    this.backend = backend;
    this.layouts = layouts;
    this.images = new ImageKernels(layouts);
    this.fixed = new FixedImageKernels(layouts);
    this.contrast = new ContrastNormKernels(layouts);
    this.local = new LocallyConnectedKernels(layouts);
    this.chains = new Chains(program, layouts);
    for (Op op : program.ops()) {
      op.reads().forEach(t -> readers.merge(t, 1, Integer::sum));
      if (op instanceof Op.Relu relu) {
        relus.put(relu.x(), relu);
      }
    }
  }

  /**
   * The kernels of a program, in its order.
   *
   * @param want what is wanted of cuDNN's algorithms
   */
  static List<CudaKernel> lower(
      CompiledNetwork programs,
      StepProgram program,
      CudaBackend backend,
      Layouts layouts,
      Want want) {
    return new CudaLowering(programs, program, backend, layouts, want).kernels();
  }

  private List<CudaKernel> kernels() {
    List<CudaKernel> kernels = new ArrayList<>();
    Exchange exchange =
        new Exchange(program, programs, layouts, backend.nccl().of(programs.placement()));
    Set<Op> done = new HashSet<>();
    for (Op op : program.ops()) {
      if (done.contains(op) || op instanceof Op.Update) {
        continue;
      }
      List<CudaKernel> others = exchange.instead(op, images);
      if (others != null) {
        kernels.addAll(others);
        continue;
      }
      CudaKernel chain = chains.kernel(op, done);
      CudaKernel made = chain != null ? chain : kernel(op, done);
      Lane lane = exchange.lane(op);
      CudaKernel placed = made.multiplying(op.multiplyAdds()).in(lane);
      // What others wait for is sent before it is needed here; messages have an order of their own.
      if (lane == Lane.SPREAD && !programs.placement().talks()) {
        CudaKernel.insert(placed, kernels);
      } else {
        kernels.add(placed);
      }
    }
    boolean scaled = backend.precision() == Precision.FP16;
    new Updates(program, programs.placement(), layouts, scaled)
        .addTo(kernels, op -> kernel(op, done));
    return inOrder(kernels);
  }

  /** Where there are messages, what does not wait for one goes before what does. */
  private static List<CudaKernel> inOrder(List<CudaKernel> kernels) {
    if (kernels.stream().allMatch(kernel -> kernel.message() == null)) {
      return List.copyOf(kernels);
    }
    SortedMap<Integer, List<CudaKernel>> parts = new TreeMap<>();
    kernels.forEach(k -> parts.computeIfAbsent(k.index(), index -> new ArrayList<>()).add(k));
    return together(PartsInOrder.of(List.copyOf(parts.values())));
  }

  /**
   * Puts the kernels of each group where the last of them is. Nothing but updates reads what they
   * make, and these wait for the flag of a finite loss, which comes later. Groups keep their order,
   * which is that of the program and so the same on all workers, as NCCL wants it.
   */
  private static List<CudaKernel> together(List<CudaKernel> kernels) {
    Map<CudaKernel.Group, List<CudaKernel>> groups = new HashMap<>();
    kernels.stream()
        .filter(kernel -> kernel.group() != null)
        .forEach(k -> groups.computeIfAbsent(k.group(), group -> new ArrayList<>()).add(k));
    List<CudaKernel> order = new ArrayList<>();
    for (CudaKernel kernel : kernels) {
      List<CudaKernel> group = groups.get(kernel.group());
      if (group == null) {
        order.add(kernel);
      } else if (kernel == group.getLast()) {
        order.addAll(group);
      }
    }
    return List.copyOf(order);
  }

  /**
   * The kernel of an operation.
   *
   * @param done receives what it does besides
   */
  private CudaKernel kernel(Op op, Set<Op> done) {
    return switch (op) {
      case Op.LoadInput o -> images.load(o);
      case Op.Convolution o -> {
        Op.Relu relu = reluOf(o.y(), done);
        yield convolutions(o).forward(o, relu == null ? o.y() : relu.y(), relu != null);
      }
      case Op.ConvolutionBackwardData o -> convolutions(o).backwardData(o);
      case Op.ConvolutionBackwardWeights o ->
          convolutions(o).backwardWeights(o, !chains.hasBias(o.db()));
      case Op.LocallyConnected o -> local.forward(o);
      case Op.LocallyConnectedBackwardData o -> local.backwardData(o);
      case Op.LocallyConnectedBackwardWeights o -> local.backwardWeights(o);
      case Op.Zeros o -> images.zeros(o);
      case Op.PositionBias o -> local.bias(o);
      case Op.PositionBiasBackward o -> local.biasBackward(o);
      case Op.FullyConnected o -> {
        Op.Relu relu = reluOf(o.y(), done);
        yield fullyConnected(o).forward(o, relu == null ? o.y() : relu.y(), relu != null);
      }
      case Op.FullyConnectedBackwardData o -> fullyConnected(o).backwardData(o);
      case Op.FullyConnectedBackwardWeights o ->
          fullyConnected(o).backwardWeights(o, !chains.hasBias(o.db()));
      case Op.Relu o -> images.relu(o);
      case Op.ReluBackward o -> images.reluBackward(o);
      case Op.Tanh o -> images.tanh(o);
      case Op.TanhBackward o -> images.tanhBackward(o);
      case Op.Activation o -> images.activation(o);
      case Op.ActivationBackward o -> images.activationBackward(o);
      case Op.MaxPool o -> images.maxPool(o);
      case Op.MaxPoolBackward o -> images.maxPoolBackward(o);
      case Op.AveragePool o -> images.averagePool(o);
      case Op.AveragePoolBackward o -> images.averagePoolBackward(o);
      case Op.LocalResponseNorm o -> images.localResponseNorm(o);
      case Op.LocalResponseNormBackward o -> images.localResponseNormBackward(o);
      case Op.ContrastNorm o -> contrast.forward(o);
      case Op.ContrastNormBackward o -> contrast.backward(o);
      case Op.Blur o -> fixed.blur(o);
      case Op.Subsample o -> fixed.subsample(o);
      case Op.SubsampleBackward o -> fixed.subsampleBackward(o);
      case Op.HorizontalFlip o -> fixed.flip(o);
      case Op.ChannelSelection o -> fixed.selectChannels(o);
      case Op.ChannelSelectionBackward o -> fixed.selectChannelsBackward(o);
      case Op.Dropout o -> images.dropout(o);
      case Op.Transfer o -> transfer(o);
      case Op.Send o -> send(o);
      case Op.Receive o -> receive(o);
      case Op.Concatenate o -> images.concatenate(o);
      case Op.Slice o -> images.slice(o);
      case Op.Add o -> images.add(o);
      case Op.Minimum o -> images.minimum(o);
      case Op.Scale o -> images.scale(o);
      case Op.SoftmaxCrossEntropy o -> images.loss(o);
      case Op.SoftmaxCrossEntropyBackward o -> images.lossBackward(o);
      case Op.Update o -> throw new IllegalStateException(o.layer() + ": an update by itself");
    };
  }

  /** The ReLU that goes behind what writes {@code y}: nothing else may want y. */
  private Op.Relu reluOf(Tensor y, Set<Op> done) {
    Op.Relu relu = relus.get(y);
    boolean fuse =
        relu != null
            && readers.get(y) == 1
            && !program.observes(y)
            && layouts.of(y).storage() == layouts.of(relu.y()).storage();
    if (fuse) {
      done.add(relu);
    }
    return fuse ? relu : null;
  }

  private FullyConnectedKernels fullyConnected(Op op) {
    int device = programs.placement().device(op.index());
    return new FullyConnectedKernels(
        layouts, backend.products(device), want, backend.choicesBefore());
  }

  private ConvolutionKernels convolutions(Op op) {
    Device device = backend.device(programs.placement().device(op.index()));
    return new ConvolutionKernels(
        layouts, (label, problem) -> backend.plan(device, label, problem, layouts, want));
  }

  private CudaKernel send(Op.Send op) {
    Layout layout = layouts.of(op.x());
    PeerMessage message = PeerMessage.of(op);
    return CudaKernel.message(
        op.layer(),
        layouts.read(op.x()),
        message,
        b -> {
          long address = b.address(op.x());
          return List.of(
              () ->
                  b.mail().send(b.device(), address, layout.elements(), layout.storage(), message));
        });
  }

  private CudaKernel receive(Op.Receive op) {
    Layout layout = layouts.of(op.y());
    PeerMessage message = PeerMessage.of(op);
    return CudaKernel.message(
        op.layer(),
        layouts.write(op.y()),
        message,
        b -> {
          long address = b.address(op.y());
          return List.of(
              () ->
                  b.mail()
                      .receive(b.device(), address, layout.elements(), layout.storage(), message));
        });
  }

  /** The receiver copies, when what it copies is there. */
  private CudaKernel transfer(Op.Transfer op) {
    long bytes = layouts.of(op.x()).bytes();
    return new CudaKernel(
        op.layer() + " transfer",
        op.layer(),
        op.x().isGradient(),
        List.of(layouts.read(op.x()), layouts.write(op.y())),
        0,
        b -> {
          Device to = b.device();
          Device from = b.owners().apply(op.x());
          var source = Addresses.onDevice(b.address(op.x()));
          var target = Addresses.onDevice(b.address(op.y()));
          return List.of(
              () ->
                  Cuda.check(
                      cuMemcpyPeerAsync(
                          target, to.context(), source, from.context(), bytes, to.compute()),
                      "send %s from %s to %s".formatted(op.x(), from.name(), to.name())));
        });
  }
}
