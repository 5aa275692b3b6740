package org.alexnet.cuda.step;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;

/** Which images of a batch each device reads: those of its shards, or all. */
final class ImageRanges {
  private final List<List<Range>> ranges; // by device

  /** Images that follow one another in a batch. */
  record Range(int first, int count) {}

  /**
   * @param devices how many there are
   */
  ImageRanges(CompiledNetwork programs, int devices) {
    List<SortedMap<Integer, Integer>> ends =
        Stream.generate(() -> (SortedMap<Integer, Integer>) new TreeMap<Integer, Integer>())
            .limit(devices)
            .toList();
    Stream.of(programs.train(), programs.evaluate())
        .flatMap(program -> program.ops().stream())
        .filter(op -> op instanceof Op.LoadInput)
        .map(Op.LoadInput.class::cast)
        .forEach(
            load ->
                ends.get(programs.placement().device(load.data()))
                    .merge(load.first(), load.first() + load.data().shape().n(), Math::max));
    this.ranges = ends.stream().map(ImageRanges::joined).toList();
  }

  /**
   * What adjoins is one.
   *
   * @param ends of the images of shards, by where they begin
   */
  private static List<Range> joined(SortedMap<Integer, Integer> ends) {
    List<Range> ranges = new ArrayList<>();
    int first = 0;
    int end = 0;
    for (var next : ends.entrySet()) {
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

  /** Those of a device. */
  List<Range> of(int device) {
    return ranges.get(device);
  }
}
