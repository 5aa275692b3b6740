package org.alexnet.cuda;

import java.util.HashMap;
import java.util.Map;
import org.alexnet.backend.plan.Lane;
import org.alexnet.program.Op;
import org.alexnet.program.Placement;
import org.alexnet.program.StepProgram;
import org.alexnet.program.Tensor;

/**
 * The operations that bring gradients of several devices together, which only updates wait for: a
 * sum of gradients, slice by slice, and the flag of a finite loss. They run beside the backward
 * pass, as soon as there is something to sum up. The way there has a lane and the way back another,
 * since links carry both directions at once.
 */
final class Exchange {
  private final Map<Tensor, Op> makers = new HashMap<>();
  private final Map<Op, Lane> lanes = new HashMap<>();

  Exchange(StepProgram program, Placement placement) {
    if (placement.deviceCount() == 1) {
      return;
    }
    program.ops().forEach(op -> op.writes().forEach(tensor -> makers.put(tensor, op)));
    for (Op op : program.ops()) {
      if (op instanceof Op.Update update) {
        note(update.dw(), Lane.SPREAD);
        note(update.finite(), Lane.SPREAD);
      }
    }
  }

  /** The lane of an operation. */
  Lane lane(Op op) {
    return lanes.getOrDefault(op, Lane.COMPUTE);
  }

  /** Walks from what an update reads to what is computed. What comes before a sum is its way. */
  private void note(Tensor tensor, Lane lane) {
    Op op = makers.get(tensor);
    Lane own =
        switch (op) {
          case Op.Add _, Op.Minimum _ -> Lane.SUM;
          case Op.Transfer _, Op.Slice _, Op.Concatenate _ -> lane;
          case null, default -> null;
        };
    if (own != null && lanes.putIfAbsent(op, own) == null) {
      op.reads().forEach(read -> note(read, own));
    }
  }
}
