package org.alexnet.program;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What one of several workers runs of a program: the operations of its own columns or shards in
 * their order. A {@link Op.Transfer} between workers becomes a {@link Op.Send} of one and a {@link
 * Op.Receive} of the other, so that every value is formed by the same operation from the same
 * values as in a single process. What is observed is brought to all workers at the end.
 */
final class WorkerPart {
  private final StepProgram program;
  private final Placement placement;
  private final List<Op> all; // of the program, in the order of their messages
  private final int own;
  private final List<Op> ops = new ArrayList<>();
  private final Map<Tensor, List<Op.Send>> early = new HashMap<>(); // by what they wait for
  private int number;

  private WorkerPart(StepProgram program, Placement placement) {
    this.program = program;
    this.placement = placement;
    this.all = flagsLate(program.ops());
    this.own = placement.worker().index();
    this.number = program.phase().ordinal();
  }

  /**
   * @param program of all workers together
   * @param placement that of one of them
   */
  static StepProgram of(StepProgram program, Placement placement) {
    WorkerPart part = new WorkerPart(program, placement);
    part.findWhatIsSentAtOnce();
    part.all.forEach(part::add);
    part.shareWhatIsObserved();
    return new StepProgram(program.phase(), part.ops, program.observed());
  }

  private int worker(Tensor tensor) {
    return placement.workerOf(tensor.part().index());
  }

  /** Numbers differ between the programs of a network too. */
  private int nextNumber() {
    number += StepProgram.Phase.values().length;
    return number;
  }

  /**
   * The flag of a finite loss goes to one worker and back, and only updates read it: where it is
   * joined as soon as losses are there, all workers wait for the last of them in the middle of the
   * step.
   */
  private static List<Op> flagsLate(List<Op> program) {
    Set<Tensor> flags = new HashSet<>();
    for (Op op : program) {
      if (op instanceof Op.Minimum joined) {
        flags.addAll(joined.terms());
        flags.add(joined.y());
      }
    }
    for (Op op : program.reversed()) {
      if (op instanceof Op.Transfer transfer && flags.contains(transfer.y())) {
        flags.add(transfer.x());
      }
    }
    List<Op> order = new ArrayList<>();
    List<Op> joins = new ArrayList<>();
    for (Op op : program) {
      boolean join =
          op instanceof Op.Minimum
              || (op instanceof Op.Transfer transfer && flags.contains(transfer.x()));
      if (op instanceof Op.Update) {
        order.addAll(joins);
        joins.clear();
      }
      (join ? joins : order).add(op);
    }
    order.addAll(joins);
    return order;
  }

  /**
   * Sums and flags are sent as soon as they are there, and not only at the end, where they are
   * needed.
   */
  private void findWhatIsSentAtOnce() {
    Set<Tensor> ready = new HashSet<>();
    for (Op op : all) {
      switch (op) {
        case Op.Add sum -> ready.add(sum.y());
        case Op.SoftmaxCrossEntropy loss -> ready.add(loss.finite());
        case Op.Minimum flag -> ready.add(flag.y());
        default -> {}
      }
      if (op instanceof Op.Transfer transfer && crosses(transfer)) {
        Op.Send send = new Op.Send(op.layer(), transfer.x(), worker(transfer.y()), nextNumber());
        if (ready.contains(send.x())) {
          early.computeIfAbsent(send.x(), x -> new ArrayList<>()).add(send);
        }
      }
    }
    number = program.phase().ordinal();
  }

  private boolean crosses(Op.Transfer transfer) {
    return worker(transfer.x()) != worker(transfer.y());
  }

  private void add(Op op) {
    if (op instanceof Op.Transfer transfer && crosses(transfer)) {
      int message = nextNumber();
      if (worker(transfer.y()) == own) {
        ops.add(receive(op.layer(), transfer.y(), worker(transfer.x()), message));
      } else if (worker(transfer.x()) == own && !early.containsKey(transfer.x())) {
        ops.add(new Op.Send(op.layer(), transfer.x(), worker(transfer.y()), message));
      }
    } else if (placement.workerOf(op.index()) == own) {
      ops.add(op);
      op.writes().forEach(y -> ops.addAll(early.getOrDefault(y, List.of())));
    }
  }

  private void shareWhatIsObserved() {
    Map<String, Set<Integer>> having = new HashMap<>(); // workers, of what is not cut
    Set<Tensor> made = new LinkedHashSet<>();
    for (Op op : program.ops()) {
      for (Tensor y : op.writes()) {
        if (program.observes(y) && made.add(y) && y.part().isWhole()) {
          having.computeIfAbsent(y.name(), name -> new HashSet<>()).add(worker(y));
        }
      }
    }
    for (Tensor y : made) {
      for (int to = 0; to < placement.worker().count(); to++) {
        boolean there = y.part().isWhole() ? !having.get(y.name()).add(to) : worker(y) == to;
        if (!there) {
          share(y, to);
        }
      }
    }
  }

  private void share(Tensor y, int to) {
    int message = nextNumber();
    if (worker(y) == own) {
      ops.add(new Op.Send("observed", y, to, message));
    } else if (to == own) {
      ops.add(receive("observed", y, worker(y), message));
    }
  }

  /** What another worker made is taken by the shard of this one that is on the same device. */
  private Op.Receive receive(String layer, Tensor y, int from, int message) {
    int each = placement.devices().size() / placement.worker().count();
    int index = own * each + y.part().index() % each;
    return new Op.Receive(layer, y, from, message, index);
  }
}
