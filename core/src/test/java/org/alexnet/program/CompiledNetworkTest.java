package org.alexnet.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.alexnet.model.Models;
import org.alexnet.network.Dropout;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.network.LocalResponseNorm.Convention;
import org.alexnet.network.LocalResponseNorm.Region;
import org.alexnet.network.Network;
import org.alexnet.network.Pooling;
import org.alexnet.network.Relu;
import org.alexnet.network.Rounding;
import org.alexnet.network.Tanh;
import org.alexnet.network.Window;
import org.alexnet.program.StepProgram.Phase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Layers become operations, with the shapes that follow; what does not fit is named. */
class CompiledNetworkTest {
  private static final Network SMALL =
      Programs.network(
          Programs.conv("conv1", 4, 2, 1), new Relu("relu1"), Programs.fc("fc2", 3, 1));

  private static void refused(String words, Executable compile) {
    assertEquals(words, assertThrows(IllegalArgumentException.class, compile).getMessage());
  }

  private static Pooling pool(Pooling.Kind kind, Rounding rounding) {
    return new Pooling("pool1", kind, new Window(3, 2, 0), rounding);
  }

  private static LocalResponseNorm norm(Region region, int groups) {
    return new LocalResponseNorm("norm1", region, 3, 1, 1, 1, Convention.SUM, groups);
  }

  @Test
  void theEvaluationProgram() {
    assertEquals(
        List.of(
            "LoadInput: input.mean -> data, labels",
            "Convolution: data, conv1.weight, conv1.bias -> conv1",
            "Relu: conv1 -> relu1",
            "FullyConnected: relu1, fc2.weight, fc2.bias -> logits",
            "SoftmaxCrossEntropy: logits, labels -> probabilities, loss, finite"),
        Programs.lines(CompiledNetwork.of(SMALL, 5).evaluate()));
  }

  @Test
  void shapesFollowFromTheInput() {
    StepProgram program = CompiledNetwork.of(SMALL, 5).train();
    assertEquals(new Shape(1, 2, 6, 6), program.tensor("input.mean").shape());
    assertEquals(new Shape(5, 2, 6, 6), program.tensor("data").shape());
    assertEquals(new Shape(5, 1, 1, 1), program.tensor("labels").shape());
    assertEquals(new Shape(4, 1, 3, 3), program.tensor("conv1.weight").shape());
    assertEquals(new Shape(1, 4, 1, 1), program.tensor("conv1.bias").shape());
    assertEquals(new Shape(5, 4, 6, 6), program.tensor("conv1").shape());
    assertEquals(new Shape(3, 144, 1, 1), program.tensor("fc2.weight").shape());
    assertEquals(new Shape(5, 3, 1, 1), program.tensor("logits").shape());
    assertEquals(new Shape(5, 1, 1, 1), program.tensor("loss").shape());
    assertEquals(new Shape(1, 1, 1, 1), program.tensor("finite").shape());
  }

  @Test
  void poolsOfBothKindsAndRoundings() {
    for (Rounding rounding : Rounding.values()) {
      int edge = rounding == Rounding.FLOOR ? 2 : 3;
      for (Pooling.Kind kind : Pooling.Kind.values()) {
        Network network = Programs.network(pool(kind, rounding), Programs.fc("fc2", 3, 1));
        StepProgram program = CompiledNetwork.of(network, 1).evaluate();
        assertEquals(new Shape(1, 2, edge, edge), program.tensor("pool1").shape());
        String line = Programs.lines(program).get(1);
        assertEquals(
            kind == Pooling.Kind.MAX
                ? "MaxPool: data -> pool1, pool1.argmax"
                : "AveragePool: data -> pool1",
            line);
      }
    }
  }

  @Test
  void dropoutScalesInOneOfTheTwoPhases() {
    for (Dropout.Scaling scaling : Dropout.Scaling.values()) {
      Network network =
          Programs.network(new Dropout("drop1", 0.25f, scaling), Programs.fc("fc2", 3, 1));
      CompiledNetwork programs = CompiledNetwork.of(network, 1);
      Op.Dropout train = (Op.Dropout) programs.train().ops().get(1);
      assertEquals(0.25f, train.rate());
      if (scaling == Dropout.Scaling.TRAINING) {
        assertEquals(1 / 0.75f, train.scale());
        assertEquals(
            "FullyConnected: data, fc2.weight, fc2.bias -> logits",
            Programs.line(programs.evaluate().ops().get(1)));
      } else {
        assertEquals(1, train.scale());
        assertEquals(0.75f, ((Op.Scale) programs.evaluate().ops().get(1)).factor());
      }
    }
  }

  @Test
  void aProgramForInferenceAloneHasNothingToTrain() {
    CompiledNetwork whole = CompiledNetwork.of(SMALL, 5);
    CompiledNetwork alone = CompiledNetwork.forInference(SMALL, 5, Placement.WHOLE);
    assertTrue(whole.trains());
    assertFalse(alone.trains());
    assertEquals(whole.evaluate(), alone.evaluate());
    assertEquals(whole.parameters(), alone.parameters());
    assertEquals(
        Set.of("input.mean", "conv1.weight", "conv1.bias", "fc2.weight", "fc2.bias"),
        alone.persistent().keySet());
    assertTrue(whole.persistent().containsKey("fc2.bias.momentum"));
    assertEquals(alone.evaluate(), alone.widest());
    assertEquals(whole.train(), whole.widest());
    assertEquals(7, alone.withBatch(7).evaluate().tensor("data").shape().n());
    assertFalse(alone.withBatch(7).trains());
    assertEquals(CompiledNetwork.of(SMALL, 7), whole.withBatch(7));
    String words = assertThrows(IllegalStateException.class, alone::requireTraining).getMessage();
    assertEquals("net was compiled for inference only and cannot be trained", words);
  }

  @Test
  void scoresAreObservedAndWhateverElseIsAskedFor() {
    Set<String> scores = Set.of("logits", "probabilities", "loss");
    CompiledNetwork plain = CompiledNetwork.of(SMALL, 1);
    assertEquals(scores, plain.evaluate().observed());
    Set<String> trained = new HashSet<>(scores);
    for (String name : List.of("conv1.weight", "conv1.bias", "fc2.weight", "fc2.bias")) {
      trained.add(name + ".grad.squares");
    }
    assertEquals(trained, plain.train().observed());
    StepProgram more = CompiledNetwork.of(SMALL, 1, "conv1").evaluate();
    assertTrue(more.observes(more.tensor("conv1")));
    assertFalse(more.observes(more.tensor("relu1")));
    CompiledNetwork all = CompiledNetwork.observingAll(SMALL, 1);
    for (Phase phase : Phase.values()) {
      StepProgram program = all.program(phase);
      assertEquals(
          List.of(), program.tensors().stream().filter(t -> !program.observes(t)).toList());
    }
  }

  @Test
  void trainingCarriesWindowsAndInferencePerhapsWholeImages() {
    Network network = Models.named("alexnet-2012").network();
    assertEquals(5 * 3 * 227 * 227, CompiledNetwork.of(network, 5).carriedBytes());
    assertEquals(
        5 * 3 * 256 * 256,
        CompiledNetwork.forInference(network, 5, Placement.WHOLE).carriedBytes());
  }

  @Test
  void batchesAreOfAtLeastAnImage() {
    refused("batch is 0, must be at least 1", () -> CompiledNetwork.of(SMALL, 0));
  }

  @Test
  void tensorsThatAreNotThere() {
    StepProgram program = CompiledNetwork.of(SMALL, 1).evaluate();
    refused("no tensor is called conv9", () -> program.tensor("conv9"));
  }

  @Test
  void groupsThatDoNotFitTheChannels() {
    Network network = Programs.network(Programs.conv("conv1", 3, 3, 1), Programs.fc("fc2", 3, 1));
    refused(
        "layer conv1: groups is 3, must be a divisor of the 2 channels of its input",
        () -> CompiledNetwork.of(network, 1));
    for (Region region : Region.values()) {
      Network normed = Programs.network(norm(region, 3), Programs.fc("fc2", 3, 1));
      refused(
          "layer norm1: groups is 3, must be a divisor of the 2 channels of its input",
          () -> CompiledNetwork.of(normed, 1));
    }
  }

  @Test
  void windowsThatDoNotFitTheImage() {
    Pooling large = new Pooling("pool2", Pooling.Kind.MAX, new Window(3, 1, 0), Rounding.FLOOR);
    Network network =
        Programs.network(pool(Pooling.Kind.MAX, Rounding.FLOOR), large, Programs.fc("fc2", 3, 1));
    refused(
        "layer pool2: its window does not fit in an input of 1x2x2x2",
        () -> CompiledNetwork.of(network, 1));
    Pooling wide = new Pooling("pool1", Pooling.Kind.MAX, new Window(7, 2, 0), Rounding.FLOOR);
    Network wider = Programs.network(wide, Programs.fc("fc2", 3, 1));
    refused(
        "layer pool1: its window does not fit in an input of 1x2x6x6",
        () -> CompiledNetwork.of(wider, 1));
  }

  /** Everything that learns is declared once, in the order of the layers. */
  @Test
  void parametersAreThoseThatLayersDeclare() {
    Network network =
        Programs.network(
            Programs.conv("conv1", 4, 1, 2),
            new Tanh("tanh1"),
            Programs.conv("conv2", 4, 2, 2),
            Programs.fc("fc3", 6, 2),
            Programs.fc("fc4", 3, 1));
    List<String> names =
        CompiledNetwork.of(network, 1).parameters().stream().map(Tensor::name).toList();
    assertEquals(
        List.of("conv1", "conv2", "fc3", "fc4").stream()
            .flatMap(layer -> List.of(layer + ".weight", layer + ".bias").stream())
            .collect(Collectors.toList()),
        names);
    Placement two = Placement.of(network, List.of("cpu:0", "cpu:1"), false);
    assertEquals(
        CompiledNetwork.of(network, 1).parameters(),
        CompiledNetwork.of(network, 1, two, List.of()).parameters());
  }
}
