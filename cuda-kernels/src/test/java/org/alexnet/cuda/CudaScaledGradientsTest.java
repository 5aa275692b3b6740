package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.alexnet.backend.NetworkRig;
import org.alexnet.backend.Precision;
import org.alexnet.backend.StepResult;
import org.alexnet.backend.TestNetworks;
import org.alexnet.network.Convolution;
import org.alexnet.network.Convolution.Biases;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.Initial;
import org.alexnet.network.Input;
import org.alexnet.network.Network;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Relu;
import org.alexnet.network.Rounding;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.network.Window;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Parallelism;
import org.alexnet.program.Placement;
import org.alexnet.program.Tensor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** In half precision all devices learn from a step, or none. */
@Tag(StandInCount.STAND_IN)
class CudaScaledGradientsTest {
  private static final int BATCH = 5;
  private static final int STEPS = 3;

  /** Far too large for the gradient of what it is multiplied by, not for scores. */
  private static final float LARGE = 2e4f;

  static Stream<Arguments> cuts() {
    return Stream.of(
        Arguments.of(TestNetworks.columns(), Parallelism.COLUMNS, List.of(0, 1)),
        Arguments.of(TestNetworks.fourColumns(), Parallelism.COLUMNS, List.of(0, 1, 1, 2)),
        Arguments.of(TestNetworks.odd(), Parallelism.DATA, List.of(0, 1)),
        Arguments.of(TestNetworks.columns(), Parallelism.HYBRID, List.of(0, 1, 1)));
  }

  @ParameterizedTest
  @MethodSource("cuts")
  void oneDeviceAndSeveralHaveEqualBits(Network network, Parallelism way, List<Integer> devices) {
    List<Integer> one = devices.stream().map(any -> 0).toList();
    Map<String, float[]> expected = learned(network, new Placement(one, way));
    assertEquals(
        "", NetworkRig.difference(expected, learned(network, new Placement(devices, way))));
  }

  private static Map<String, float[]> learned(Network network, Placement placement) {
    CompiledNetwork programs = CompiledNetwork.of(network, BATCH, placement, List.of());
    try (StandInBackend backend =
            StandInBackend.deterministic(Precision.FP16, placement.deviceCount());
        NetworkRig rig = new NetworkRig(backend, programs)) {
      Map<String, float[]> all = new LinkedHashMap<>(rig.learned());
      rig.trainSteps(STEPS);
      assertNotEquals("", NetworkRig.difference(all, rig.learned()), "nothing was learned");
      all.putAll(rig.learned());
      all.putAll(rig.evaluate());
      return all;
    }
  }

  /** A convolution in two columns, and a layer that reads both on the first device. */
  private static Network joined() {
    ParameterSpec weight = ParameterSpec.of(new Initial.FanIn(2));
    ParameterSpec bias = new ParameterSpec(new Initial.Constant(0), 2, 0);
    return Network.chain(
        "joined",
        new Input(3, 9, 9, 1 / 128f),
        List.of(
            new Convolution(
                "conv1",
                16,
                new Window(3, 2, 0),
                Rounding.FLOOR,
                1,
                2,
                Biases.SHARED,
                weight,
                bias),
            new Relu("relu1"),
            new FullyConnected("fc2", 4, 1, weight, bias),
            new SoftmaxCrossEntropy("softmax")));
  }

  /** The gradient of one column's filters is too large, and everything else is as it should be. */
  @Test
  void whatIsTooLargeOnOneDeviceKeepsAllFromLearning() {
    for (List<Integer> devices : List.of(List.of(0, 0), List.of(0, 1))) {
      for (int large = 0; large < 2; large++) {
        learnsNothing(new Placement(devices), large);
      }
    }
  }

  private static void learnsNothing(Placement placement, int large) {
    CompiledNetwork programs = CompiledNetwork.of(joined(), BATCH, placement, List.of());
    Tensor weight = programs.persistent().get("fc2.weight");
    try (StandInBackend backend =
            StandInBackend.deterministic(Precision.FP16, placement.deviceCount());
        NetworkRig rig = new NetworkRig(backend, programs)) {
      float[] usual = rig.executable.read(weight);
      float[] values = usual.clone();
      int inputs = values.length / 4;
      for (int i = 0; i < values.length; i++) {
        boolean ofColumn = i % inputs / (inputs / 2) == large;
        values[i] = ofColumn ? (i / inputs % 2 == 0 ? LARGE : -LARGE) : values[i];
      }
      rig.executable.write(weight, values);
      Map<String, float[]> before = rig.learned();
      StepResult step = rig.executable.train(rig.batch(), NetworkRig.settings(0)).await();
      assertTrue(Double.isFinite(step.lossSum()), "a loss of " + step.lossSum());
      assertEquals("", NetworkRig.difference(before, rig.learned()), "column " + large);
      rig.executable.write(weight, usual);
      before = rig.learned();
      rig.executable.train(rig.batch(), NetworkRig.settings(1)).await();
      assertNotEquals("", NetworkRig.difference(before, rig.learned()), "nothing was learned");
    }
  }
}
