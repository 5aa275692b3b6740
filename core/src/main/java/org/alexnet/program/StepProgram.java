package org.alexnet.program;

import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The operations of one step in order.
 *
 * @param phase whether it trains or only evaluates
 * @param ops each reads only what an earlier one wrote, or what is persistent
 * @param observed names of tensors that are kept to the end of the step and never fused away
 */
public record StepProgram(Phase phase, List<Op> ops, Set<String> observed) {

  /** What a step is for. */
  public enum Phase {
    TRAIN,
    EVALUATE
  }

  public StepProgram {
    ops = List.copyOf(ops);
    observed = Set.copyOf(observed);
  }

  /** Every tensor, in the order of first use. */
  public Set<Tensor> tensors() {
    Set<Tensor> all = new LinkedHashSet<>();
    for (Op op : ops) {
      all.addAll(op.reads());
      all.addAll(op.writes());
    }
    return all;
  }

  /** The tensor of a name. */
  public Tensor tensor(String name) {
    return tensors().stream()
        .filter(t -> t.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no tensor is called " + name));
  }

  /** The parts of a tensor in their order, or its copies; none if there is no such tensor. */
  public List<Tensor> parts(String name) {
    return tensors().stream()
        .filter(tensor -> tensor.name().equals(name))
        .sorted(Comparator.comparingInt(tensor -> tensor.part().index()))
        .toList();
  }

  /** Its losses: one, or one for each shard of the batch on the device of the shard. */
  public List<Op.SoftmaxCrossEntropy> losses() {
    return ops.stream()
        .filter(op -> op instanceof Op.SoftmaxCrossEntropy)
        .map(Op.SoftmaxCrossEntropy.class::cast)
        .toList();
  }

  public boolean observes(Tensor tensor) {
    return observed.contains(tensor.name());
  }

  /** One line an operation. */
  @Override
  public String toString() {
    return ops.stream().map(StepProgram::line).collect(Collectors.joining("\n"));
  }

  private static String line(Op op) {
    return "%-30s %-10s %s -> %s"
        .formatted(op.getClass().getSimpleName(), op.layer(), list(op.reads()), list(op.writes()));
  }

  private static String list(List<Tensor> tensors) {
    return tensors.stream().map(Tensor::toString).collect(Collectors.joining(", "));
  }
}
