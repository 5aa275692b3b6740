package org.alexnet.cuda.exchange;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.backend.plan.Lane;
import org.alexnet.cuda.kernel.CudaKernel;
import org.alexnet.cuda.kernel.CudaKernel.Group;
import org.alexnet.cuda.kernel.ImageKernels;
import org.alexnet.cuda.kernel.Layout;
import org.alexnet.cuda.kernel.Layouts;
import org.alexnet.program.Op;
import org.alexnet.program.Placement;
import org.alexnet.program.StepProgram;
import org.alexnet.program.Tensor;

/**
 * The operations that bring gradients of several devices or workers together, which only updates
 * wait for: a sum of gradients, slice by slice, and the flag of a finite loss. They run beside the
 * backward pass, as soon as there is something to sum up. The way there has a lane and the way back
 * another, since links carry both directions at once.
 *
 * <p>Where NCCL is taken, each device adds up the gradients of its own shards, and NCCL those of
 * the devices, in place of the operations of a sum.
 */
public final class Exchange {
  private final Placement placement;
  private final Layouts layouts;
  private final Nccl nccl;
  private final Map<Tensor, Op> makers = new HashMap<>();
  private final Map<Op, Lane> lanes = new HashMap<>();
  private final Set<Op> replaced = new HashSet<>();
  private final Map<Op, Sum> sums = new HashMap<>(); // by the first operation that one replaces

  /**
   * A gradient that all devices need.
   *
   * @param terms what shards contribute
   * @param results the sum on each device
   */
  private record Sum(String layer, List<Tensor> terms, List<Tensor> results) {}

  /**
   * @param nccl null where sums are made in the order of the shards
   */
  public Exchange(StepProgram program, Placement placement, Layouts layouts, Nccl nccl) {
    this.placement = placement;
    this.layouts = layouts;
    boolean all = !placement.talks(); // NCCL connects the devices of one process
    this.nccl = all && nccl != null && nccl.connects(placement.deviceCount()) ? nccl : null;
    if (placement.deviceCount() == 1 && all) {
      return;
    }
    program.ops().forEach(op -> op.writes().forEach(tensor -> makers.put(tensor, op)));
    Map<String, List<Op.Update>> updates = new LinkedHashMap<>();
    for (Op op : program.ops()) {
      if (op instanceof Op.Update update) {
        note(update.finite(), Lane.SPREAD, lanes, new HashSet<>());
        updates.computeIfAbsent(update.w().name(), name -> new ArrayList<>()).add(update);
      }
    }
    updates.values().forEach(of -> note(of, program));
    for (Op op : program.ops()) {
      if (op instanceof Op.Send send) {
        lanes.put(send, lane(send));
      }
    }
  }

  /**
   * What is sent to another worker goes where it is made; a contribution is on its way to a sum.
   */
  private Lane lane(Op.Send send) {
    Lane unmade = send.x().isGradient() ? Lane.SUM : Lane.COMPUTE;
    return lanes.getOrDefault(makers.get(send.x()), unmade);
  }

  /** The lane of an operation. */
  public Lane lane(Op op) {
    return lanes.getOrDefault(op, Lane.COMPUTE);
  }

  /** The updates of one parameter, by devices. */
  private void note(List<Op.Update> updates, StepProgram program) {
    Map<Op, Lane> way = new HashMap<>();
    Set<Tensor> terms = new LinkedHashSet<>();
    updates.forEach(update -> note(update.dw(), Lane.SPREAD, way, terms));
    boolean crosses = way.keySet().stream().anyMatch(op -> op instanceof Op.Transfer);
    Set<Tensor> results = updates.stream().map(Op.Update::dw).collect(Collectors.toSet());
    boolean observed =
        way.keySet().stream()
            .flatMap(op -> op.writes().stream())
            .anyMatch(tensor -> program.observes(tensor) && !results.contains(tensor));
    boolean all = updates.size() == placement.deviceCount();
    if (nccl == null || !crosses || observed || !all) {
      lanes.putAll(way);
      return;
    }
    Op first = program.ops().stream().filter(way::containsKey).findFirst().orElseThrow();
    List<Tensor> sum = updates.stream().map(Op.Update::dw).toList();
    sums.put(first, new Sum(updates.getFirst().layer(), List.copyOf(terms), sum));
    replaced.addAll(way.keySet());
  }

  /**
   * Walks from what an update reads to what is computed. What comes before a sum is its way.
   *
   * @param way receives the operations between
   * @param terms receives what is computed
   */
  private void note(Tensor tensor, Lane lane, Map<Op, Lane> way, Set<Tensor> terms) {
    Op op = makers.get(tensor);
    Lane own =
        switch (op) {
          case Op.Add _, Op.Minimum _ -> Lane.SUM;
          case Op.Transfer _, Op.Receive _, Op.Slice _, Op.Concatenate _ -> lane;
          case null, default -> null;
        };
    if (own == null) {
      terms.add(tensor);
    } else if (way.putIfAbsent(op, own) == null) {
      op.reads().forEach(read -> note(read, own, way, terms));
    }
  }

  /**
   * What runs in place of an operation.
   *
   * @return null if it runs as it is
   */
  public List<CudaKernel> instead(Op op, ImageKernels images) {
    if (!replaced.contains(op)) {
      return null;
    }
    Sum sum = sums.get(op);
    return sum == null ? List.of() : kernels(sum, images);
  }

  private List<CudaKernel> kernels(Sum sum, ImageKernels images) {
    List<CudaKernel> kernels = new ArrayList<>();
    List<CudaKernel> together = new ArrayList<>();
    Group group = nccl.group();
    for (Tensor result : sum.results) {
      int device = placement.device(result);
      List<Tensor> own =
          sum.terms.stream()
              .filter(term -> placement.device(term) == device)
              .sorted(Comparator.comparingInt(term -> term.part().index()))
              .toList();
      if (own.size() > 1) {
        kernels.add(images.add(new Op.Add(sum.layer, own, result)).in(Lane.SUM));
      }
      Tensor from = own.size() > 1 ? result : own.getFirst();
      together.add(kernel(sum.layer, device, from, result).in(Lane.SUM).in(group));
    }
    kernels.addAll(together);
    return kernels;
  }

  private CudaKernel kernel(String layer, int device, Tensor from, Tensor to) {
    Layout layout = layouts.of(to);
    List<BufferUse> uses =
        from.equals(to)
            ? List.of(layouts.update(to))
            : List.of(layouts.read(from), layouts.write(to));
    return new CudaKernel(
        layer + " sum of devices",
        layer,
        true,
        uses,
        0,
        "NCCL",
        b ->
            List.of(
                () ->
                    nccl.sum(
                        device,
                        b.address(from),
                        b.address(to),
                        to.shape().elements(),
                        layout.storage())));
  }
}
