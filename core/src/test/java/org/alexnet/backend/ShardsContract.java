package org.alexnet.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.alexnet.LongTest;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.backend.plan.MemoryPlan;
import org.alexnet.backend.plan.MemoryPlanner;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Parallelism;
import org.alexnet.program.Placement;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.program.Tensor;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * What a network whose batch is cut into shards must keep to, on one device and on several: masks,
 * losses and gradients are those of the whole batch, and bits do not depend on the devices. A
 * backend's tests extend this.
 */
public abstract class ShardsContract {
  private static final int BATCH = 11;
  private static final int STEPS = 4;

  /** A network, how it is cut, and the devices of its shards; all on one device is the first. */
  private record Cut(Network network, Parallelism way, List<List<Integer>> devices) {
    List<Placement> placements() {
      return devices.stream().map(numbers -> new Placement(numbers, way)).toList();
    }

    @Override
    public String toString() {
      return "%s %s %d".formatted(network.name(), way, devices.getFirst().size());
    }
  }

  private static final List<List<Integer>> TWO = List.of(List.of(0, 0), List.of(0, 1));
  private static final List<List<Integer>> THREE =
      List.of(List.of(0, 0, 0), List.of(0, 1, 0), List.of(0, 1, 1), List.of(0, 1, 2));
  private static final List<List<Integer>> FOUR =
      List.of(List.of(0, 0, 0, 0), List.of(0, 0, 1, 1), List.of(0, 1, 0, 1), List.of(0, 1, 2, 3));
  private static final List<List<Integer>> EIGHT =
      List.of(
          List.of(0, 0, 0, 0, 0, 0, 0, 0),
          List.of(0, 0, 0, 0, 1, 1, 1, 1),
          List.of(0, 0, 1, 1, 2, 2, 3, 3),
          List.of(0, 1, 2, 3, 4, 5, 6, 7));

  /**
   * Convolutions, columns and branches, in even shards and others, of images and before columns.
   */
  private static final List<Cut> FEW =
      List.of(
          new Cut(TestNetworks.shallow(), Parallelism.DATA, TWO),
          new Cut(TestNetworks.graph(), Parallelism.DATA, THREE),
          new Cut(TestNetworks.columns(), Parallelism.DATA, FOUR),
          new Cut(TestNetworks.shallow(), Parallelism.HYBRID, TWO),
          new Cut(TestNetworks.columns(), Parallelism.HYBRID, THREE),
          new Cut(TestNetworks.odd(), Parallelism.HYBRID, EIGHT));

  private static final List<Cut> MORE =
      List.of(
          new Cut(TestNetworks.various(), Parallelism.DATA, THREE),
          new Cut(TestNetworks.odd(), Parallelism.DATA, EIGHT),
          new Cut(TestNetworks.unshared(), Parallelism.DATA, TWO),
          new Cut(TestNetworks.bounded(), Parallelism.DATA, THREE),
          new Cut(TestNetworks.scattered(), Parallelism.DATA, TWO),
          new Cut(TestNetworks.wide(), Parallelism.DATA, THREE),
          new Cut(TestNetworks.various(), Parallelism.HYBRID, FOUR),
          new Cut(TestNetworks.unshared(), Parallelism.HYBRID, TWO),
          new Cut(TestNetworks.graph(), Parallelism.HYBRID, THREE));

  /** The backend under test. */
  protected abstract Backend open(int threads, int devices);

  /** The largest number of threads to compare; 1 if the backend computes with none of its own. */
  protected int mostThreads() {
    return 8;
  }

  /** The largest number of shards to run; as many devices are asked for. */
  protected int mostShards() {
    return 8;
  }

  /** How far what is computed may be off, as a share of the largest: sums are cut differently. */
  protected double bound(CompiledNetwork whole) {
    return StepContract.bound(whole);
  }

  private static CompiledNetwork fused(Cut cut, Placement placement) {
    return CompiledNetwork.of(cut.network, BATCH, placement, List.of());
  }

  private Stream<DynamicTest> each(Consumer<Cut> test) {
    return Stream.concat(FEW.stream(), MORE.stream().filter(_ -> LongTest.RUN))
        .filter(cut -> cut.devices.getFirst().size() <= mostShards())
        .map(cut -> DynamicTest.dynamicTest(cut + "", () -> test.accept(cut)));
  }

  private Backend open(Placement placement, int threads) {
    return open(threads, placement.deviceCount());
  }

  /** Each device takes the windows of its own images. */
  @TestFactory
  Stream<DynamicTest> windowsGiveTheBitsOfWholeImages() {
    return each(
        cut -> {
          Placement last = cut.placements().getLast();
          try (Backend backend = open(last, 2)) {
            StepContract.assertWindows(backend, fused(cut, last), false);
          }
        });
  }

  // What the whole batch computes, the last and smaller ones of an epoch too.

  @TestFactory
  Stream<DynamicTest> shardsComputeWhatTheWholeBatchDoes() {
    return each(
        cut -> {
          for (int real : new int[] {BATCH, 5, 1}) {
            assertComputesTheWhole(cut, real);
          }
        });
  }

  private void assertComputesTheWhole(Cut cut, int real) {
    CompiledNetwork whole = CompiledNetwork.observingAll(cut.network, BATCH);
    Map<String, float[]> expected;
    StepResult step;
    try (Backend backend = open(2, 1);
        NetworkRig rig = new NetworkRig(backend, whole)) {
      rig.fill(3, real);
      step = rig.train(0);
      expected = results(rig, whole);
    }
    Placement spread = cut.placements().getLast();
    for (CompiledNetwork programs :
        List.of(fused(cut, spread), CompiledNetwork.observingAll(cut.network, BATCH, spread))) {
      try (Backend backend = open(spread, 2);
          NetworkRig rig = new NetworkRig(backend, programs)) {
        rig.fill(3, real);
        StepResult got = rig.train(0);
        assertEquals(real, got.images());
        assertEquals(step.errors(), got.errors());
        assertEquals(step.lossSum(), got.lossSum(), bound(whole) * step.lossSum());
        StepContract.assertClose(expected, results(rig, whole), bound(whole));
      }
    }
  }

  /** What of the whole network's tensors is kept; contributions are others in a cut network. */
  private static Map<String, float[]> results(NetworkRig rig, CompiledNetwork whole) {
    Map<String, float[]> all = new LinkedHashMap<>();
    for (Tensor tensor : whole.train().tensors()) {
      String name = tensor.name();
      if (!tensor.role().persistent()
          && rig.programs.train().observed().contains(name)
          && !name.matches(".*(\\.argmax|\\.squares|\\.zeros.*|\\.grad\\.\\d+)")) {
        all.put(name, rig.read(name));
      }
    }
    all.putAll(rig.learned());
    all.putAll(rig.evaluate());
    return all;
  }

  @TestFactory
  Stream<DynamicTest> theSquaresOfTheGradientsAreThoseOfTheWholeBatch() {
    return each(
        cut -> {
          Map<String, Double> expected;
          try (Backend backend = open(2, 1);
              NetworkRig rig = new NetworkRig(backend, CompiledNetwork.of(cut.network, BATCH))) {
            expected = rig.trainSteps(1).gradientSquares();
          }
          Placement spread = cut.placements().getLast();
          try (Backend backend = open(spread, 2);
              NetworkRig rig = new NetworkRig(backend, fused(cut, spread)).trainSteps(1)) {
            Map<String, Double> got = rig.gradientSquares();
            assertEquals(expected.keySet(), got.keySet());
            expected.forEach(
                (layer, squares) ->
                    assertEquals(
                        squares,
                        got.get(layer),
                        Math.max(1e-4, 2 * bound(rig.programs)) * squares,
                        layer));
          }
        });
  }

  // Bits.

  @TestFactory
  Stream<DynamicTest> oneDeviceAndSeveralGiveTheSameBitsWithAnyNumberOfThreads() {
    return each(
        cut -> {
          Map<String, float[]> one = learned(cut, cut.placements().getFirst(), 1);
          for (int threads : new int[] {1, 3, 8}) {
            for (Placement placement : cut.placements()) {
              if (threads > mostThreads()) {
                continue;
              }
              assertEquals(
                  "",
                  NetworkRig.difference(one, learned(cut, placement, threads)),
                  placement + ", threads " + threads);
            }
          }
        });
  }

  /** What is learned in some steps, the last of a smaller batch, and what was said of them. */
  private Map<String, float[]> learned(Cut cut, Placement placement, int threads) {
    try (Backend backend = open(placement, threads);
        NetworkRig rig = new NetworkRig(backend, fused(cut, placement)).trainSteps(STEPS)) {
      rig.fill(STEPS, 2);
      StepResult last = rig.train(STEPS);
      Map<String, float[]> all = rig.learned();
      all.putAll(rig.evaluate());
      all.put("said", new float[] {(float) last.lossSum(), last.errors(), last.images()});
      rig.programs
          .train()
          .tensors()
          .forEach(
              tensor -> {
                if (tensor.role() == Tensor.Role.PARAMETER && tensor.part().isWhole()) {
                  assertArrayEquals(
                      all.get(tensor.name()), rig.executable.read(tensor), tensor + "");
                }
              });
      return all;
    }
  }

  // A loss that is not finite, on one device.

  @TestFactory
  Stream<DynamicTest> noDeviceLearnsOfALossThatIsNotFiniteAndEachLearnsAgain() {
    return each(
        cut -> {
          Placement spread = cut.placements().getLast();
          try (Backend backend = open(spread, 2);
              NetworkRig rig = new NetworkRig(backend, fused(cut, spread), true)) {
            Map<String, float[]> start = rig.learned();
            spoil(rig, Float.NaN);
            assertFalse(Double.isFinite(rig.train(0).lossSum()));
            assertEquals("", NetworkRig.difference(start, rig.learned()));
            spoil(rig, 0);
            rig.train(0);
            for (Tensor tensor : rig.programs.train().tensors()) {
              if (tensor.name().endsWith(".weight") && tensor.part().isWhole()) {
                float[] copy = rig.executable.read(tensor);
                assertFalse(Arrays.equals(start.get(tensor.name()), copy), "nothing was learned");
                assertArrayEquals(rig.read(tensor.name()), copy);
              }
            }
          }
        });
  }

  /** Overwrites the last image. */
  private static void spoil(NetworkRig rig, float value) {
    long pixels = rig.batch().format().values();
    for (long p = 0; p < pixels; p++) {
      rig.batch().image(BATCH - 1).setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, p, value);
    }
  }

  // Traffic.

  @TestFactory
  Stream<DynamicTest> whatCrossesIsWhatTheProgramSays() {
    return each(
        cut -> {
          for (Placement placement : cut.placements()) {
            CompiledNetwork programs = fused(cut, placement);
            try (Backend backend = open(placement, 2);
                NetworkRig rig = new NetworkRig(backend, programs)) {
              rig.train(0);
              assertArrayEquals(traffic(programs), rig.executable.bytesTransferred());
            }
          }
        });
  }

  /** Bytes by sender and receiver. */
  protected long[][] traffic(CompiledNetwork programs) {
    return programs.traffic();
  }

  // Memory and order.

  @TestFactory
  Stream<DynamicTest> memoryIsSharedOnlyInTurn() {
    return each(
        cut -> {
          for (Placement placement : cut.placements()) {
            try (Backend backend = open(placement, 4)) {
              Lowered lowered = backend.lower(fused(cut, placement));
              MemoryPlan plan = MemoryPlanner.plan(lowered);
              PlanCheck.check(lowered, plan);
              for (Phase phase : Phase.values()) {
                PlanCheck.checkOrder(lowered, plan, phase);
              }
            }
          }
        });
  }
}
