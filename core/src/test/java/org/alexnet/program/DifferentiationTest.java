package org.alexnet.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.alexnet.backend.TestNetworks;
import org.alexnet.network.Dropout;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.network.LocalResponseNorm.Convention;
import org.alexnet.network.LocalResponseNorm.Region;
import org.alexnet.network.LocallyConnected;
import org.alexnet.network.Network;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Pooling;
import org.alexnet.network.Relu;
import org.alexnet.network.Rounding;
import org.alexnet.network.Tanh;
import org.alexnet.network.Window;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The adjoint of each operation in reverse, and an update for each parameter. */
class DifferentiationTest {

  /** The backward operations of a network, and its updates. */
  private static List<String> backward(Network network) {
    CompiledNetwork programs = CompiledNetwork.of(network, 2);
    List<String> all = Programs.lines(programs.train());
    List<String> backward = all.subList(programs.evaluate().ops().size(), all.size());
    assertTrue(backward.getFirst().startsWith("SoftmaxCrossEntropyBackward"), backward.toString());
    return backward;
  }

  @Test
  void adjointsComeInReverse() {
    Network network =
        Programs.network(
            Programs.conv("conv1", 4, 1, 1),
            new Relu("relu1"),
            new Pooling("pool1", Pooling.Kind.MAX, new Window(2, 2, 0), Rounding.FLOOR),
            new LocalResponseNorm("norm1", Region.ACROSS_MAPS, 3, 1, 1, 1, Convention.SUM, 1),
            Programs.conv("conv2", 2, 1, 1),
            new Tanh("tanh2"),
            new Pooling("pool2", Pooling.Kind.AVERAGE, new Window(3, 1, 0), Rounding.FLOOR),
            Programs.fc("fc3", 3, 1));
    assertEquals(
        List.of(
            "SoftmaxCrossEntropyBackward: probabilities, labels -> logits.grad",
            "FullyConnectedBackwardData: logits.grad, fc3.weight -> pool2.grad",
            "FullyConnectedBackwardWeights: pool2, logits.grad -> fc3.weight.grad, fc3.bias.grad",
            "AveragePoolBackward: pool2.grad -> tanh2.grad",
            "TanhBackward: tanh2.grad, tanh2 -> conv2.grad",
            "ConvolutionBackwardWeights: norm1, conv2.grad -> conv2.weight.grad, conv2.bias.grad",
            "ConvolutionBackwardData: conv2.grad, conv2.weight -> norm1.grad",
            "LocalResponseNormBackward: norm1.grad, pool1, norm1.scale -> pool1.grad",
            "MaxPoolBackward: pool1.grad, pool1.argmax -> relu1.grad",
            "ReluBackward: relu1.grad, relu1 -> conv1.grad",
            "ConvolutionBackwardWeights: data, conv1.grad -> conv1.weight.grad, conv1.bias.grad"),
        backward(network).subList(0, 11));
  }

  /** A sum hands its gradient on as it is. */
  @Test
  void biasesOfPositionsCopyNothing() {
    Window window = new Window(3, 1, 1);
    ParameterSpec spec = Programs.BIAS;
    Network network =
        Programs.network(
            new LocallyConnected("local1", 4, window, Rounding.FLOOR, 1, 1, spec, spec),
            new LocallyConnected("local2", 2, window, Rounding.FLOOR, 1, 1, spec, spec),
            Programs.fc("fc3", 3, 1));
    assertEquals(
        List.of(
            "FullyConnectedBackwardData: logits.grad, fc3.weight -> local2.grad",
            "FullyConnectedBackwardWeights: local2, logits.grad -> fc3.weight.grad, fc3.bias.grad",
            "PositionBiasBackward: local2.grad -> local2.bias.grad",
            "LocallyConnectedBackwardWeights: local1, local2.grad -> local2.weight.grad",
            "LocallyConnectedBackwardData: local2.grad, local2.weight -> local1.grad",
            "PositionBiasBackward: local1.grad -> local1.bias.grad",
            "LocallyConnectedBackwardWeights: data, local1.grad -> local1.weight.grad"),
        backward(network).subList(1, 8));
  }

  @Test
  void parametersAreUpdatedLast() {
    Network network = Programs.network(Programs.fc("fc1", 4, 1), Programs.fc("fc2", 3, 1));
    List<String> backward = backward(network);
    List<String> updates = backward.subList(backward.size() - 4, backward.size());
    for (String name : List.of("fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias")) {
      String line =
          "Update: N, N.momentum, N.grad, finite -> N, N.momentum, N.grad.squares"
              .replace("N", name);
      assertTrue(updates.contains(line), updates.toString());
    }
    for (Op op : CompiledNetwork.of(network, 1).train().ops()) {
      if (op instanceof Op.Update update) {
        boolean bias = update.w().name().endsWith(".bias");
        assertEquals(bias ? Programs.BIAS.rate() : 1, update.how().rate());
        assertEquals(bias ? Programs.BIAS.decay() : 1, update.how().decay());
      }
    }
  }

  /** Nothing learned lies before these layers, so that nobody needs their gradients. */
  @Test
  void whatDependsOnNoParameterHasNoGradient() {
    Network network =
        Programs.network(
            new Pooling("pool1", Pooling.Kind.MAX, new Window(2, 2, 0), Rounding.FLOOR),
            new Relu("relu1"),
            new Tanh("tanh1"),
            new Pooling("pool2", Pooling.Kind.AVERAGE, new Window(2, 1, 0), Rounding.FLOOR),
            new Dropout("drop1", 0.5f, Dropout.Scaling.TRAINING),
            new LocalResponseNorm("norm1", Region.WITHIN_MAP, 3, 1, 1, 1, Convention.SUM, 1),
            Programs.fc("fc2", 3, 1));
    StepProgram train = CompiledNetwork.of(network, 1).train();
    List<String> gradients =
        train.tensors().stream().filter(Tensor::isGradient).map(Tensor::name).toList();
    assertEquals(List.of("logits.grad", "fc2.weight.grad", "fc2.bias.grad"), gradients);
  }

  /** The gradient of what was dropped is dropped by the same random numbers. */
  @Test
  void dropoutIsItsOwnAdjoint() {
    Network network =
        Programs.network(
            Programs.conv("conv1", 2, 1, 1),
            new Dropout("drop1", 0.25f, Dropout.Scaling.TRAINING),
            Programs.fc("fc2", 3, 1));
    List<Op.Dropout> both =
        CompiledNetwork.of(network, 1).train().ops().stream()
            .filter(Op.Dropout.class::isInstance)
            .map(Op.Dropout.class::cast)
            .toList();
    assertEquals("Dropout: conv1 -> drop1", Programs.line(both.getFirst()));
    assertEquals("Dropout: drop1.grad -> conv1.grad", Programs.line(both.getLast()));
    assertEquals(both.getFirst().rate(), both.getLast().rate());
    assertEquals(both.getFirst().scale(), both.getLast().scale());
    assertEquals(both.getFirst().element(1), both.getLast().element(1));
  }

  static List<Network> networks() {
    return TestNetworks.small();
  }

  /** Whole or cut, an operation reads only what an earlier one wrote or what is kept. */
  @ParameterizedTest
  @MethodSource("networks")
  void everythingIsWrittenOnceBeforeItIsRead(Network network) {
    for (boolean deterministic : new boolean[] {false, true}) {
      Placement placement = Placement.of(network, List.of(), deterministic);
      CompiledNetwork programs = CompiledNetwork.of(network, 3, placement, List.of());
      for (StepProgram program : List.of(programs.train(), programs.evaluate())) {
        Set<Tensor> written = new HashSet<>();
        for (Op op : program.ops()) {
          for (Tensor tensor : op.reads()) {
            assertTrue(tensor.role().persistent() || written.contains(tensor), op.toString());
          }
          for (Tensor tensor : op.writes()) {
            assertTrue(tensor.role().persistent() || written.add(tensor), op.toString());
          }
        }
      }
    }
  }
}
