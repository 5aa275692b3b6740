package org.alexnet.cpu.parts;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alexnet.cpu.execution.Layout;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.program.Op;
import org.alexnet.program.Part;
import org.alexnet.program.StepProgram;
import org.alexnet.program.Tensor;

/**
 * Slices of the gradients of weights that need no memory of their own. What is cut only to be sent
 * or summed up is sent from where it lies, and what is received or summed up only to be joined is
 * written to where it will lie: a copy there and a copy back of most of what workers exchange.
 */
public final class RowsInPlace {
  private final Map<Tensor, Rows> places = new HashMap<>();
  private final Map<Tensor, List<Op>> readers = new HashMap<>();
  private final Map<Tensor, Op> writers = new HashMap<>();
  private final StepProgram program;
  private final Layouts layouts;

  /**
   * Of a program of any number of columns or shards.
   *
   * @param program of this worker
   * @param layouts of its tensors
   */
  public RowsInPlace(StepProgram program, Layouts layouts) {
    this.program = program;
    this.layouts = layouts;
    for (Op op : program.ops()) {
      op.reads().forEach(x -> readers.computeIfAbsent(x, t -> new ArrayList<>()).add(op));
      op.writes().forEach(y -> writers.put(y, op));
    }
    for (Op op : program.ops()) {
      if (op instanceof Op.Slice slice && slice.axis() == Part.Axis.IMAGES) {
        cut(slice);
      }
      if (op instanceof Op.Concatenate joined && joined.axis() == Part.Axis.IMAGES) {
        join(joined);
      }
    }
  }

  private void cut(Op.Slice slice) {
    boolean passedOn =
        readers.getOrDefault(slice.y(), List.of()).stream().allMatch(this::takesRows);
    if (passedOn && isOfWeights(slice.y())) {
      places.put(slice.y(), rows(slice.x(), slice.first(), slice.y()));
    }
  }

  private void join(Op.Concatenate joined) {
    boolean inPlace =
        joined.parts().stream()
            .allMatch(
                part ->
                    isOfWeights(part)
                        && takesRows(writers.get(part))
                        && readers.get(part).stream()
                            .allMatch(op -> op == joined || takesRows(op)));
    if (inPlace) {
      int first = 0;
      for (Tensor part : joined.parts()) {
        places.put(part, rows(joined.y(), first, part));
        first += part.shape().n();
      }
    }
  }

  /** Rows of weights follow one another in memory. */
  private Rows rows(Tensor whole, int first, Tensor part) {
    return new Rows(whole, first * whole.shape().imageElements(), layouts.of(part).floats());
  }

  private boolean isOfWeights(Tensor tensor) {
    return layouts.of(tensor) instanceof Layout.Panels && !program.observes(tensor);
  }

  private boolean takesRows(Op op) {
    return op instanceof Op.Send || op instanceof Op.Receive || op instanceof Op.Add;
  }

  /** Where a tensor lies. */
  public Rows of(Tensor tensor) {
    Rows rows = places.get(tensor);
    return rows == null ? new Rows(tensor, 0, layouts.of(tensor).floats()) : rows;
  }

  /** Whether nothing is left to do of an operation that cuts or joins. */
  public boolean spares(Op op) {
    return switch (op) {
      case Op.Slice slice -> places.containsKey(slice.y());
      case Op.Concatenate joined -> places.containsKey(joined.parts().getFirst());
      default -> false;
    };
  }
}
