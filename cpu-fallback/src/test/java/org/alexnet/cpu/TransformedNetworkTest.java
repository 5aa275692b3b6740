package org.alexnet.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.alexnet.backend.Backend;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.Backends;
import org.alexnet.backend.ConvolutionMethod;
import org.alexnet.backend.NetworkRig;
import org.alexnet.backend.plan.Kernel;
import org.alexnet.model.Models;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.program.Tensor;
import org.junit.jupiter.api.Test;

/** Whole networks whose convolutions are transformed: every number, for every count of threads. */
class TransformedNetworkTest {
  private static final int BATCH = 24;
  private static final int STEPS = 3;

  /** The small network; of the large ones, the contract suites hold each operation. */
  private static final Network NETWORK = Models.named("alexnet-32").network();

  private static Backend open(int threads) {
    return open(threads, ConvolutionMethod.AUTO);
  }

  private static Backend open(int threads, ConvolutionMethod method) {
    return Backends.named("cpu").open(new BackendOptions(threads, List.of()).with(method));
  }

  private static Map<String, float[]> learned(int threads) {
    try (Backend backend = open(threads);
        NetworkRig rig = new NetworkRig(backend, CompiledNetwork.of(NETWORK, BATCH))) {
      rig.trainSteps(STEPS);
      Map<String, float[]> all = new TreeMap<>(rig.learned());
      rig.evaluate().forEach((name, values) -> all.put("evaluate " + name, values));
      return all;
    }
  }

  @Test
  void oneToEightThreadsLearnTheSame() {
    Map<String, float[]> alone = learned(1);
    assertTrue(alone.containsKey("conv2.weight"), alone.keySet().toString());
    for (int threads = 2; threads <= 8; threads++) {
      Map<String, float[]> many = learned(threads);
      assertEquals(alone.keySet(), many.keySet());
      for (Map.Entry<String, float[]> tensor : alone.entrySet()) {
        assertArrayEquals(
            tensor.getValue(), many.get(tensor.getKey()), tensor.getKey() + ", " + threads);
      }
    }
  }

  /** Evaluation keeps transformed filters, but never those of parameters as they were before. */
  @Test
  void evaluationSeesEveryChangeOfParameters() {
    try (Backend backend = open(2);
        NetworkRig rig = new NetworkRig(backend, CompiledNetwork.of(NETWORK, BATCH))) {
      assertEvaluatesAsAfresh(backend, rig);
      rig.trainSteps(1);
      assertEvaluatesAsAfresh(backend, rig);
      rig.fill(1, BATCH);
      rig.evaluate();
      Tensor filters = rig.programs.persistent().get("conv2.weight");
      float[] turned = rig.executable.read(filters);
      for (int i = 0; i < turned.length; i++) {
        turned[i] = -turned[i];
      }
      rig.executable.write(filters, turned);
      assertEvaluatesAsAfresh(backend, rig);
    }
  }

  /** Twice the same scores as of a network that has never seen other parameters. */
  private static void assertEvaluatesAsAfresh(Backend backend, NetworkRig rig) {
    try (NetworkRig fresh = new NetworkRig(backend, CompiledNetwork.of(NETWORK, BATCH))) {
      for (Tensor parameter : rig.programs.parameters()) {
        fresh.executable.write(parameter, rig.executable.read(parameter));
      }
      rig.fill(0, BATCH);
      for (int round = 0; round < 2; round++) {
        Map<String, float[]> expected = fresh.evaluate();
        rig.evaluate()
            .forEach((name, values) -> assertArrayEquals(expected.get(name), values, name));
      }
    }
  }

  /** What this suite is about takes place: weight gradients are kernels of their own then. */
  @Test
  void theLayersBehindTheFirstAreTransformed() {
    assertEquals(
        List.of("conv3 weights backward, transformed", "conv2 weights backward, transformed"),
        transformed(ConvolutionMethod.AUTO));
    assertEquals(List.of(), transformed(ConvolutionMethod.DIRECT));
  }

  private static List<String> transformed(ConvolutionMethod method) {
    try (Backend backend = open(2, method)) {
      return backend.lower(CompiledNetwork.of(NETWORK, BATCH)).kernels(Phase.TRAIN).stream()
          .map(Kernel::label)
          .filter(label -> label.contains("transformed"))
          .toList();
    }
  }
}
