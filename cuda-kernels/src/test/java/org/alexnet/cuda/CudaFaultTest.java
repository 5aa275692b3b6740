package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.backend.Backend;
import org.alexnet.backend.Executable;
import org.alexnet.backend.NetworkRig;
import org.alexnet.backend.Precision;
import org.alexnet.backend.TestNetworks;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.backend.plan.MemoryPlanner;
import org.alexnet.cuda.device.Contexts;
import org.alexnet.cuda.device.Resource;
import org.alexnet.data.Batch;
import org.alexnet.model.Models;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Placement;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Every fault that the stand-in can be told to have: one sentence, and nothing left behind. */
@Tag(StandInCount.STAND_IN)
class CudaFaultTest {
  private static final long MEMORY = 4L << 30;

  @AfterEach
  void heal() {
    StandIn.reset();
    StandIn.heal();
    StandIn.memory(0, MEMORY);
  }

  private static void assertSentence(AlexNetException e) {
    assertTrue(e.getMessage().endsWith("."), e.getMessage());
    assertTrue(!e.getMessage().contains("\n"), e.getMessage());
  }

  @Test
  void tooLargeABatchIsToldTheOneThatFits() {
    StandInBackend.deterministic(Precision.FP32, 1).close(); // the libraries are loaded
    long before = Resource.live();
    try (StandInBackend backend = StandInBackend.deterministic(Precision.FP32, 1)) {
      StandIn.memory(0, 60L << 20);
      CompiledNetwork programs = CompiledNetwork.of(Models.named("alexnet-32").network(), 256);
      AlexNetException e = assertThrows(AlexNetException.class, () -> backend.compile(programs));
      assertSentence(e);
      String[] words = e.getMessage().split("batch\\(");
      assertEquals(2, words.length, e.getMessage());
      int fits = Integer.parseInt(words[1].replaceAll("\\D.*", ""));
      assertTrue(fits > 16 && fits < 256, e.getMessage());
      CompiledNetwork smaller = CompiledNetwork.of(Models.named("alexnet-32").network(), fits);
      try (NetworkRig rig = new NetworkRig(backend, smaller)) {
        rig.trainSteps(1);
      }
    }
    assertEquals(before, Resource.live());
  }

  /** Convolutions do with less scratch memory, perhaps slower, where the network needs the rest. */
  @Test
  void scratchMemoryGivesWayToTheNetwork() {
    StandInBackend.deterministic(Precision.BF16, 1).close();
    long scratch = 8L << 20;
    CompiledNetwork programs = CompiledNetwork.of(Models.named("alexnet-32").network(), 128);
    try (StandInBackend backend = StandInBackend.deterministic(Precision.BF16, 1)) {
      long alone = MemoryPlanner.plan(backend.lower(programs)).devices().getFirst().totalBytes();
      long needed = alone + CudaExecutable.SLOTS * programs.carriedBytes() + CudaExecutable.SPARE;
      long taken = MEMORY - backend.backend().device(0).freeBytes();
      assertTrue((needed + scratch / 2) / 4 > scratch, "the network is too small for this test");
      for (boolean much : new boolean[] {true, false}) {
        StandIn.workspace(scratch);
        try (StandInBackend other = StandInBackend.deterministic(Precision.BF16, 1)) {
          StandIn.memory(0, 2 * taken + needed + (much ? 2 * scratch : scratch / 2));
          Lowered lowered = other.lower(programs);
          String choice = choice(lowered, "conv2 backward filter");
          assertEquals(much, choice.contains("tensor cores, workspace 8,"), choice);
          other.bind(lowered, MemoryPlanner.plan(lowered)).close();
        }
      }
    }
  }

  private static String choice(Lowered lowered, String label) {
    return lowered.train().stream()
        .filter(kernel -> kernel.label().equals(label))
        .findFirst()
        .orElseThrow()
        .choice();
  }

  @Test
  void anyAllocationMayFail() {
    StandInBackend.deterministic(Precision.FP32, 1).close();
    int failed = 0;
    boolean done = false;
    for (int n = 1; !done; n++) {
      int before = Resource.live();
      StandIn.failAllocation(n);
      long allocations = StandIn.counts().allocations();
      try {
        // Trying out algorithms does without where there is no room.
        step(StandInBackend.open(StandInBackend.options(Precision.FP32, 1, false, true)));
        done = StandIn.counts().allocations() - allocations < n;
      } catch (AlexNetException e) {
        assertSentence(e);
        failed++;
      }
      assertEquals(before, Resource.live(), "after allocation " + n + " failed");
      assertEquals(List.of(), StandIn.left(Contexts.held()));
      StandIn.reset();
      assertTrue(n < 200);
    }
    assertTrue(failed >= 5, failed + " allocations could fail");
  }

  private static void step(Backend open) {
    try (Backend backend = open;
        NetworkRig rig = new NetworkRig(backend, CompiledNetwork.of(TestNetworks.columns(), 2))) {
      rig.trainSteps(2);
    }
  }

  /** After a fault nothing works any more; what was allocated is given back all the same. */
  @Test
  void aFaultInAKernelNamesTheOperation() {
    StandInBackend.deterministic(Precision.FP32, 1).close();
    int before = Resource.live();
    for (boolean graphs : new boolean[] {false, true}) {
      for (int n : new int[] {1, 5, 20}) {
        CudaBackend backend =
            StandInBackend.open(StandInBackend.options(Precision.FP32, 1, true, graphs)).backend();
        CompiledNetwork programs = CompiledNetwork.of(TestNetworks.columns(), 2);
        List<? extends org.alexnet.backend.plan.Kernel> kernels = backend.lower(programs).train();
        NetworkRig rig = new NetworkRig(backend, programs);
        rig.trainSteps(2);
        StandIn.failLaunch(n);
        AlexNetException e = assertThrows(AlexNetException.class, () -> rig.trainSteps(1));
        assertSentence(e);
        assertTrue(e.getMessage().contains("In step 1, "), e.getMessage());
        assertTrue(
            kernels.stream().anyMatch(k -> e.getMessage().contains(" was " + k.label() + ", ")),
            e.getMessage());
        rig.close();
        backend.close();
        assertEquals(before, Resource.live());
        StandIn.reset();
        StandIn.heal();
      }
    }
  }

  @Test
  void aLostDeviceIsNamed() {
    CudaBackend backend = StandInBackend.deterministic(Precision.FP32, 2).backend();
    CompiledNetwork programs =
        CompiledNetwork.of(TestNetworks.columns(), 2, new Placement(List.of(0, 1)), List.of());
    NetworkRig rig = new NetworkRig(backend, programs);
    rig.trainSteps(1);
    StandIn.loseDevice(1, 10);
    AlexNetException e = assertThrows(AlexNetException.class, () -> rig.trainSteps(3));
    assertSentence(e);
    assertTrue(e.getMessage().contains("cuda:1"), e.getMessage());
    rig.close();
    backend.close();
  }

  /** Only a new process has a context that works again. */
  @Test
  void aLostDeviceStaysLost() {
    StandInBackend.deterministic(Precision.FP32, 1).close();
    int before = Resource.live();
    CudaBackend backend = StandInBackend.deterministic(Precision.FP32, 1).backend();
    NetworkRig rig = new NetworkRig(backend, CompiledNetwork.of(TestNetworks.odd(), 2));
    StandIn.loseDevice(0, 1);
    assertThrows(AlexNetException.class, () -> rig.trainSteps(1));
    rig.close();
    backend.close();
    AlexNetException e =
        assertThrows(AlexNetException.class, () -> StandInBackend.deterministic(Precision.FP32, 1));
    assertSentence(e);
    assertTrue(e.getMessage().contains("could not open a context on cuda:0"), e.getMessage());
    assertEquals(before, Resource.live());
    StandIn.heal();
    StandInBackend.deterministic(Precision.FP32, 1).close();
  }

  @Test
  void aBatchOfAnotherExecutableIsRefused() {
    try (StandInBackend backend = StandInBackend.deterministic(Precision.FP32, 1);
        Executable executable = backend.compile(CompiledNetwork.of(TestNetworks.odd(), 2))) {
      Batch foreign = Batch.onHeap(new Batch.Format(1, 14, 14, false), 2);
      assertThrows(
          IllegalArgumentException.class, () -> executable.train(foreign, NetworkRig.settings(0)));
    }
  }
}
