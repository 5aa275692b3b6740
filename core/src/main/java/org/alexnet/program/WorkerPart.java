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
  private final int own;
  private final List<Op> ops = new ArrayList<>();
  private final Map<Tensor, List<Op.Send>> early = new HashMap<>(); // by what they wait for
  private int number;

  private WorkerPart(StepProgram program, Placement placement) {
    this.program = program;
    this.placement = placement;
    this.own = placement.worker().index();
    this.number = program.phase().ordinal();
  }

  /**
   * @param program of all workers together
   * @param placement that of one of them
   */
  static StepProgram of(StepProgram program, Placement placement) {
    WorkerPart part = new WorkerPart(program, placement);
    part.findSumsToSend();
    program.ops().forEach(part::add);
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

  /** A sum is sent as soon as it is there, and not only at the end, where it is needed. */
  private void findSumsToSend() {
    Set<Tensor> sums = new HashSet<>();
    for (Op op : program.ops()) {
      if (op instanceof Op.Add sum) {
        sums.add(sum.y());
      }
      if (op instanceof Op.Transfer transfer && crosses(transfer)) {
        Op.Send send = new Op.Send(op.layer(), transfer.x(), worker(transfer.y()), nextNumber());
        if (sums.contains(send.x())) {
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
