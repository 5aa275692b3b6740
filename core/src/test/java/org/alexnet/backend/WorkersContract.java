package org.alexnet.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.lang.foreign.ValueLayout;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Parallelism;
import org.alexnet.program.Placement;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * What several workers must keep to: each computes from its own images what one process with as
 * many shards computes from all, bit for bit, and knows the losses of all. A backend's tests extend
 * this.
 */
public abstract class WorkersContract {
  private static final int BATCH = 11;
  private static final int STEPS = 4;

  /** A network, and the devices that each of so many workers gives to its shards. */
  private record Cut(Network network, int workers, List<Integer> devices) {
    Placement alone() {
      return new Placement(Collections.nCopies(workers * devices.size(), 0), Parallelism.DATA);
    }

    Placement on(Placement.Worker worker) {
      List<Integer> all =
          Stream.generate(() -> devices).limit(workers).flatMap(List::stream).toList();
      return new Placement(all, Parallelism.DATA, worker);
    }

    @Override
    public String toString() {
      return "%s, %d workers of %s".formatted(network.name(), workers, devices);
    }
  }

  private static final List<Cut> CUTS =
      List.of(
          new Cut(TestNetworks.shallow(), 2, List.of(0)),
          new Cut(TestNetworks.various(), 3, List.of(0)),
          new Cut(TestNetworks.odd(), 2, List.of(0, 0, 0, 0)),
          new Cut(TestNetworks.columns(), 2, List.of(0, 1)),
          new Cut(TestNetworks.unshared(), 4, List.of(0)),
          new Cut(TestNetworks.graph(), 2, List.of(0)),
          new Cut(TestNetworks.scattered(), 3, List.of(0)),
          new Cut(TestNetworks.wide(), 4, List.of(0)));

  /** The backend under test. */
  protected abstract Backend open(int threads, int devices, Peers peers);

  /** Numbers of threads to compare; one if the backend computes with none of its own. */
  protected int[] threads() {
    return new int[] {1, 3};
  }

  /** The largest number of workers to run. */
  protected int mostWorkers() {
    return 4;
  }

  private Stream<DynamicTest> each(Consumer<Cut> test) {
    return CUTS.stream()
        .filter(cut -> cut.workers <= mostWorkers())
        .map(cut -> DynamicTest.dynamicTest(cut + "", () -> test.accept(cut)));
  }

  private static CompiledNetwork programs(Cut cut, Placement placement) {
    return CompiledNetwork.of(cut.network, BATCH, placement, List.of());
  }

  @TestFactory
  Stream<DynamicTest> workersGiveTheBitsOfOneProcess() {
    return each(
        cut -> {
          Map<String, float[]> one = learned(cut, cut.alone(), 2, Peers.NONE);
          for (int threads : threads()) {
            List<Map<String, float[]>> all =
                MailPeers.together(
                    cut.workers, peers -> learned(cut, cut.on(peers.worker()), threads, peers));
            all.forEach(worker -> assertEquals("", NetworkRig.difference(one, worker)));
          }
        });
  }

  /**
   * What is learned in some steps, the last ones of smaller batches, of which some workers have no
   * image, and what was said of them.
   */
  private Map<String, float[]> learned(Cut cut, Placement placement, int threads, Peers peers) {
    try (Backend backend = open(threads, placement.deviceCount(), peers);
        NetworkRig rig = new NetworkRig(backend, programs(cut, placement))) {
      for (int step = 0; step < STEPS; step++) {
        rig.fill(step, BATCH);
        hideOthers(rig, placement);
        rig.train(step);
      }
      rig.fill(STEPS, 2);
      hideOthers(rig, placement);
      StepResult last = rig.train(STEPS);
      Map<String, float[]> all = rig.learned();
      rig.gradientSquares()
          .forEach((layer, sum) -> all.put(layer + " squares", new float[] {sum.floatValue()}));
      all.putAll(rig.evaluate());
      all.put("said", new float[] {(float) last.lossSum(), last.errors(), last.images()});
      return all;
    }
  }

  /** Overwrites the images of other workers. */
  private static void hideOthers(NetworkRig rig, Placement placement) {
    int[] own = placement.images(BATCH);
    for (int image = 0; image < BATCH; image++) {
      if (image < own[0] || image >= own[1]) {
        rig.batch().image(image).fill((byte) 0x55);
        rig.batch().mirror()[image] = false;
      }
    }
  }

  @TestFactory
  Stream<DynamicTest> noWorkerLearnsOfALossThatIsNotFinite() {
    return each(
        cut ->
            MailPeers.together(
                cut.workers,
                peers -> {
                  Placement placement = cut.on(peers.worker());
                  try (Backend backend = open(2, placement.deviceCount(), peers);
                      NetworkRig rig = new NetworkRig(backend, programs(cut, placement), true)) {
                    Map<String, float[]> start = rig.learned();
                    for (long p = 0; p < rig.batch().format().values(); p++) {
                      rig.batch()
                          .image(BATCH - 1)
                          .setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, p, Float.NaN);
                    }
                    assertFalse(Double.isFinite(rig.train(0).lossSum()));
                    assertEquals("", NetworkRig.difference(start, rig.learned()));
                    rig.fill(1, BATCH);
                    rig.train(1);
                    assertFalse(NetworkRig.difference(start, rig.learned()).isEmpty());
                    return null;
                  }
                }));
  }
}
