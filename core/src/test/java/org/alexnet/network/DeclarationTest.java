package org.alexnet.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.alexnet.network.LocalResponseNorm.Convention;
import org.alexnet.network.LocalResponseNorm.Region;
import org.junit.jupiter.api.Test;

/** What layers declare, and networks made from others. */
class DeclarationTest {
  private static final ParameterSpec WEIGHT = ParameterSpec.of(new Initial.FanIn(2));
  private static final ParameterSpec BIAS = new ParameterSpec(new Initial.Constant(1), 2, 0);
  private static final Convolution CONV =
      new Convolution("conv1", 8, new Window(3, 1, 1), Rounding.FLOOR, 2, 2, WEIGHT, BIAS);
  private static final FullyConnected FC = new FullyConnected("fc2", 6, 1, WEIGHT, BIAS);

  private static final Network NETWORK =
      Network.chain(
          "net",
          new Input(4, 5, 6, 1 / 128f),
          List.of(
              CONV,
              new Relu("relu1"),
              new Dropout("drop1", 0.5f, Dropout.Scaling.TESTING),
              FC,
              new SoftmaxCrossEntropy("softmax")));

  @Test
  void aConvolutionLearnsFiltersAndBiases() {
    List<Parameter> learned = CONV.parameters(4, 5, 5);
    assertEquals(
        List.of(
            new Parameter("conv1", Parameter.Kind.WEIGHT, List.of(8, 2, 3, 3), 18, WEIGHT),
            new Parameter("conv1", Parameter.Kind.BIAS, List.of(8), 18, BIAS)),
        learned);
    assertEquals("conv1.weight", learned.getFirst().name());
    assertEquals("other.weight", learned.getFirst().nameIn("other"));
    assertEquals("conv1.bias", learned.getLast().name());
    assertEquals(144, learned.getFirst().elements());
  }

  @Test
  void biasesMayDifferByPosition() {
    Convolution conv =
        new Convolution(
            "conv1",
            8,
            new Window(3, 2, 1),
            Rounding.CEIL,
            2,
            2,
            Convolution.Biases.UNSHARED,
            WEIGHT,
            BIAS);
    assertEquals(
        List.of(
            new Parameter("conv1", Parameter.Kind.WEIGHT, List.of(8, 2, 3, 3), 18, WEIGHT),
            new Parameter("conv1", Parameter.Kind.BIAS, List.of(8, 4, 3), 18, BIAS)),
        conv.parameters(4, 6, 5));
    assertEquals(Convolution.Biases.UNSHARED, conv.withBias(WEIGHT).biases());
    assertEquals(Convolution.Biases.SHARED, CONV.biases());
  }

  @Test
  void aLocallyConnectedLayerLearnsFiltersAndBiasesOfEachPosition() {
    LocallyConnected local =
        new LocallyConnected("local1", 8, new Window(3, 2, 1), Rounding.CEIL, 2, 2, WEIGHT, BIAS);
    List<Parameter> learned = local.parameters(4, 6, 5);
    List<Integer> shape = List.of(4, 3, 8, 2, 3, 3);
    assertEquals(
        List.of(
            new Parameter("local1", Parameter.Kind.WEIGHT, shape, 18, WEIGHT),
            new Parameter("local1", Parameter.Kind.BIAS, List.of(8, 4, 3), 18, BIAS)),
        learned);
    assertEquals(8, learned.getFirst().shape().get(learned.getFirst().outputAxis()));
    assertEquals(8, learned.getLast().shape().get(learned.getLast().outputAxis()));
    LocallyConnected large =
        new LocallyConnected("local1", 8, new Window(1, 1, 0), Rounding.FLOOR, 1, 1, WEIGHT, BIAS);
    assertThrows(ArithmeticException.class, () -> large.parameters(1, 32_768, 32_768));
  }

  @Test
  void aPositionBiasHasTheShapeOfItsInput() {
    PositionBias sum = new PositionBias("bias1", BIAS);
    assertEquals(
        List.of(new Parameter("bias1", Parameter.Kind.BIAS, List.of(4, 6, 5), 1, BIAS)),
        sum.parameters(4, 6, 5));
    assertEquals(1, sum.columns());
  }

  /** Whatever their layer. */
  @Test
  void biasesOfAllKindsAreBounded() {
    Window window = new Window(3, 1, 1);
    ParameterSpec half = new ParameterSpec(new Initial.Constant(0.5f), 2, 0);
    Network network =
        Network.chain(
            "net",
            new Input(4, 5, 6, 1 / 128f),
            List.of(
                new LocallyConnected("local1", 8, window, Rounding.FLOOR, 1, 1, WEIGHT, BIAS),
                new PositionBias("bias1", BIAS),
                FC,
                new SoftmaxCrossEntropy("softmax")));
    List<Layer> bounded = network.withBiasesAtMost(0.5f).nodes().stream().map(Node::layer).toList();
    assertEquals(
        new LocallyConnected("local1", 8, window, Rounding.FLOOR, 1, 1, WEIGHT, half),
        bounded.get(0));
    assertEquals(new PositionBias("bias1", half), bounded.get(1));
  }

  @Test
  void aFullyConnectedLayerReadsAllOfItsInput() {
    assertEquals(
        List.of(
            new Parameter("fc2", Parameter.Kind.WEIGHT, List.of(6, 200), 200, WEIGHT),
            new Parameter("fc2", Parameter.Kind.BIAS, List.of(6), 200, BIAS)),
        FC.parameters(8, 5, 5));
  }

  @Test
  void otherLayersLearnNothing() {
    for (Layer layer : NETWORK.layers()) {
      if (layer != CONV && layer != FC) {
        assertEquals(List.of(), layer.parameters(4, 5, 5), layer.name());
        assertEquals(1, layer.columns(), layer.name());
      }
    }
  }

  @Test
  void theClassifierIsTheLastFullyConnectedLayer() {
    assertEquals(FC, NETWORK.classifier());
    assertEquals(6, NETWORK.classes());
    assertEquals(2, NETWORK.columns());
    Network three = NETWORK.withClasses(3);
    assertEquals(3, three.classes());
    assertEquals(NETWORK, three.withClasses(6));
  }

  @Test
  void dropoutCanBeLeftOut() {
    List<String> names = NETWORK.withoutDropout().layers().stream().map(Layer::name).toList();
    assertEquals(List.of("conv1", "relu1", "fc2", "softmax"), names);
  }

  /** What read the dropout reads what that read, also where a name says so. */
  @Test
  void whatReadADropoutReadsWhatThatRead() {
    Dropout dropout = new Dropout("drop", 0.5f, Dropout.Scaling.TRAINING);
    Sum sum = new Sum("sum", List.of(1f, 1f, 1f));
    Network graph =
        new Network(
            "graph",
            new Input(1, 8, 8, 1),
            List.of(
                new Node(new Relu("relu")),
                new Node(dropout, List.of(Network.DATA)),
                new Node(new Dropout("drop2", 0.5f, Dropout.Scaling.TRAINING)),
                new Node(new Tanh("tanh")),
                new Node(sum, List.of("relu", "drop2", "tanh")),
                new Node(FC),
                new Node(new SoftmaxCrossEntropy("softmax"))));
    assertEquals(
        List.of(
            new Node(new Relu("relu")),
            new Node(new Tanh("tanh"), List.of(Network.DATA)),
            new Node(sum, List.of("relu", Network.DATA, "tanh")),
            new Node(FC),
            new Node(new SoftmaxCrossEntropy("softmax"))),
        graph.withoutDropout().nodes());
  }

  /** So that equal networks are equal records. */
  @Test
  void theNameOfTheLayerBeforeIsNotKept() {
    List<Node> named =
        List.of(
            new Node(new Relu("relu"), List.of(Network.DATA)),
            new Node(FC, List.of("relu")),
            new Node(new SoftmaxCrossEntropy("softmax"), List.of(FC.name())));
    List<Layer> layers = named.stream().map(Node::layer).toList();
    Input input = new Input(1, 8, 8, 1);
    assertEquals(Network.chain("net", input, layers), new Network("net", input, named));
  }

  @Test
  void biasesAboveABoundStartFromIt() {
    ParameterSpec zero = new ParameterSpec(new Initial.Constant(0), 2, 0);
    Network bounded = NETWORK.withBiasesAtMost(0);
    assertEquals(zero, ((Convolution) bounded.layers().getFirst()).bias());
    assertEquals(WEIGHT, ((Convolution) bounded.layers().getFirst()).weight());
    assertEquals(zero, bounded.classifier().bias());
    assertEquals(NETWORK, NETWORK.withBiasesAtMost(1));
  }

  @Test
  void pixelsAreScaledByTheNormalization() {
    assertEquals(List.of(0.5f, 0.5f), new Input(2, 8, 8, 0.5f).scales());
    Normalization.Channels channels =
        new Normalization.Channels(List.of(0.5f, 0.25f), List.of(0.25f, 0.125f));
    assertEquals(List.of(1 / 63.75f, 1 / 31.875f), new Input(2, 8, 8, channels).scales());
    assertEquals(2, channels.offset(0).orElseThrow());
    assertEquals(2, channels.offset(1).orElseThrow());
    Normalization.ChannelMeans means = new Normalization.ChannelMeans(0.5f, List.of(104f, 117f));
    assertEquals(List.of(0.5f, 0.5f), new Input(2, 8, 8, means).scales());
    assertEquals(58.5, means.offset(1).orElseThrow());
    assertTrue(new Normalization.MeanImage(1).offset(0).isEmpty());
  }

  @Test
  void alphaIsSharedByTheTermsOfAMean() {
    for (Region region : Region.values()) {
      int terms = region == Region.ACROSS_MAPS ? 3 : 9;
      for (Convention convention : Convention.values()) {
        float factor =
            new LocalResponseNorm("n", region, 3, 0.5f, 0.75f, 1, convention, 1).factor();
        assertEquals(convention == Convention.SUM ? 0.5f : 0.5f / terms, factor);
      }
    }
  }
}
