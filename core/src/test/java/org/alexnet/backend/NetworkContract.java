package org.alexnet.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * What every backend but the reference must compute, whole networks at a time: the reference's
 * numbers, fused and unfused, and the same bits with any number of threads. A backend's tests
 * extend this.
 */
public abstract class NetworkContract extends StepContract {
  private static final int STEPS = 5;

  /**
   * Numbers of threads to compare with one; 1 again if the backend computes with none of its own,
   * or none where computing is slow: then steps are not repeated.
   */
  protected List<Integer> threads() {
    return List.of(2, 5);
  }

  /** Sizes of batches that must not depend on threads and fusion. */
  protected List<Integer> batches() {
    return List.of(1, 7, 32);
  }

  // What the reference computes, in the first step and after the last.

  private record Expected(Map<String, float[]> first, Map<String, float[]> last) {}

  private static final Map<String, Expected> REFERENCE = new ConcurrentHashMap<>();

  private static int images(Network network) {
    return network.name().equals("alexnet-32") ? 3 : 5;
  }

  private static Expected reference(Network network) {
    return REFERENCE.computeIfAbsent(
        network.name(),
        name -> {
          try (Backend backend = Backends.named("reference").open(BackendOptions.defaults());
              NetworkRig rig =
                  new NetworkRig(backend, CompiledNetwork.observingAll(network, images(network)))) {
            return run(rig);
          }
        });
  }

  private static Expected run(NetworkRig rig) {
    rig.trainSteps(1);
    Map<String, float[]> first = rig.observed();
    for (int step = 1; step < STEPS; step++) {
      rig.fill(step, rig.programs.batch());
      rig.train(step);
    }
    Map<String, float[]> last = rig.learned();
    last.putAll(rig.evaluate());
    return new Expected(first, last);
  }

  @TestFactory
  Stream<DynamicTest> unfusedComputesWhatTheReferenceDoes() {
    if (threads().isEmpty()) {
      return Stream.empty(); // it has the bits of the fused one, which is held to the reference
    }
    return each(all(), network -> compare(CompiledNetwork.observingAll(network, images(network))));
  }

  @TestFactory
  Stream<DynamicTest> fusedComputesWhatTheReferenceDoes() {
    return each(all(), network -> compare(CompiledNetwork.of(network, images(network))));
  }

  private void compare(CompiledNetwork programs) {
    Expected expected = reference(programs.network());
    double bound = bound(programs);
    try (Backend backend = open(2);
        NetworkRig rig = new NetworkRig(backend, programs)) {
      Expected got = run(rig);
      assertTrue(
          got.first.keySet().containsAll(List.of(CompiledNetwork.LOGITS, CompiledNetwork.LOSS)));
      assertClose(expected.first, got.first, bound);
      assertClose(expected.last, got.last, STEPS * bound);
    }
  }

  // Bits.

  private Map<String, float[]> learned(CompiledNetwork programs, int threads, int steps) {
    try (Backend backend = open(threads);
        NetworkRig rig = new NetworkRig(backend, programs)) {
      rig.trainSteps(steps);
      Map<String, float[]> all = rig.learned();
      all.putAll(rig.evaluate());
      return all;
    }
  }

  private void assertEqualBits(Network network, int batch, int steps) {
    String what = "batch %d, ".formatted(batch);
    CompiledNetwork fused = CompiledNetwork.of(network, batch);
    Map<String, float[]> one = learned(fused, 1, steps);
    for (int threads : threads()) {
      assertEquals(
          "",
          NetworkRig.difference(one, learned(fused, threads, steps)),
          what + threads + " threads");
    }
    CompiledNetwork unfused = CompiledNetwork.observingAll(network, batch);
    Map<String, float[]> observed = learned(unfused, 2, steps);
    assertEquals("", NetworkRig.difference(one, observed), what + "unfused");
    if (!threads().isEmpty()) {
      Map<String, float[]> again = learned(unfused, 5, steps);
      assertEquals("", NetworkRig.difference(observed, again), what + "unfused, 5 threads");
    }
  }

  @TestFactory
  Stream<DynamicTest> threadsAndFusionDoNotChangeBits() {
    return each(
        all(),
        network -> {
          if (network.name().equals("alexnet-32")) {
            assertEqualBits(network, 3, 2);
          } else {
            for (int batch : batches()) {
              assertEqualBits(network, batch, batch < 32 ? 3 : 1);
            }
          }
        });
  }
}
