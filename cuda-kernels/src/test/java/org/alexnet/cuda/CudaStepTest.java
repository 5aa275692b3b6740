package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.Executable.Pending;
import org.alexnet.backend.NetworkRig;
import org.alexnet.backend.PlanCheck;
import org.alexnet.backend.Precision;
import org.alexnet.backend.TestNetworks;
import org.alexnet.backend.plan.Kernel;
import org.alexnet.backend.plan.Lane;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.backend.plan.MemoryPlan;
import org.alexnet.backend.plan.MemoryPlanner;
import org.alexnet.data.Batch;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Placement;
import org.alexnet.program.StepProgram.Phase;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How steps are put into streams: graphs, and what must not happen inside of one. */
@Tag(StandInCount.STAND_IN)
class CudaStepTest {
  private static final Network NETWORK = TestNetworks.columns();
  private static final int STEPS = 6;

  private static CompiledNetwork programs(int devices) {
    Placement placement = devices == 1 ? Placement.WHOLE : new Placement(List.of(0, 1));
    return CompiledNetwork.of(NETWORK, 4, placement, List.of());
  }

  private static Map<String, float[]> learned(Precision precision, int devices, boolean graphs) {
    try (StandInBackend backend =
            StandInBackend.open(StandInBackend.options(precision, devices, true, graphs));
        NetworkRig rig = new NetworkRig(backend, programs(devices))) {
      long before = launches();
      Map<String, float[]> all = rig.trainSteps(STEPS).learned();
      all.putAll(rig.evaluate());
      all.putAll(rig.evaluate());
      if (!StandInBackend.GPU) {
        // The first step and the first evaluation run kernel by kernel.
        assertEquals(graphs ? STEPS : 0, launches() - before, "graphs launched");
      }
      return all;
    }
  }

  private static long launches() {
    return StandInBackend.GPU ? 0 : StandIn.counts().graphLaunches();
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void aGraphGivesTheSameBits(Precision precision) {
    assertEquals(
        "", NetworkRig.difference(learned(precision, 1, false), learned(precision, 1, true)));
  }

  @ParameterizedTest
  @EnumSource(
      value = Precision.class,
      names = {"FP32", "BF16"})
  void aGraphOverTwoDevicesGivesTheSameBits(Precision precision) {
    assertEquals(
        "", NetworkRig.difference(learned(precision, 2, false), learned(precision, 2, true)));
  }

  /** Something that a library does may not be recorded; 0 stands for a graph that is not made. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 9, 40})
  void withoutAGraphTrainingGoesOn(int refused) {
    Assumptions.assumeFalse(StandInBackend.GPU, "the stand-in refuses");
    for (int devices = 1; devices <= 2; devices++) {
      Map<String, float[]> wanted = learned(Precision.FP32, devices, false);
      List<String> said = new ArrayList<>();
      BackendOptions options = StandInBackend.options(Precision.FP32, devices, true, true);
      try (StandInBackend backend = StandInBackend.open(options.saying(said::add));
          NetworkRig rig = new NetworkRig(backend, programs(devices))) {
        long before = launches();
        if (refused == 0) {
          StandIn.failInstantiate(1);
        } else {
          StandIn.failCapture(refused);
        }
        Map<String, float[]> all = rig.trainSteps(STEPS).learned();
        all.putAll(rig.evaluate());
        all.putAll(rig.evaluate());
        assertEquals("", NetworkRig.difference(wanted, all));
        assertEquals(0, launches() - before, "graphs launched");
        assertEquals(1, said.size(), said.toString());
        assertTrue(said.getFirst().contains("launched one by one"), said.getFirst());
        // A stream that still captured would refuse this.
        assertTrue(backend.backend().device(0).freeBytes() > 0);
        backend.backend().device(0).allocate(64).close();
      }
    }
  }

  /**
   * The update of fully-connected layers begins before convolutions are done with their gradients,
   * and gives the bits that all kernels give one after the other, as when they are timed.
   */
  @ParameterizedTest
  @CsvSource({"FP32, 1", "TF32, 1", "BF16, 1", "BF16, 2"})
  void theUpdateOfFullyConnectedLayersRunsBesideConvolutions(Precision precision, int devices) {
    try (StandInBackend backend =
        StandInBackend.open(StandInBackend.options(precision, devices, true, true))) {
      Lowered lowered = backend.lower(programs(devices));
      List<String> labels = lowered.train().stream().map(Kernel::label).toList();
      List<? extends Kernel> beside =
          lowered.train().stream().filter(CudaStepTest::isUpdateBeside).toList();
      assertTrue(beside.size() == devices, labels.toString());
      for (Kernel update : beside) {
        assertTrue(update.label().startsWith("update of fc"), update.label());
        List<String> later = labels.subList(labels.indexOf(update.label()), labels.size());
        assertTrue(later.contains("conv1 backward filter"), labels.toString());
        assertEquals(devices, later.stream().filter("update"::equals).count(), later.toString());
      }
      assertEquals(
          List.of(), lowered.evaluate().stream().filter(CudaStepTest::isUpdateBeside).toList());
      MemoryPlan plan = MemoryPlanner.plan(lowered);
      PlanCheck.check(lowered, plan);
      PlanCheck.checkOrder(lowered, plan, Phase.TRAIN);
      try (NetworkRig rig = new NetworkRig(backend, programs(devices));
          NetworkRig timed = new NetworkRig(backend, programs(devices))) {
        rig.trainSteps(STEPS);
        for (int step = 0; step < STEPS; step++) {
          timed.fill(step, timed.programs.batch());
          timed.executable.profile(timed.batch(), NetworkRig.settings(step));
        }
        assertEquals("", NetworkRig.difference(timed.learned(), rig.learned()));
      }
    }
  }

  private static boolean isUpdateBeside(Kernel kernel) {
    return kernel.lane() == Lane.UPDATE;
  }

  /** Whether a gradient is finite is known at the end, and then all is updated or nothing. */
  @Test
  void scaledGradientsAreUpdatedTogether() {
    try (StandInBackend backend =
        StandInBackend.open(StandInBackend.options(Precision.FP16, 1, true, true))) {
      Lowered lowered = backend.lower(programs(1));
      assertEquals(
          List.of(), lowered.train().stream().filter(CudaStepTest::isUpdateBeside).toList());
      assertEquals("update", lowered.train().getLast().label());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aStepAllocatesNothingAndWaitsForNothing(boolean graphs) {
    Assumptions.assumeFalse(StandInBackend.GPU, "the stand-in counts");
    for (int devices = 1; devices <= 2; devices++) {
      try (StandInBackend backend =
              StandInBackend.open(StandInBackend.options(Precision.FP32, devices, true, graphs));
          NetworkRig rig = new NetworkRig(backend, programs(devices))) {
        Batch second = rig.copyOfBatch();
        rig.trainSteps(4);
        StandIn.Counts before = StandIn.counts();
        Pending one = rig.executable.train(rig.batch(), NetworkRig.settings(4));
        Pending two = rig.executable.train(second, NetworkRig.settings(5));
        StandIn.Counts after = StandIn.counts();
        assertEquals(before.allocations(), after.allocations());
        assertEquals(before.hostSyncs(), after.hostSyncs());
        assertTrue(Double.isFinite(one.await().lossSum() + two.await().lossSum()));
      }
    }
  }
}
