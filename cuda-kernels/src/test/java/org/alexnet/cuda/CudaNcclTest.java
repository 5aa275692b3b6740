package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.backend.NetworkRig;
import org.alexnet.backend.PlanCheck;
import org.alexnet.backend.Precision;
import org.alexnet.backend.TestNetworks;
import org.alexnet.backend.plan.Kernel;
import org.alexnet.backend.plan.Lane;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.backend.plan.MemoryPlan;
import org.alexnet.backend.plan.MemoryPlanner;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Parallelism;
import org.alexnet.program.Placement;
import org.alexnet.program.StepProgram.Phase;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Sums over devices by NCCL, which needs not add in the order of the shards. */
@Tag(StandInCount.STAND_IN)
class CudaNcclTest {
  private static final int BATCH = 7;
  private static final int STEPS = 3;

  @AfterEach
  void heal() {
    if (!StandInBackend.GPU) {
      StandIn.reset();
      StandIn.heal();
    }
  }

  private static StandInBackend open(Precision precision, int devices, boolean ordered) {
    return StandInBackend.open(StandInBackend.options(precision, devices, ordered, true));
  }

  private static CompiledNetwork programs(Network network, Parallelism way, List<Integer> devices) {
    return CompiledNetwork.of(network, BATCH, new Placement(devices, way), List.of());
  }

  static Stream<Arguments> cuts() {
    return Stream.of(
        Arguments.of(Precision.FP32, TestNetworks.odd(), Parallelism.DATA, List.of(0, 1)),
        Arguments.of(Precision.FP32, TestNetworks.graph(), Parallelism.DATA, List.of(0, 1, 1)),
        Arguments.of(Precision.BF16, TestNetworks.columns(), Parallelism.DATA, List.of(0, 1, 0, 2)),
        Arguments.of(Precision.FP16, TestNetworks.odd(), Parallelism.DATA, List.of(0, 1, 2)),
        Arguments.of(Precision.FP32, TestNetworks.columns(), Parallelism.HYBRID, List.of(0, 1, 2)));
  }

  /** The same as in the order of the shards, up to rounding. */
  @ParameterizedTest
  @MethodSource("cuts")
  void sumsAreThoseOfTheShards(
      Precision precision, Network network, Parallelism way, List<Integer> devices) {
    CompiledNetwork programs = programs(network, way, devices);
    Map<String, float[]> ordered = learned(precision, programs, true);
    Map<String, float[]> summed = learned(precision, programs, false);
    double bound = precision == Precision.FP32 ? 1e-4 : 0.1;
    ordered.forEach((name, values) -> assertNear(name, values, summed.get(name), bound));
    try (StandInBackend backend = open(precision, programs.placement().deviceCount(), false)) {
      Lowered lowered = backend.lower(programs);
      MemoryPlan plan = MemoryPlanner.plan(lowered);
      PlanCheck.check(lowered, plan);
      PlanCheck.checkOrder(lowered, plan, Phase.TRAIN);
      List<String> sums = sums(lowered);
      assertTrue(sums.getFirst().endsWith(" sum of devices"), sums.toString());
      assertEquals(0, sums.size() % programs.placement().deviceCount());
    }
  }

  static void assertNear(String name, float[] want, float[] got, double bound) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < want.length; i++) {
      difference += Math.pow((double) want[i] - got[i], 2);
      norm += Math.pow(want[i], 2);
    }
    assertTrue(
        Math.sqrt(difference) <= bound * Math.sqrt(norm),
        name + " is off by " + Math.sqrt(difference / norm));
  }

  private static Map<String, float[]> learned(
      Precision precision, CompiledNetwork programs, boolean ordered) {
    try (StandInBackend backend = open(precision, programs.placement().deviceCount(), ordered);
        NetworkRig rig = new NetworkRig(backend, programs)) {
      Map<String, float[]> all = rig.trainSteps(STEPS).learned();
      all.putAll(rig.evaluate());
      return all;
    }
  }

  private static List<String> sums(Lowered lowered) {
    return lowered.train().stream()
        .filter(kernel -> kernel.choice().equals("NCCL"))
        .map(Kernel::label)
        .toList();
  }

  /**
   * Columns have nothing to sum up, and runs that must repeat on other devices keep their order.
   */
  @Test
  void itIsTakenForSumsInAnyOrderOnly() {
    CompiledNetwork shards = programs(TestNetworks.odd(), Parallelism.DATA, List.of(0, 1));
    try (StandInBackend backend = open(Precision.FP32, 2, true)) {
      assertEquals(List.of(), sums(backend.lower(shards)));
    }
    CompiledNetwork columns = programs(TestNetworks.columns(), Parallelism.COLUMNS, List.of(0, 1));
    try (StandInBackend backend = open(Precision.FP32, 2, false)) {
      assertEquals(List.of(), sums(backend.lower(columns)));
    }
  }

  @Test
  void whereItDoesNotStartSumsAreMadeWithoutIt() {
    Assumptions.assumeFalse(StandInBackend.GPU, "the stand-in fails");
    open(Precision.FP32, 2, true).close(); // the libraries are loaded
    StandIn.ncclRefuses(true);
    List<String> said = new ArrayList<>();
    CompiledNetwork programs = programs(TestNetworks.odd(), Parallelism.DATA, List.of(0, 1));
    try (StandInBackend backend =
        StandInBackend.open(
            StandInBackend.options(Precision.FP32, 2, false, true).saying(said::add))) {
      for (int time = 0; time < 2; time++) {
        Lowered lowered = backend.lower(programs);
        assertEquals(List.of(), sums(lowered));
        assertTrue(lowered.train().stream().anyMatch(kernel -> kernel.lane() == Lane.SUM));
      }
      assertEquals(1, said.size(), said.toString());
      assertTrue(said.getFirst().contains("NCCL could not connect the devices"), said.getFirst());
    }
  }

  /** The others would wait for the part of a device that has failed. */
  @Test
  void aLostDeviceIsNotWaitedFor() {
    Assumptions.assumeFalse(StandInBackend.GPU, "the stand-in fails");
    CompiledNetwork programs = programs(TestNetworks.odd(), Parallelism.DATA, List.of(0, 1, 2));
    try (StandInBackend backend = open(Precision.FP32, 3, false);
        NetworkRig rig = new NetworkRig(backend, programs)) {
      rig.trainSteps(2);
      StandIn.loseDevice(1, 5);
      AlexNetException e = assertThrows(AlexNetException.class, () -> rig.trainSteps(2));
      assertTrue(e.getMessage().contains("cuda:1"), e.getMessage());
      assertFalse(e.getMessage().contains("\n"), e.getMessage());
    }
  }
}
