package org.alexnet.cuda.step;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.IntStream;
import org.alexnet.backend.TestNetworks;
import org.alexnet.cuda.step.ImageRanges.Range;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Parallelism;
import org.alexnet.program.Placement;
import org.alexnet.program.Placement.Worker;
import org.junit.jupiter.api.Test;

class ImageRangesTest {

  private static List<List<Range>> ranges(int batch, Placement placement) {
    CompiledNetwork programs =
        CompiledNetwork.of(TestNetworks.columns(), batch, placement, List.of());
    int devices = placement.devices().stream().mapToInt(d -> d + 1).max().orElseThrow();
    ImageRanges ranges = new ImageRanges(programs, devices);
    return IntStream.range(0, devices).mapToObj(ranges::of).toList();
  }

  private static Placement data(Integer... devices) {
    return new Placement(List.of(devices), Parallelism.DATA, Worker.ALONE);
  }

  @Test
  void aDeviceReadsTheImagesOfItsShards() {
    assertEquals(List.of(List.of(new Range(0, 7))), ranges(7, Placement.WHOLE));
    assertEquals(
        List.of(List.of(new Range(0, 4)), List.of(new Range(4, 4))), ranges(8, data(0, 1)));
    assertEquals(List.of(List.of(new Range(0, 8))), ranges(8, data(0, 0)));
    assertEquals(
        List.of(List.of(new Range(0, 4)), List.of(new Range(4, 4))), ranges(8, data(0, 0, 1, 1)));
    assertEquals(
        List.of(
            List.of(new Range(0, 2), new Range(4, 2)), List.of(new Range(2, 2), new Range(6, 2))),
        ranges(8, data(0, 1, 0, 1)));
  }

  @Test
  void aBatchNeedNotDivide() {
    List<List<Range>> ranges = ranges(8, data(0, 1, 2));
    assertEquals(3, ranges.size());
    int next = 0;
    for (List<Range> own : ranges) {
      assertEquals(1, own.size());
      assertEquals(next, own.getFirst().first());
      next += own.getFirst().count();
    }
    assertEquals(8, next);
  }

  @Test
  void columnsReadAllImages() {
    assertEquals(
        List.of(List.of(new Range(0, 8)), List.of(new Range(0, 8))),
        ranges(8, new Placement(List.of(0, 1))));
  }

  @Test
  void aWorkerReadsItsOwn() {
    assertEquals(
        List.of(List.of(new Range(4, 4))),
        ranges(8, new Placement(List.of(0, 0), Parallelism.DATA, new Worker(1, 2))));
  }
}
