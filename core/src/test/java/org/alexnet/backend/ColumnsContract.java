package org.alexnet.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.backend.plan.MemoryPlan;
import org.alexnet.backend.plan.MemoryPlanner;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Placement;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.program.Tensor;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * What a network cut into columns must keep to, on one device and on several. A backend's tests
 * extend this.
 */
public abstract class ColumnsContract {
  private static final Network NETWORK = TestNetworks.columns();
  private static final Placement ONE = new Placement(List.of(0, 0));
  private static final Placement TWO = new Placement(List.of(0, 1));
  private static final List<Cut> CUTS =
      List.of(
          new Cut(NETWORK, List.of(ONE, TWO)),
          new Cut(TestNetworks.unshared(), List.of(ONE, TWO)),
          new Cut(TestNetworks.selected(), List.of(ONE, TWO)),
          new Cut(TestNetworks.bounded(), List.of(ONE, TWO)),
          new Cut(
              TestNetworks.fourColumns(),
              Stream.of(
                      List.of(0, 0, 0, 0),
                      List.of(0, 0, 1, 1),
                      List.of(0, 1, 0, 1),
                      List.of(0, 1, 2, 3))
                  .map(Placement::new)
                  .toList()),
          new Cut(
              TestNetworks.scattered(),
              Stream.of(List.of(0, 0, 0), List.of(0, 1, 1), List.of(0, 1, 0), List.of(0, 1, 2))
                  .map(Placement::new)
                  .toList()));
  private static final int BATCH = 5;

  /** A network, and the ways to place its columns; all on one device is the first. */
  private record Cut(Network network, List<Placement> placements) {}

  /** The backend under test. */
  protected abstract Backend open(int threads, int devices);

  /** The largest number of threads to compare; 1 if the backend computes with none of its own. */
  protected int mostThreads() {
    return 4;
  }

  /** How many steps one device and several must agree in. */
  protected int steps() {
    return 20;
  }

  private static CompiledNetwork fused(Network network, Placement placement) {
    return CompiledNetwork.of(network, BATCH, placement, List.of());
  }

  private static Stream<DynamicTest> each(BiConsumer<Network, Placement> test) {
    return CUTS.stream()
        .flatMap(
            cut ->
                cut.placements().stream()
                    .map(
                        placement ->
                            DynamicTest.dynamicTest(
                                cut.network().name() + " " + placement.devices(),
                                () -> test.accept(cut.network(), placement))));
  }

  // What the whole network computes.

  @TestFactory
  Stream<DynamicTest> columnsComputeWhatTheWholeNetworkDoes() {
    return each(
        (network, placement) -> {
          CompiledNetwork whole = CompiledNetwork.observingAll(network, BATCH);
          Map<String, float[]> expected = new LinkedHashMap<>();
          try (Backend reference = Backends.named("reference").open(BackendOptions.defaults());
              NetworkRig rig = new NetworkRig(reference, whole).trainSteps(1)) {
            expected.putAll(rig.observed());
            expected.putAll(rig.learned());
            expected.putAll(rig.evaluate());
          }
          double bound = StepContract.bound(whole);
          compare(expected, fused(network, placement), bound);
          compare(expected, CompiledNetwork.observingAll(network, BATCH, placement), bound);
        });
  }

  private void compare(Map<String, float[]> expected, CompiledNetwork programs, double bound) {
    try (Backend backend = open(2, programs.placement().deviceCount());
        NetworkRig rig = new NetworkRig(backend, programs).trainSteps(1)) {
      Map<String, float[]> got = new LinkedHashMap<>();
      for (String name : expected.keySet()) {
        // Labels and images are on every device, and not cut.
        if (programs.train().observed().contains(name)
            && !Set.of("labels", "data").contains(name)) {
          got.put(name, rig.read(name));
        }
      }
      got.putAll(rig.learned());
      got.putAll(rig.evaluate());
      StepContract.assertClose(expected, got, bound);
    }
  }

  @TestFactory
  Stream<DynamicTest> theSquaresOfTheGradientsAreThoseOfTheWholeNetwork() {
    return each(
        (network, placement) -> {
          Map<String, Double> expected;
          try (Backend reference = Backends.named("reference").open(BackendOptions.defaults());
              NetworkRig rig = new NetworkRig(reference, CompiledNetwork.of(network, BATCH))) {
            expected = rig.trainSteps(1).gradientSquares();
          }
          try (Backend backend = open(2, placement.deviceCount());
              NetworkRig rig = new NetworkRig(backend, fused(network, placement))) {
            StepContract.assertSquares(expected, rig.trainSteps(1).gradientSquares());
          }
        });
  }

  // Bits.

  private Map<String, float[]> learned(Network network, Placement placement, int threads) {
    try (Backend backend = open(threads, placement.deviceCount());
        NetworkRig rig = new NetworkRig(backend, fused(network, placement)).trainSteps(steps())) {
      Map<String, float[]> all = rig.learned();
      all.putAll(rig.evaluate());
      return all;
    }
  }

  @TestFactory
  Stream<DynamicTest> oneDeviceAndSeveralGiveTheSameBitsWithAnyNumberOfThreads() {
    return CUTS.stream()
        .map(cut -> DynamicTest.dynamicTest(cut.network().name(), () -> assertSameBits(cut)));
  }

  private void assertSameBits(Cut cut) {
    Map<String, float[]> one = learned(cut.network(), cut.placements().getFirst(), 1);
    for (int threads = 1; threads <= mostThreads(); threads++) {
      for (Placement placement : cut.placements()) {
        assertEquals(
            "",
            NetworkRig.difference(one, learned(cut.network(), placement, threads)),
            placement + ", threads " + threads);
      }
    }
  }

  // Traffic.

  @TestFactory
  Stream<DynamicTest> whatCrossesIsWhatTheProgramSays() {
    return each(
        (network, placement) -> {
          CompiledNetwork programs = fused(network, placement);
          try (Backend backend = open(2, placement.deviceCount());
              NetworkRig rig = new NetworkRig(backend, programs)) {
            rig.train(0);
            assertArrayEquals(programs.traffic(), rig.executable.bytesTransferred());
            rig.train(1);
            assertArrayEquals(programs.traffic(), rig.executable.bytesTransferred());
          }
        });
  }

  // A column sees the other's maps at conv3, fc5, fc6 and fc7 and nowhere else.

  @Test
  void theFirstConvolutionOfOneColumnIsSeenByTheOtherFromTheThirdOn() {
    Map<String, float[]> before = tensorsOfColumn(0, "", 0);
    Map<String, float[]> after = tensorsOfColumn(0, "conv1.weight", 1);
    assertSame(before, after, "conv1", "norm1", "pool1", "conv2", "relu2", "drop2");
    assertDiffer(before, after, "conv3", "conv4", "fc5", "fc6", "logits");
  }

  @Test
  void theThirdConvolutionOfOneColumnIsSeenByTheOtherFromTheFullyConnectedLayersOn() {
    Map<String, float[]> before = tensorsOfColumn(0, "", 0);
    Map<String, float[]> after = tensorsOfColumn(0, "conv3.weight", 1);
    assertSame(before, after, "conv1", "conv2", "conv3", "conv4", "tanh4", "pool4");
    assertDiffer(before, after, "fc5", "fc6", "logits");
    Map<String, float[]> other = tensorsOfColumn(1, "conv3.weight", 1);
    assertDiffer(tensorsOfColumn(1, "", 0), other, "conv3", "conv4");
  }

  /** What a column computes after one column's part of a parameter was changed. */
  private Map<String, float[]> tensorsOfColumn(int column, String changed, int changedColumn) {
    CompiledNetwork programs = CompiledNetwork.observingAll(NETWORK, BATCH, TWO);
    try (Backend backend = open(2, 2);
        NetworkRig rig = new NetworkRig(backend, programs)) {
      if (!changed.isEmpty()) {
        float[] values = rig.read(changed);
        int half = values.length / 2;
        for (int i = 0; i < half; i++) {
          values[changedColumn * half + i] *= 1.5f;
        }
        rig.executable.write(programs.persistent().get(changed), values);
      }
      rig.executable.profile(rig.batch(), NetworkRig.standing());
      Map<String, float[]> all = new LinkedHashMap<>();
      for (Tensor tensor : programs.train().tensors()) {
        if (tensor.part().index() == column && tensor.role() == Tensor.Role.STEP) {
          all.put(tensor.name(), rig.executable.read(tensor));
        }
      }
      return all;
    }
  }

  private static void assertSame(
      Map<String, float[]> before, Map<String, float[]> after, String... names) {
    for (String name : names) {
      assertArrayEquals(before.get(name), after.get(name), name);
    }
  }

  private static void assertDiffer(
      Map<String, float[]> before, Map<String, float[]> after, String... names) {
    for (String name : names) {
      assertFalse(Arrays.equals(before.get(name), after.get(name)), name + " is the same");
    }
  }

  // Memory and order.

  @TestFactory
  Stream<DynamicTest> memoryIsSharedOnlyInTurn() {
    return each(
        (network, placement) -> {
          assertPlanned(fused(network, placement));
          assertPlanned(CompiledNetwork.observingAll(network, BATCH, placement));
        });
  }

  private void assertPlanned(CompiledNetwork programs) {
    try (Backend backend = open(4, programs.placement().deviceCount())) {
      Lowered lowered = backend.lower(programs);
      MemoryPlan plan = MemoryPlanner.plan(lowered);
      PlanCheck.check(lowered, plan);
      for (Phase phase : Phase.values()) {
        PlanCheck.checkOrder(lowered, plan, phase);
      }
      try (Executable executable = backend.bind(lowered, plan)) {
        assertEquals(plan.totalBytes(), executable.allocatedBytes());
      }
    }
  }
}
