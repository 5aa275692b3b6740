package org.alexnet.program;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.alexnet.network.Input;
import org.alexnet.network.Network;
import org.alexnet.network.Parameter;

/**
 * The training and the evaluation program of one network. They share its parameters, so a backend
 * lowers them together.
 *
 * @param network what they were made from
 * @param batch images a step
 * @param placement how the network is cut, and where its parts run
 */
public record CompiledNetwork(
    Network network, int batch, Placement placement, StepProgram train, StepProgram evaluate) {

  /** The class scores; observed in both programs. */
  public static final String LOGITS = "logits";

  /** Their softmax; observed in both programs. */
  public static final String PROBABILITIES = "probabilities";

  /** The cross-entropy of each image; observed in both programs. */
  public static final String LOSS = "loss";

  /** The mean image that is subtracted from byte pixels, on the scale of the network's input. */
  public static final String MEAN = "input.mean";

  /**
   * Compiles a network that is not cut.
   *
   * @param batch images a step, at least 1
   * @param observed further tensors to keep to the end of a step
   * @throws IllegalArgumentException naming the layer that does not fit its input
   * @throws org.alexnet.UsageException if a tensor would be too large
   */
  public static CompiledNetwork of(Network network, int batch, String... observed) {
    return of(network, batch, Placement.WHOLE, List.of(observed));
  }

  /**
   * Compiles a network as a placement says; the same otherwise as {@link #of(Network, int,
   * String...)}.
   *
   * @param observed names of tensors; all parts of a tensor are kept
   */
  public static CompiledNetwork of(
      Network network, int batch, Placement placement, Collection<String> observed) {
    if (batch < 1) {
      throw new IllegalArgumentException("batch is %d, must be at least 1".formatted(batch));
    }
    requireSizes(network, batch);
    placement.requireShards(batch);
    Placement all = placement.undivided();
    Forward evaluate = Forward.of(network, batch, StepProgram.Phase.EVALUATE, all);
    List<Op> train = Forward.of(network, batch, StepProgram.Phase.TRAIN, all).differentiated();
    Set<String> kept = new HashSet<>(observed);
    kept.addAll(List.of(LOGITS, PROBABILITIES, LOSS));
    Set<String> keptInTraining = new HashSet<>(kept);
    updates(train).forEach(update -> keptInTraining.add(update.squares().name()));
    return new CompiledNetwork(
        network,
        batch,
        placement,
        part(new StepProgram(StepProgram.Phase.TRAIN, train, keptInTraining), placement),
        part(new StepProgram(StepProgram.Phase.EVALUATE, evaluate.ops(), kept), placement));
  }

  /** What the worker of a placement runs. */
  private static StepProgram part(StepProgram program, Placement placement) {
    return placement.talks() ? WorkerPart.of(program, placement) : program;
  }

  /** The programs that all workers run together, on the devices of all; these if there is one. */
  public CompiledNetwork undivided() {
    return placement.talks() ? of(network, batch, placement.undivided(), train.observed()) : this;
  }

  private static Stream<Op.Update> updates(List<Op> ops) {
    return ops.stream().filter(op -> op instanceof Op.Update).map(Op.Update.class::cast);
  }

  /**
   * Compiles a network that only evaluates: the training program is empty, and there is neither
   * momentum nor a gradient.
   */
  public static CompiledNetwork forInference(Network network, int batch, Placement placement) {
    return forInference(network, batch, placement, List.of());
  }

  /**
   * As {@link #forInference(Network, int, Placement)}, with further tensors that are kept.
   *
   * @param observed names of tensors; all parts of a tensor are kept
   */
  public static CompiledNetwork forInference(
      Network network, int batch, Placement placement, Collection<String> observed) {
    CompiledNetwork both = of(network, batch, placement, observed);
    return new CompiledNetwork(
        network,
        batch,
        placement,
        new StepProgram(StepProgram.Phase.TRAIN, List.of(), both.evaluate.observed()),
        both.evaluate);
  }

  /** The same for another number of images a step. */
  public CompiledNetwork withBatch(int images) {
    return trains()
        ? of(network, images, placement, evaluate.observed())
        : forInference(network, images, placement, evaluate.observed());
  }

  /**
   * Bytes of the images of a step as a batch carries them: what the network takes of each, or where
   * nothing is trained the whole stored image, for ten views may be asked for.
   */
  public long carriedBytes() {
    Input input = network.input();
    int edge = trains() ? input.size() : input.stored();
    return (long) batch * input.channels() * edge * edge;
  }

  /** Whether there is a training program. */
  public boolean trains() {
    return !train.ops().isEmpty();
  }

  /**
   * @throws IllegalStateException if the network was compiled for inference only
   */
  public void requireTraining() {
    if (!trains()) {
      throw new IllegalStateException(
          network.name() + " was compiled for inference only and cannot be trained");
    }
  }

  /** The program that every tensor which outlives a step occurs in. */
  public StepProgram widest() {
    return trains() ? train : evaluate;
  }

  /** Compiles a network that is not cut so that every tensor of both programs is kept. */
  public static CompiledNetwork observingAll(Network network, int batch) {
    return observingAll(network, batch, Placement.WHOLE);
  }

  /** Compiles a network so that every tensor of both programs is kept. */
  public static CompiledNetwork observingAll(Network network, int batch, Placement placement) {
    CompiledNetwork plain = of(network, batch, placement, List.of());
    return of(
        network,
        batch,
        placement,
        Stream.of(plain.train, plain.evaluate)
            .flatMap(p -> p.tensors().stream().map(Tensor::name))
            .toList());
  }

  /** The same network, uncut. */
  private CompiledNetwork whole() {
    if (!placement.cut()) {
      return this;
    }
    return trains() ? of(network, batch) : forInference(network, batch, Placement.WHOLE);
  }

  /**
   * What a training step tells of its gradients, observed in the training program: for each layer
   * that learns, in their order, the sums of squares of the gradients of its parameters. Together
   * they count every value once, also where a parameter is cut or on several devices.
   */
  public SequencedMap<String, List<Tensor>> gradientSquares() {
    SequencedMap<String, List<Tensor>> byLayer = new LinkedHashMap<>();
    network.layers().forEach(layer -> byLayer.put(layer.name(), new ArrayList<>()));
    Set<String> whole = new HashSet<>(); // of which every copy would have the same
    updates(train.ops())
        .filter(update -> !update.w().part().isWhole() || whole.add(update.w().name()))
        .forEach(update -> byLayer.get(update.layer()).add(update.squares()));
    byLayer.values().removeIf(List::isEmpty);
    return byLayer;
  }

  /** Learned tensors, whole, in the order of their layers. */
  public List<Tensor> parameters() {
    return List.copyOf(declared(network).keySet());
  }

  /**
   * Checks, before any work is done, that no tensor of a network would be too large.
   *
   * @throws org.alexnet.UsageException naming the batch or the number of classes that would do
   */
  public static void requireSizes(Network network, int batch) {
    TensorLimit.check(network, batch);
  }

  /**
   * Learned tensors of a network, whole, in the order of its layers, as the layers declare them.
   */
  public static SequencedMap<Tensor, Parameter> declared(Network network) {
    requireSizes(network, 1);
    return Forward.of(network, 1, StepProgram.Phase.EVALUATE, Placement.WHOLE).parameters();
  }

  /**
   * The tensor that holds the output of each layer for one image in an evaluation, whole, by the
   * name of the layer. That of the loss are the probabilities; that of a dropout which an
   * evaluation leaves out is its input.
   */
  public static SequencedMap<String, Tensor> outputs(Network network) {
    requireSizes(network, 1);
    return Forward.of(network, 1, StepProgram.Phase.EVALUATE, Placement.WHOLE).outputs();
  }

  /** Tensors that outlive a step, whole, by name. */
  public Map<String, Tensor> persistent() {
    CompiledNetwork whole = whole();
    Map<String, Tensor> all = new LinkedHashMap<>();
    Stream.of(whole.train, whole.evaluate)
        .flatMap(p -> p.tensors().stream())
        .filter(t -> t.role().persistent())
        .forEach(t -> all.put(t.name(), t));
    return all;
  }

  /** The whole tensor of a name. */
  public Tensor tensor(StepProgram.Phase phase, String name) {
    return whole().program(phase).tensor(name);
  }

  /**
   * Bytes that a training step in single precision sends between devices of this process, by sender
   * and receiver.
   */
  public long[][] traffic() {
    return traffic(StepProgram.Phase.TRAIN, Op.Transfer::bytes);
  }

  /**
   * Bytes that a step sends from one device to another, by sender and receiver.
   *
   * @param bytes what a transfer has in the layout of a backend
   */
  public long[][] traffic(StepProgram.Phase phase, ToLongFunction<Op.Transfer> bytes) {
    int devices = placement.deviceCount();
    long[][] all = new long[devices][devices];
    for (Op op : program(phase).ops()) {
      if (op instanceof Op.Transfer transfer) {
        int from = placement.device(transfer.x());
        all[from][placement.device(transfer.y())] += bytes.applyAsLong(transfer);
      }
    }
    return all;
  }

  /** The program of a phase. */
  public StepProgram program(StepProgram.Phase phase) {
    return switch (phase) {
      case TRAIN -> train;
      case EVALUATE -> evaluate;
    };
  }
}
