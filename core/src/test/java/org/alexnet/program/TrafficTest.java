package org.alexnet.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
import org.alexnet.UsageException;
import org.alexnet.model.Models;
import org.alexnet.network.Network;
import org.junit.jupiter.api.Test;

/** What each way to cut a step sends, and which is taken. */
class TrafficTest {
  private static final Network PLAIN =
      Programs.network(Programs.conv("conv1", 4, 1, 1), Programs.fc("fc2", 3, 1));
  private static final Network COLUMNS =
      Programs.network(Programs.conv("conv1", 4, 1, 2), Programs.fc("fc2", 3, 1));
  private static final Network LARGE = Models.named("alexnet-2012").network();

  private static List<String> devices(int count) {
    return IntStream.range(0, count).mapToObj(device -> "d:" + device).toList();
  }

  private static Placement place(Parallelism asked, Network network, int batch, int devices) {
    return Traffic.place(asked, network, batch, devices(devices), false);
  }

  private static List<Parallelism> ways(Network network, int devices) {
    return Traffic.ways(network, 8, devices(devices)).stream()
        .map(way -> way.placement().parallelism())
        .toList();
  }

  @Test
  void waysThatANetworkCanBeCut() {
    assertEquals(List.of(Parallelism.DATA, Parallelism.HYBRID), ways(PLAIN, 2));
    assertEquals(
        List.of(Parallelism.COLUMNS, Parallelism.DATA, Parallelism.HYBRID), ways(COLUMNS, 2));
    assertEquals(List.of(Parallelism.DATA, Parallelism.HYBRID), ways(COLUMNS, 3));
    assertEquals(List.of(), ways(PLAIN, 9), "no more shards than images");
  }

  /** The bytes are those of the transfers of the program. */
  @Test
  void bytesAreThoseOfTheProgram() {
    for (Traffic way : Traffic.ways(LARGE, 16, devices(2))) {
      long[][] traffic = CompiledNetwork.of(LARGE, 16, way.placement(), List.of()).traffic();
      assertEquals(Math.max(traffic[0][1], traffic[1][0]), way.sent());
      assertEquals(Math.max(traffic[0][1], traffic[1][0]), way.received());
      for (Link link : Link.values()) {
        assertTrue(way.seconds(link) >= link.seconds(way.sent()), way + " on " + link);
      }
    }
  }

  /**
   * The second device's flag goes to the first, and all flags back; behind them one gradient after
   * the other, and each sum back as soon as it is there and the one before it.
   */
  @Test
  void aMessageWaitsForWhatItHoldsAndForItsLink() {
    Traffic data = Traffic.ways(PLAIN, 4, devices(2)).getFirst();
    for (Link link : Link.values()) {
      double there = 2 * link.seconds(Float.BYTES);
      double back = 0;
      for (int numbers : new int[] {3 * 144, 3, 4 * 2 * 9, 4}) {
        double gradient = link.seconds((long) numbers * Float.BYTES);
        there += gradient;
        back = Math.max(back, there) + gradient;
      }
      assertEquals(back, data.seconds(link), 1e-12, link + "");
    }
  }

  @Test
  void theColumnsOfANetworkComeFirstUnlessAnotherWayIsAskedFor() {
    assertEquals(Placement.WHOLE, place(null, PLAIN, 8, 1));
    assertEquals(Placement.WHOLE, place(Parallelism.AUTO, PLAIN, 8, 1));
    assertEquals(Parallelism.COLUMNS, place(null, LARGE, 128, 2).parallelism());
    assertEquals(Parallelism.HYBRID, place(Parallelism.AUTO, LARGE, 128, 2).parallelism());
    assertEquals(Parallelism.HYBRID, place(null, LARGE, 128, 4).parallelism());
    assertEquals(4, place(null, LARGE, 128, 4).shards());
    assertEquals(Parallelism.DATA, place(Parallelism.DATA, LARGE, 128, 2).parallelism());
  }

  /**
   * A few filters and many images: the gradients are less than what fully-connected layers read.
   */
  @Test
  void autoTakesWhatSendsTheLeast() {
    assertEquals(Parallelism.DATA, place(null, PLAIN, 1000, 2).parallelism());
  }

  @Test
  void whatCannotBeIsRefused() {
    assertThrows(UsageException.class, () -> place(Parallelism.COLUMNS, PLAIN, 8, 2));
    assertThrows(UsageException.class, () -> place(Parallelism.COLUMNS, LARGE, 8, 3));
    Placement nine = place(null, PLAIN, 8, 9);
    assertThrows(UsageException.class, () -> nine.requireShards(8));
  }
}
