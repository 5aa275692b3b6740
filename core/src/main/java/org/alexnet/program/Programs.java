package org.alexnet.program;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.alexnet.network.Network;

/**
 * The training and the evaluation program of one network. They share its parameters, so a backend
 * lowers them together.
 *
 * @param network what they were made from
 * @param batch images a step
 */
public record Programs(Network network, int batch, StepProgram train, StepProgram evaluate) {

  /** The class scores; observed in both programs. */
  public static final String LOGITS = "logits";

  /** Their softmax; observed in both programs. */
  public static final String PROBABILITIES = "probabilities";

  /** The cross-entropy of each image; observed in both programs. */
  public static final String LOSS = "loss";

  /** The mean image that is subtracted from byte pixels, on the scale of the network's input. */
  public static final String MEAN = "input.mean";

  /**
   * Compiles a network.
   *
   * @param batch images a step, at least 1
   * @param observed further tensors to keep to the end of a step
   * @throws IllegalArgumentException naming the layer that does not fit its input
   */
  public static Programs of(Network network, int batch, String... observed) {
    return of(network, batch, Set.of(observed));
  }

  /** Compiles a network so that every tensor of both programs is kept. */
  public static Programs observingAll(Network network, int batch) {
    Programs plain = of(network, batch, Set.of());
    return of(
        network,
        batch,
        Stream.of(plain.train, plain.evaluate)
            .flatMap(p -> p.tensors().stream().map(Tensor::name))
            .toList());
  }

  /** As {@link #of(Network, int, String...)}. */
  public static Programs of(Network network, int batch, Collection<String> observed) {
    if (batch < 1) {
      throw new IllegalArgumentException("a batch of %d images".formatted(batch));
    }
    Set<String> kept =
        Set.copyOf(
            Stream.concat(observed.stream(), Stream.of(LOGITS, PROBABILITIES, LOSS)).toList());
    Forward train = Forward.of(network, batch, StepProgram.Phase.TRAIN);
    Forward evaluate = Forward.of(network, batch, StepProgram.Phase.EVALUATE);
    return new Programs(
        network,
        batch,
        new StepProgram(StepProgram.Phase.TRAIN, Differentiation.of(train), kept),
        new StepProgram(StepProgram.Phase.EVALUATE, evaluate.ops(), kept));
  }

  /** Learned tensors in the order of their layers. */
  public List<Tensor> parameters() {
    return train.tensors().stream().filter(t -> t.role() == Tensor.Role.PARAMETER).toList();
  }

  /** Tensors that outlive a step, by name. */
  public Map<String, Tensor> persistent() {
    Map<String, Tensor> all = new LinkedHashMap<>();
    Stream.of(train, evaluate)
        .flatMap(p -> p.tensors().stream())
        .filter(t -> t.role().persistent())
        .forEach(t -> all.put(t.name(), t));
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
