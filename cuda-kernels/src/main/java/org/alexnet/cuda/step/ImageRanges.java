package org.alexnet.cuda.step;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;

/** Which images of a batch each device reads: those of its shards, or all. */
final class ImageRanges {
  private final List<TreeMap<Integer, Integer>> ends = new ArrayList<>(); // by device and begin

  /** Images that follow one another in a batch. */
  record Range(int first, int count) {}

  /**
   * @param devices how many there are
   */
  ImageRanges(CompiledNetwork programs, int devices) {
    for (int d = 0; d < devices; d++) {
      ends.add(new TreeMap<>());
    }
    Stream.of(programs.train(), programs.evaluate())
        .flatMap(program -> program.ops().stream())
        .filter(op -> op instanceof Op.LoadInput)
        .map(Op.LoadInput.class::cast)
        .forEach(
            load ->
                ends.get(programs.placement().device(load.data()))
                    .merge(load.first(), load.first() + load.data().shape().n(), Math::max));
  }

  /** Those of a device; what adjoins is one. */
  List<Range> of(int device) {
    List<Range> ranges = new ArrayList<>();
    int first = 0;
    int end = 0;
    for (var next : ends.get(device).entrySet()) {
      if (next.getKey() > end) {
        add(ranges, first, end);
        first = next.getKey();
      }
      end = Math.max(end, next.getValue());
    }
    add(ranges, first, end);
    return List.copyOf(ranges);
  }

  private static void add(List<Range> ranges, int first, int end) {
    if (end > first) {
      ranges.add(new Range(first, end - first));
    }
  }
}
