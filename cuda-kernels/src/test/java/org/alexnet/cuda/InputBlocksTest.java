package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alexnet.backend.NetworkRig;
import org.alexnet.backend.Precision;
import org.alexnet.backend.StepContract;
import org.alexnet.network.Convolution;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.Initial;
import org.alexnet.network.Input;
import org.alexnet.network.Layer;
import org.alexnet.network.Network;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Relu;
import org.alexnet.network.Rounding;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.network.Window;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;
import org.alexnet.program.Placement;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.program.Tensor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * An input in blocks of pixels beside the same one as it is, which it stays where it is observed:
 * the convolution's result, the gradients of its parameters, and what is learned from them.
 */
@Tag(StandInCount.STAND_IN)
class InputBlocksTest {
  private static final ParameterSpec SPEC = ParameterSpec.of(new Initial.FanIn(2));

  /**
   * The paper's first layer with padding; windows that overhang, over another number of channels.
   */
  static List<Network> networks() {
    return List.of(
        network(new Input(3, 35, 40, 1 / 128f), new Window(11, 4, 2), Rounding.FLOOR),
        network(new Input(4, 18, 20, 1 / 128f), new Window(5, 2, 0), Rounding.CEIL));
  }

  private static Network network(Input input, Window window, Rounding rounding) {
    List<Layer> layers = new ArrayList<>();
    layers.add(
        new Convolution(
            "conv1", 13, window, rounding, 1, 1, Convolution.Biases.SHARED, SPEC, SPEC));
    layers.add(new Relu("relu1"));
    layers.add(new FullyConnected("fc2", 5, 1, SPEC, SPEC));
    layers.add(new SoftmaxCrossEntropy("softmax"));
    return Network.chain("blocks", input, layers);
  }

  /** What the first convolution gives and gets, after a step and an evaluation. */
  private static Map<String, float[]> values(
      Network network, Precision precision, boolean whole, boolean floats) {
    List<String> observed = new ArrayList<>(List.of("relu1", "conv1.weight.grad"));
    if (whole) {
      observed.add(Network.DATA);
    }
    CompiledNetwork programs = CompiledNetwork.of(network, 3, Placement.WHOLE, observed);
    try (StandInBackend backend = StandInBackend.deterministic(precision, 1)) {
      for (Phase phase : Phase.values()) {
        long blocks =
            backend.lower(programs).kernels(phase).stream()
                .filter(kernel -> kernel.choice().contains("blocks of"))
                .count();
        assertEquals(whole ? 0 : phase == Phase.TRAIN ? 3 : 2, blocks);
      }
      try (NetworkRig rig = new NetworkRig(backend, programs, floats)) {
        rig.trainSteps(2);
        Map<String, float[]> all = new LinkedHashMap<>(rig.learned());
        for (Op op : programs.train().ops()) {
          for (Tensor tensor : op.writes()) {
            if (observed.contains(tensor.name()) && !tensor.name().equals(Network.DATA)) {
              all.put(tensor.name(), rig.executable.read(tensor));
            }
          }
        }
        all.putAll(rig.evaluate());
        return all;
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Precision.class,
      names = {"TF32", "BF16"})
  void blocksOfWindowsHaveTheBitsOfThoseOfWholeImages(Precision precision) {
    try (StandInBackend backend = StandInBackend.deterministic(precision, 1)) {
      for (Network network : networks()) {
        boolean floats = network.input().channels() == 4;
        StepContract.assertWindows(backend, CompiledNetwork.of(network, 3), floats);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Precision.class,
      names = {"TF32", "BF16"})
  void blocksGiveTheSame(Precision precision) {
    // Sums of other orders are rounded once, and a second step reads what the first has learned.
    double unit = precision == Precision.TF32 ? 0x1p-20 : 0x1p-6;
    for (Network network : networks()) {
      boolean floats = network.input().channels() == 4;
      Map<String, float[]> whole = values(network, precision, true, floats);
      Map<String, float[]> blocks = values(network, precision, false, floats);
      assertEquals(whole.keySet(), blocks.keySet());
      assertTrue(whole.containsKey("relu1") && whole.containsKey("conv1.weight.grad"));
      whole.forEach(
          (name, want) -> {
            float[] got = blocks.get(name);
            double largest = 0;
            for (float value : want) {
              largest = Math.max(largest, Math.abs(value));
            }
            for (int i = 0; i < want.length; i++) {
              assertTrue(
                  Math.abs(want[i] - got[i]) <= unit * largest,
                  "%s[%d] is %s, and %s without blocks".formatted(name, i, got[i], want[i]));
            }
          });
    }
  }
}
