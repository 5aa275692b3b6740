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
import org.alexnet.program.CompiledNetwork;
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
 * the devices, in place of the operations of a sum. Where it connects the devices of all workers,
 * these operations are messages too; what else workers tell one another are messages still.
 */
public final class Exchange {
  private final Placement placement;
  private final Layouts layouts;
  private final Nccl nccl; // null where sums are made in the order of the shards
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
   * What is between contributions and the updates of one parameter.
   *
   * @param ops the operations, each with its lane
   * @param terms what is computed
   */
  private record Way(Map<Op, Lane> ops, Set<Tensor> terms) {
    Way() {
      this(new HashMap<>(), new LinkedHashSet<>());
    }

    /** What its operations write, and what they begin with. */
    Set<Tensor> tensors() {
      Set<Tensor> all = new HashSet<>(terms);
      ops.keySet().forEach(op -> all.addAll(op.writes()));
      return all;
    }
  }

  /**
   * @param program of this worker, one of the programs
   * @param nccl null where sums are made in the order of the shards
   */
  public Exchange(StepProgram program, CompiledNetwork programs, Layouts layouts, Nccl nccl) {
    this.placement = programs.placement();
    this.layouts = layouts;
    this.nccl = nccl;
    if (placement.deviceCount() == 1 && !placement.talks()) {
      return;
    }
    Map<Tensor, Op> makers = makers(program);
    Map<String, List<Op.Update>> updates = updates(program);
    for (List<Op.Update> of : updates.values()) {
      of.forEach(
          update -> note(update.finite(), Lane.SPREAD, makers, new Way(lanes, new HashSet<>())));
    }
    if (nccl != null && placement.talks()) {
      lanes.replaceAll((op, lane) -> Lane.SPREAD); // other workers wait for it, and not for a sum
    }
    Set<String> summed =
        nccl == null || updates.isEmpty()
            ? Set.of()
            : sum(program, makers, updates, programs.undivided());
    updates.forEach(
        (name, of) -> {
          if (!summed.contains(name)) {
            lanes.putAll(way(of, makers).ops);
          }
        });
    for (Op op : program.ops()) {
      if (op instanceof Op.Send send) {
        lanes.put(send, lane(send, makers));
      }
    }
  }

  /**
   * Has NCCL sum up what it can. All workers look at the program of all, and so come to the same
   * answer.
   *
   * @param makers of the tensors of this worker's program
   * @param updates in it
   * @param all the programs of all workers
   * @return the parameters whose gradients those are
   */
  private Set<String> sum(
      StepProgram program,
      Map<Tensor, Op> makers,
      Map<String, List<Op.Update>> updates,
      CompiledNetwork all) {
    Map<Tensor, Op> allMakers = makers(all.train());
    Map<String, List<Op.Update>> allUpdates = updates(all.train());
    Set<String> summed = new HashSet<>();
    updates.forEach(
        (name, of) -> {
          List<Op.Update> ofAll = allUpdates.get(name);
          Way whole = way(ofAll, allMakers);
          if (isSum(whole, ofAll, all)) {
            replace(whole, of, program, makers);
            summed.add(name);
          }
        });
    return summed;
  }

  private static Map<Tensor, Op> makers(StepProgram program) {
    Map<Tensor, Op> makers = new HashMap<>();
    program.ops().forEach(op -> op.writes().forEach(tensor -> makers.put(tensor, op)));
    return makers;
  }

  /** The updates of each parameter, by devices. */
  private static Map<String, List<Op.Update>> updates(StepProgram program) {
    Map<String, List<Op.Update>> updates = new LinkedHashMap<>();
    for (Op op : program.ops()) {
      if (op instanceof Op.Update update) {
        updates.computeIfAbsent(update.w().name(), name -> new ArrayList<>()).add(update);
      }
    }
    return updates;
  }

  /**
   * What is sent to another worker goes where it is made; a contribution is on its way to a sum.
   */
  private Lane lane(Op.Send send, Map<Tensor, Op> makers) {
    Lane unmade = send.x().isGradient() ? Lane.SUM : Lane.COMPUTE;
    return lanes.getOrDefault(makers.get(send.x()), unmade);
  }

  /** The lane of an operation. */
  public Lane lane(Op op) {
    return lanes.getOrDefault(op, Lane.COMPUTE);
  }

  private static Way way(List<Op.Update> updates, Map<Tensor, Op> makers) {
    Way way = new Way();
    updates.forEach(update -> note(update.dw(), Lane.SPREAD, makers, way));
    return way;
  }

  /**
   * Whether NCCL can take the place of a way: it is a sum that every device needs, and nobody looks
   * at what is between, or at a contribution, which would be sent besides.
   *
   * @param updates on all devices of all workers
   */
  private static boolean isSum(Way way, List<Op.Update> updates, CompiledNetwork all) {
    Set<Tensor> results = updates.stream().map(Op.Update::dw).collect(Collectors.toSet());
    boolean crosses = way.ops.keySet().stream().anyMatch(op -> op instanceof Op.Transfer);
    boolean observed =
        way.tensors().stream()
            .anyMatch(tensor -> all.train().observes(tensor) && !results.contains(tensor));
    return crosses && !observed && updates.size() == all.placement().deviceCount();
  }

  /**
   * Puts a sum in the place of its way.
   *
   * @param whole that of all workers
   * @param updates on the devices of this one
   */
  private void replace(
      Way whole, List<Op.Update> updates, StepProgram program, Map<Tensor, Op> makers) {
    Set<Tensor> tensors = whole.tensors();
    List<Op> own =
        program.ops().stream()
            .filter(
                op ->
                    switch (op) {
                      case Op.Send send -> tensors.contains(send.x());
                      case Op.Receive receive -> tensors.contains(receive.y());
                      default -> whole.ops.containsKey(op);
                    })
            .toList();
    List<Tensor> terms = whole.terms.stream().filter(makers::containsKey).toList();
    List<Tensor> results = updates.stream().map(Op.Update::dw).toList();
    sums.put(own.getFirst(), new Sum(updates.getFirst().layer(), terms, results));
    replaced.addAll(own);
  }

  /**
   * Walks from what an update reads to what is computed. What comes before a sum is its way.
   *
   * @param way receives the operations between, and what is computed
   */
  private static void note(Tensor tensor, Lane lane, Map<Tensor, Op> makers, Way way) {
    Op op = makers.get(tensor);
    Lane own =
        switch (op) {
          case Op.Add _, Op.Minimum _ -> Lane.SUM;
          case Op.Transfer _, Op.Receive _, Op.Slice _, Op.Concatenate _ -> lane;
          case null, default -> null;
        };
    if (own == null) {
      way.terms.add(tensor);
    } else if (way.ops.putIfAbsent(op, own) == null) {
      op.reads().forEach(read -> note(read, own, makers, way));
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
