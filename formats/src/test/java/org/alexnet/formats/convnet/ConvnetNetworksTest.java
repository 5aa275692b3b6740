package org.alexnet.formats.convnet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.UsageException;
import org.alexnet.data.Augmentation;
import org.alexnet.model.Model;
import org.alexnet.model.ModelRequest;
import org.alexnet.model.Models;
import org.alexnet.network.AbsoluteValue;
import org.alexnet.network.Blur;
import org.alexnet.network.ChannelSelection;
import org.alexnet.network.Concatenation;
import org.alexnet.network.ContrastNorm;
import org.alexnet.network.Convolution;
import org.alexnet.network.Dropout;
import org.alexnet.network.FilterBounds;
import org.alexnet.network.FilterBounds.Measure;
import org.alexnet.network.FilterLayer;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.HorizontalFlip;
import org.alexnet.network.Initial;
import org.alexnet.network.Input;
import org.alexnet.network.Layer;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.network.LocalResponseNorm.Convention;
import org.alexnet.network.LocalResponseNorm.Region;
import org.alexnet.network.LocallyConnected;
import org.alexnet.network.Logistic;
import org.alexnet.network.Network;
import org.alexnet.network.Node;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Pooling;
import org.alexnet.network.PositionBias;
import org.alexnet.network.Relu;
import org.alexnet.network.Rounding;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.network.Softplus;
import org.alexnet.network.Square;
import org.alexnet.network.Subsample;
import org.alexnet.network.Sum;
import org.alexnet.network.Tanh;
import org.alexnet.network.Window;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConvnetNetworksTest {
  private static final ParameterSpec WEIGHT = ParameterSpec.of(new Initial.Gaussian(0.01f));
  private static final ParameterSpec BIAS = bias(0);
  private static final ParameterSpec NONE = new ParameterSpec(new Initial.Constant(0), 0, 0);
  private static final String CONV =
      "type=conv inputs=data channels=3 filters=16 filterSize=5 padding=2 initW=0.01 partialSum=4 ";

  @TempDir Path dir;

  /** Biases learn at twice the rate and do not decay. */
  private static ParameterSpec bias(float value) {
    return new ParameterSpec(new Initial.Constant(value), 2, 0);
  }

  private static Convolution conv(String name, int filters, Window window, int groups) {
    return new Convolution(name, filters, window, Rounding.CEIL, groups, 1, WEIGHT, BIAS);
  }

  private static Pooling pool(String name, Pooling.Kind kind) {
    return new Pooling(name, kind, new Window(3, 2, 0), Rounding.CEIL);
  }

  private static FullyConnected fc(String name, int outputs) {
    return new FullyConnected(name, outputs, 1, WEIGHT, BIAS);
  }

  private Network read(LayerFileText text, Integer size) throws IOException {
    return text.read(dir, size).network();
  }

  private static Network network(int size, Node... nodes) {
    return new Network("layers-test", new Input(3, size, size, 1), List.of(nodes));
  }

  private static Node node(Layer layer, String... inputs) {
    return new Node(layer, List.of(inputs));
  }

  @Test
  void everyTypeOfLayerIsTheLayerOfTheSameMeaning() throws IOException {
    LayerFileText text =
        new LayerFileText()
            .layer("blur", "type=blur inputs=data channels=3 filterSize=9 stdev=4")
            .layer("nails", "type=nailbed inputs=blur channels=3 stride=2")
            .layer("href", "type=href inputs=nails channels=3")
            .weighted(
                "conv",
                1,
                "type=conv inputs=href channels=3 filters=16 filterSize=5 padding=2 stride=1"
                    + " initW=0.01 initB=1 partialSum=4 sharedBiases=0 neuron=relu")
            .layer("cm", "type=cmrnorm inputs=conv channels=16 size=5")
            .params("cm", "scale=0.001 pow=0.5 minDiv=2")
            .layer("rn", "type=rnorm inputs=cm channels=16 sizeX=3 scale=0.005 pow=.75")
            .layer("cn", "type=cnorm inputs=rn channels=16 sizeX=7")
            .params("cn", "scale=0.002 pow=0.5")
            .layer(
                "avg",
                "type=pool pool=avg inputs=cn channels=16 sizeX=3 stride=2 start=0 outputsX=0")
            .weighted(
                "grouped",
                1,
                "type=conv inputs=avg channels=16 filters=8 groups=2 filterSize=3 padding=1"
                    + " initW=0.01 partialSum=1")
            .weighted(
                "local",
                1,
                "type=local inputs=grouped channels=16 filters=16 filterSize=3 initW=0.01"
                    + " neuron=logistic")
            .layer("joined", "type=concat inputs=grouped,avg")
            .layer("max", "type=pool pool=max inputs=joined channels=32 sizeX=3 stride=2")
            .weighted("fc1", 2, "type=fc inputs=max,local outputs=8 initW=0.01,0.01 initB=1")
            .layer("sum", "type=eltsum inputs=fc1,fc1 coeffs=1,-0.5")
            .layer("hs", "type=hs inputs=sum keep=0.8")
            .params("hs", "enable=true")
            .end("hs", 1, 10);
    Network expected =
        network(
            32,
            node(new Blur("blur", 9, 4)),
            node(new Subsample("nails", 2)),
            node(new HorizontalFlip("href")),
            node(
                new Convolution(
                    "conv",
                    16,
                    new Window(5, 1, 2),
                    Rounding.CEIL,
                    1,
                    1,
                    Convolution.Biases.UNSHARED,
                    WEIGHT,
                    bias(1))),
            node(new Relu("conv_neuron")),
            node(
                new LocalResponseNorm(
                    "cm", Region.ACROSS_MAPS, 5, 0.001f, 0.5f, 2, Convention.MEAN, 1)),
            node(
                new LocalResponseNorm(
                    "rn", Region.WITHIN_MAP, 3, 0.005f, 0.75f, 1, Convention.MEAN, 1)),
            node(new ContrastNorm("cn", 7, 0.002f, 0.5f, 1)),
            node(pool("avg", Pooling.Kind.AVERAGE)),
            node(conv("grouped", 16, new Window(3, 1, 1), 2)),
            node(
                new LocallyConnected(
                    "local", 16, new Window(3, 1, 0), Rounding.CEIL, 1, 1, WEIGHT, BIAS)),
            node(new Logistic("local_neuron")),
            node(new Concatenation("joined"), "grouped", "avg"),
            node(pool("max", Pooling.Kind.MAX)),
            // Images of different sizes are not joined: the sum of a layer for each.
            node(new FullyConnected("fc1_0", 8, 1, WEIGHT, bias(1)), "max"),
            node(new FullyConnected("fc1_1", 8, 1, WEIGHT, NONE), "local_neuron"),
            node(new Sum("fc1", List.of(1f, 1f)), "fc1_0", "fc1_1"),
            node(new Sum("sum", List.of(1f, -0.5f)), "fc1", "fc1"),
            node(new Dropout("hs", 0.2f, Dropout.Scaling.TESTING)),
            node(fc("fc", 10)),
            node(new SoftmaxCrossEntropy("probs")));
    Model model = text.read(dir, null);
    assertEquals(expected, model.network());
    assertEquals(0.01f, model.recipe().rate());
    assertEquals(0.9f, model.recipe().momentum());
    assertEquals(0.0005f, model.recipe().decay());
    assertEquals(Augmentation.NONE, model.recipe().augmentation());
  }

  @Test
  void everyNeuronFollowsItsLayer() throws IOException {
    record Case(String neuron, List<Layer> layers) {}
    String n = "c_neuron";
    for (Case c :
        List.of(
            new Case("ident", List.of()),
            new Case("relu", List.of(new Relu(n))),
            new Case("logistic", List.of(new Logistic(n))),
            new Case("softrelu", List.of(new Softplus(n, 4))),
            new Case("abs", List.of(new AbsoluteValue(n))),
            new Case("square", List.of(new Square(n))),
            new Case("tanh[a=1,b=1]", List.of(new Tanh(n))),
            new Case(
                "tanh[a=1.7159,b=0.66]",
                List.of(
                    new Sum("c_neuron_argument", List.of(0.66f)),
                    new Tanh("c_neuron_tanh"),
                    new Sum(n, List.of(1.7159f)))),
            new Case("linear[a=2,b=0]", List.of(new Sum(n, List.of(2f)))),
            new Case(
                "linear[a=2,b=-1]",
                List.of(
                    new Sum("c_neuron_multiple", List.of(2f)),
                    new PositionBias(n, new ParameterSpec(new Initial.Constant(-1), 0, 0)))))) {
      Network read =
          read(
              new LayerFileText().weighted("c", 1, CONV + "neuron=" + c.neuron).end("c", 1, 10),
              32);
      Stream<Layer> expected =
          Stream.of(
                  Stream.of(conv("c", 16, new Window(5, 1, 2), 1)),
                  c.layers.stream(),
                  Stream.of(fc("fc", 10), new SoftmaxCrossEntropy("probs")))
              .flatMap(layers -> layers);
      assertEquals(
          Network.chain("layers-test", new Input(3, 32, 32, 1), expected.toList()), read, c.neuron);
    }
  }

  @Test
  void inputsOfOneKindAreJoinedInTheOrderOfTheFile() throws IOException {
    LayerFileText text =
        new LayerFileText()
            .weighted("a", 1, CONV)
            .weighted("b", 1, CONV)
            .weighted(
                "c",
                2,
                "type=conv inputs=b,a channels=16,16 filters=16,16 filterSize=3,3 initW=0.01,0.01"
                    + " partialSum=1")
            .weighted(
                "d",
                2,
                "type=conv inputs=a,b channels=16,16 filters=16,16 filterSize=3,3 initW=0.01,0.02"
                    + " partialSum=1")
            .layer("e", "type=concat inputs=c,d")
            .end("e", 1, 10);
    Network expected =
        network(
            24,
            node(conv("a", 16, new Window(5, 1, 2), 1)),
            node(conv("b", 16, new Window(5, 1, 2), 1), "data"),
            node(new Concatenation("a_b"), "a", "b"),
            node(conv("c", 16, new Window(3, 1, 0), 1)),
            node(conv("d_0", 16, new Window(3, 1, 0), 1), "a"),
            node(
                new Convolution(
                    "d_1",
                    16,
                    new Window(3, 1, 0),
                    Rounding.CEIL,
                    1,
                    1,
                    ParameterSpec.of(new Initial.Gaussian(0.02f)),
                    NONE),
                "b"),
            node(new Sum("d", List.of(1f, 1f)), "d_0", "d_1"),
            node(new Concatenation("e"), "c", "d"),
            node(fc("fc", 10)),
            node(new SoftmaxCrossEntropy("probs")));
    Network read = read(text, 24);
    assertEquals(expected.nodes(), read.nodes());
    assertEquals(new Input(3, 24, 32, 1), read.input());
  }

  /** As they are at the end of a training, when rates of weights were lowered and others not. */
  @Test
  void whatRestsAndWhatLearnsFastIsSaid() throws IOException {
    Model model =
        new LayerFileText()
            .layer("a", CONV)
            .params("a", "epsW=0 epsB=0 momW=0.9 momB=0.9 wc=0.0005")
            .layer("b", "type=fc inputs=a outputs=10 initW=0.01")
            .params("b", "epsW=0.0001 epsB=0.12 momW=0.9 momB=0.9 wc=0.0005")
            .layer("probs", "type=softmax inputs=b")
            .layer("cost", "type=cost.logreg inputs=labels,probs")
            .params("cost", "coeff=1")
            .read(dir, 24);
    assertEquals(
        "from layers-test.cfg and layer-params-test.cfg; a at a rate of 0;"
            + " biases at up to 1,200 times the rate of weights",
        model.description());
  }

  @Test
  void sparseGroupsReadChannelsDrawnByTheirName() throws IOException {
    LayerFileText text =
        new LayerFileText()
            .weighted("a", 1, CONV)
            .weighted(
                "b",
                1,
                "type=conv inputs=a channels=16 filters=4 groups=4 filterSize=3 initW=0.01"
                    + " randSparse=1 filterChannels=8 partialSum=1 initCFunc=initw.makec(b)")
            .weighted(
                "c",
                2,
                "type=conv inputs=b,a channels=16,16 filters=8,16 groups=2,1 filterSize=3,5"
                    + " initW=0.01,0.01 randSparse=true,false partialSum=1")
            .end("c", 1, 10);
    Model model = text.read(dir, 24);
    assertEquals(
        "from layers-test.cfg and layer-params-test.cfg, but for what functions of Python start it"
            + " with (initCFunc)",
        model.description());
    List<Node> nodes = model.network().nodes();
    assertEquals(
        List.of("a", "b_channels", "b", "c_0_channels", "c_0", "c_1", "c", "fc", "probs"),
        nodes.stream().map(Node::name).toList());
    List<Integer> b = ((ChannelSelection) nodes.get(1).layer()).channels();
    assertEquals(32, b.size());
    assertPermutation(16, b.subList(0, 16));
    assertPermutation(16, b.subList(16, 32));
    assertNotEquals(b.subList(0, 16), b.subList(16, 32));
    // The groups read eight channels each; the layer has half as many weights as all channels need.
    assertEquals(conv("b", 16, new Window(3, 1, 0), 4), nodes.get(2).layer());
    List<Integer> c = ((ChannelSelection) nodes.get(3).layer()).channels();
    assertPermutation(16, c);
    assertNotEquals(b.subList(0, 16), c);
    assertEquals(model, text.read(dir, 24));
    // By their names alone, and for good: a run that is resumed has the same network.
    assertEquals(List.of(5, 1, 11, 14, 15, 8, 6, 13), b.subList(0, 8));
  }

  @Test
  void groupsInTheirOrderReadTheirShareOfTheChannels() {
    LayerFileText text =
        new LayerFileText()
            .weighted("a", 1, CONV)
            .weighted(
                "b",
                2,
                "type=conv inputs=a,a channels=16,16 filters=1,1 groups=2,2 filterSize=3,3"
                    + " initW=1,1 randSparse=1,0 filterChannels=8,4")
            .end("b", 1, 10);
    AlexNetException refused = assertThrows(AlexNetException.class, () -> text.read(dir, 32));
    assertTrue(
        refused
            .getMessage()
            .contains("layer b: filterChannels is 4, must be 8 for an input without randSparse"),
        refused.getMessage());
  }

  private static void assertPermutation(int channels, List<Integer> order) {
    assertEquals(IntStream.range(0, channels).boxed().toList(), order.stream().sorted().toList());
    assertNotEquals(IntStream.range(0, channels).boxed().toList(), order);
  }

  @Test
  void gpusAreColumns() throws IOException {
    Network network = LayerFileText.twoColumns(8, 1000).read(dir, null).network();
    assertEquals(2, network.columns());
    for (Node node : network.nodes()) {
      if (node.layer() instanceof FilterLayer || node.layer() instanceof FullyConnected) {
        boolean second = node.name().endsWith("b");
        assertEquals(second ? 1 : 0, node.column(), node.name());
      }
    }
    assertEquals(new Input(3, 224, 256, 1), network.input());
  }

  @Test
  void lastLayersOnSeveralGpusAreOne() throws IOException {
    LayerFileText text =
        new LayerFileText()
            .weighted("c", 1, CONV)
            .weighted("fca", 1, "type=fc inputs=c outputs=6 gpu=0")
            .weighted("fcb", 1, "type=fc inputs=c outputs=4 gpu=3")
            .layer("concat", "type=concat inputs=fca,fcb")
            .loss("concat");
    assertEquals(
        network(
            32,
            node(conv("c", 16, new Window(5, 1, 2), 1)),
            node(fc("concat", 10)),
            node(new SoftmaxCrossEntropy("probs"))),
        read(text, 32));
  }

  @Test
  void ratesAndDecaysAreOfEachLayer() throws IOException {
    LayerFileText text =
        new LayerFileText()
            .layer("a", CONV)
            .params("a", "epsW=0.001 epsB=0.002 momW=0.5 momB=0.5 wc=0.004")
            .layer(
                "frozen",
                "type=conv inputs=a channels=16 filters=16 filterSize=1 initW=0.1 partialSum=1")
            .params(
                "frozen",
                "epsW=0 epsB=0 momW=0.9 momB=0.9 wc=0 schedW=exp[tgtFactor=10,noiseStdev=0]")
            .layer("fc", "type=fc inputs=frozen outputs=10 initW=0.1")
            .params("fc", "epsW=0.002 epsB=0.001 momW=0.5 momB=0.5 wc=1 wball=0")
            .loss("fc");
    Model model = text.read(dir, 32);
    assertEquals(0.002f, model.recipe().rate());
    assertEquals(0.5f, model.recipe().momentum());
    assertEquals(1f, model.recipe().decay());
    assertEquals(
        "from layers-test.cfg and layer-params-test.cfg, but for how rates fall (schedW);"
            + " frozen at a rate of 0",
        model.description());
    List<Layer> layers = model.network().layers();
    Convolution a = (Convolution) layers.get(0);
    assertEquals(new ParameterSpec(new Initial.Gaussian(0.01f), 0.5f, 0.004f), a.weight());
    assertEquals(new ParameterSpec(new Initial.Constant(0), 1, 0), a.bias());
    Convolution frozen = (Convolution) layers.get(1);
    assertEquals(new ParameterSpec(new Initial.Gaussian(0.1f), 0, 0), frozen.weight());
    FullyConnected fc = (FullyConnected) layers.get(2);
    assertEquals(new ParameterSpec(new Initial.Gaussian(0.1f), 1, 1), fc.weight());
    assertEquals(new ParameterSpec(new Initial.Constant(0), 0.5f, 0), fc.bias());
  }

  @Test
  void momentaAreOfEachParameter() throws IOException {
    LayerFileText text =
        new LayerFileText()
            .layer("a", CONV)
            .params("a", "epsW=1 epsB=1 momW=0.9 momB=0.45")
            .layer("b", CONV)
            .params("b", "epsW=0 epsB=1 momW=0.95 momB=0")
            .layer("f", "type=fc inputs=a,b outputs=8")
            .params("f", "epsW=1,1 epsB=1 momW=0.9,0.45 momB=0.9")
            .end("f", 1, 10);
    Model model = text.read(dir, 32);
    assertEquals(0.9f, model.recipe().momentum());
    List<Node> nodes = model.network().nodes();
    Convolution a = (Convolution) nodes.get(0).layer();
    assertEquals(List.of(1f, 0.5f), List.of(a.weight().momentum(), a.bias().momentum()));
    Convolution b = (Convolution) nodes.get(1).layer();
    assertEquals(List.of(1f, 0f), List.of(b.weight().momentum(), b.bias().momentum()));
    // Inputs that learn in different ways are not joined.
    assertEquals("f_1", nodes.get(3).name());
    assertEquals(0.5f, ((FullyConnected) nodes.get(3).layer()).weight().momentum());
  }

  @Test
  void boundsAreOfTheFiltersOfEachInput() throws IOException {
    LayerFileText whole =
        new LayerFileText()
            .layer("a", CONV)
            .params("a", "epsW=1 epsB=1 momW=0 momB=0 wcNormMin=0.001 wcNormMax=0.002")
            .layer(
                "b",
                "type=conv inputs=a,a channels=16,16 groups=2,2 filters=8,8 filterSize=3,3"
                    + " initW=1,1 partialSum=1")
            .params("b", "epsW=1,0 epsB=1 momW=0,0 momB=0 wball=0.5,0.5")
            .layer("f", "type=fc inputs=b,b outputs=8")
            .params("f", "epsW=1,1 epsB=1 momW=0,0 momB=0 wball=0.25,0.25")
            .end("f", 1, 10);
    Map<String, FilterBounds> bounds = new LinkedHashMap<>();
    for (Node node : whole.read(dir, 32).network().nodes()) {
      ParameterSpec weight =
          switch (node.layer()) {
            case Convolution c -> c.weight();
            case FullyConnected c -> c.weight();
            default -> null;
          };
      if (weight != null) {
        bounds.put(node.name(), weight.bounds());
      }
    }
    // 3 x 5 x 5 weights, 8 x 3 x 3, and 16 x 30 x 30.
    double root = Math.sqrt(75);
    assertEquals(
        new FilterBounds(Measure.DEVIATION, (float) (0.001f * root), (float) (0.002f * root)),
        bounds.get("a"));
    assertEquals(new FilterBounds(Measure.NORM, 0, 36), bounds.get("b_0"));
    assertNull(bounds.get("b_1"), "what does not learn");
    assertEquals(new FilterBounds(Measure.NORM, 0, 3600), bounds.get("f_0"));
    assertEquals(bounds.get("f_0"), bounds.get("f_1"));
    assertNull(bounds.get("fc"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "type=local inputs=a channels=16 filters=16 filterSize=3 initW=1 | wball=0.1 | wball is"
            + " 0.1, must be 0: what it does to a local layer is not known here",
        "type=fc inputs=a outputs=8 | wcNormMax=1 | wcNormMax is 1, must be 0: only layers of type"
            + " conv have it",
      })
  void boundsThatALayerCannotHave(String layer, String bounds, String expected) {
    LayerFileText text =
        new LayerFileText()
            .weighted("a", 1, CONV)
            .layer("b", layer)
            .params("b", "epsW=1 epsB=1 momW=0 momB=0 " + bounds)
            .end("b", 1, 10);
    AlexNetException refused = assertThrows(AlexNetException.class, () -> text.read(dir, 32));
    assertTrue(refused.getMessage().contains(expected), refused.getMessage());
  }

  @Test
  void valuesMayBeWrittenInEveryWayThatTheirParserReads() throws IOException {
    Path layers = dir.resolve("other.cfg");
    Files.writeString(
        layers,
        """
        ; a comment
        [data]
        TYPE: data
        dataidx = 0
        [labels]
        type=data
        dataIdx=1
        [fc]
        type : fc
        inputs = data
        outputs = 10 ; ten
        INITW = 1e-2
        [probs]
        type=softmax
        inputs=fc
        """
            .replace("\n", "\r\n"));
    Path params = dir.resolve("p.cfg");
    Files.writeString(params, "[fc]\nepsw=.01\nepsb=.02\nmomw=.9\nmomb=.9\n");
    // Only a layer with channels says how many the images have.
    AlexNetException refused =
        assertThrows(
            AlexNetException.class,
            () -> Models.named(new ModelRequest(layers.toString(), params, 8)));
    assertTrue(refused.getMessage().contains("channels"), refused.getMessage());
    Files.writeString(
        layers,
        Files.readString(layers)
            .replace("inputs = data", "inputs = pool")
            .replace(
                "[fc]",
                "[pool]\ntype=pool\npool=max\ninputs=data\nchannels=1\nsizeX=2\nstride=2\n[fc]"));
    Network read = Models.named(new ModelRequest(layers.toString(), params, 8)).network();
    assertEquals(new Input(1, 8, 32, 1), read.input());
    assertEquals("fc", read.classifier().name());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "type=convv inputs=data | type is \"convv\", must be data, conv, local, fc,",
        "type=treefc inputs=data initW=1 | type is \"treefc\", must be data",
        "inputs=data | type is missing",
        "type=conv inputs=data filters=1 filterSize=1 initW=1 | channels is missing",
        "type=conv inputs=a channels=4 filters=1 filterSize=1 initW=1 | channels is 4, but its"
            + " input has 16",
        "type=conv inputs=nobody channels=3 filters=1 filterSize=1 initW=1 | inputs has \"nobody\","
            + " which is no layer",
        "type=conv inputs=x channels=3 filters=1 filterSize=1 initW=1 | inputs has \"x\", which"
            + " must stand before it",
        "type=conv inputs=c channels=3 filters=1 filterSize=1 initW=1 | inputs has \"c\", which"
            + " must stand before it",
        "type=conv inputs=labels channels=3 filters=1 filterSize=1 initW=1 | inputs has \"labels\","
            + " which are labels",
        "type=conv inputs=data channels=3 filters=x filterSize=1 initW=1 | filters is \"x\", must"
            + " be a whole number",
        "type=conv inputs=data channels=3 filters=1,2 filterSize=1 initW=1 | filters has 2 values,"
            + " must have one",
        "type=conv inputs=data channels=3 filters=99999999999 filterSize=1 initW=1 | filters is"
            + " \"99999999999\", must be a whole number",
        "type=conv inputs=data channels=3 filters=2000000000 groups=3 filterSize=1 initW=1 | its"
            + " outputs are too many to count",
        "type=conv inputs=data channels=3 filters=0 filterSize=1 initW=1 | filters is 0, must be",
        "type=conv inputs=data channels=3 filters=1 filterSize=0 initW=1 | kernel is 0, must be",
        "type=conv inputs=data channels=3 filters=1 filterSize=41 initW=1 | filterSize is 41, must"
            + " be at most the image with its padding, 32",
        "type=conv inputs=data channels=3 filters=1 filterSize=3 stride=0 initW=1 | stride is 0",
        "type=conv inputs=data channels=3 filters=1 filterSize=3 padding=3 initW=1 | pad is 3",
        "type=conv inputs=data channels=3 filters=1 filterSize=3 initW=nan | initW is \"nan\", must"
            + " be a number",
        "type=conv inputs=data channels=3 filters=1 filterSize=3 initW=-1 | sigma is -1.0",
        "type=conv inputs=data channels=3 filters=1 filterSize=3 initW=1 randSparse=1 | groups is"
            + " 1, must be at least 2 with randSparse",
        "type=conv inputs=a channels=16 filters=1 groups=4 filterSize=3 initW=1 randSparse=1"
            + " filterChannels=6 | filterChannels is 6, must divide the 16 channels",
        "type=conv inputs=a channels=16 filters=1 groups=3 filterSize=3 initW=1 randSparse=1"
            + " filterChannels=8 | filterChannels is 8: that of 3 groups is 24, must be the 16",
        "type=conv inputs=a channels=16 filters=1 groups=20000 filterSize=3 initW=1 randSparse=1"
            + " filterChannels=4 | groups read 80,000 channels together, must read 65,536 at most",
        "type=conv inputs=data channels=3 filters=1 filterSize=3 initW=1 weightSource=x |"
            + " weightSource is not known here",
        "type=conv inputs=data channels=3 filters=1 filterSize=3 initW=1 neuron=nrelu | neuron is"
            + " \"nrelu\", must be ident, relu",
        "type=conv inputs=data channels=3 filters=1 filterSize=3 initW=1 neuron=tanh[a=1] | neuron"
            + " is \"tanh[a=1]\", must be",
        "type=conv inputs=data channels=3 filters=1 filterSize=3 initW=1 gpu=-1 | gpu is -1, must"
            + " be at least 0",
        "type=pool inputs=data channels=3 sizeX=2 stride=2 pool=rand | pool is \"rand\", must be"
            + " max or avg",
        "type=pool inputs=data channels=3 sizeX=2 size=2 stride=2 pool=max | size and sizeX are"
            + " both there",
        "type=pool inputs=data channels=3 sizeX=2 stride=2 pool=max start=1 | start is 1, must be"
            + " at most 0",
        "type=pool inputs=data channels=3 sizeX=2 stride=2 pool=max outputsX=3 | it has 3 windows"
            + " along an edge of 32 pixels",
        "type=cmrnorm inputs=data channels=3 size=2 scale=1 pow=1 | size is 2, must be odd",
        "type=rnorm inputs=data channels=3 size=3 pow=1 | scale is missing",
        "type=hs inputs=data keep=0 | rate is 1.0",
        "type=hs inputs=data keep=0.5 enable=false | enable is false, must be true",
        "type=softmax inputs=data | inputs must be a layer of type fc",
        "type=cost.logreg inputs=labels,data | inputs has \"labels\", which are labels",
        "type=concat inputs=data,nobody | inputs has \"nobody\"",
      })
  void whatIsNotUnderstoodIsRefusedWithItsLine(String values, String expected) {
    LayerFileText text =
        new LayerFileText()
            .weighted("a", 1, CONV)
            .weighted("x", 1, values)
            .weighted("c", 1, CONV)
            .end("c", 1, 10);
    AlexNetException refused = assertThrows(AlexNetException.class, () -> text.read(dir, 32));
    assertTrue(
        refused.getMessage().matches("(?s).*layers-test.cfg, line \\d+: layer x: .*"),
        refused.getMessage());
    assertTrue(refused.getMessage().contains(expected), refused.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "epsB=1 momW=0 momB=0 | epsW is missing",
        "epsW=-1 epsB=1 momW=0 momB=0 | epsW is -1, must be at least 0",
        "epsW=1 epsB=-1 momW=0 momB=0 | epsB is -1, must be at least 0",
        "epsW=1,1 epsB=1 momW=0 momB=0 | epsW has 2 values, must have one",
        "epsW=1 epsB=1 momW=-0.5 momB=0.9 | momW is -0.5, must be at least 0",
        "epsW=1 epsB=1 momW=0 momB=-1 | momB is -1, must be at least 0",
        "epsW=1 epsB=1 momW=0 momB=0 wball=-0.1 | wball is -0.1, must be at least 0",
        "epsW=1 epsB=1 momW=0 momB=0 wball=0.1 wcNormMax=1 | wball and wcNormMax are both there",
        "epsW=1 epsB=1 momW=0 momB=0 wcNormMin=2 wcNormMax=1 | wcNormMax is 1.0, must be at least"
            + " that of wcNormMin, 2.0",
        "epsW=1 epsB=1 momW=0 momB=0 wcNorm=2 | wcNorm is 2, must be 0",
        "epsW=1 epsB=1 momW=0 momB=0 superEps=2 | superEps is 2, must be 0",
        "epsW=1 epsB=1 momW=0 momB=0 quantF=half | quantF is \"half\", must be default",
        "epsW=1 epsB=1 momW=0 momB=0 epsX=1 | epsX is not known here",
        "epsW=1 epsB=1 momW=1.5 momB=1.5 | momentum is 1.5",
      })
  void howLayersLearnIsReadAsStrictly(String values, String expected) {
    LayerFileText text =
        new LayerFileText()
            .layer("c", CONV)
            .params("c", values)
            .layer("fc", "type=fc inputs=c outputs=10")
            .params("fc", "epsW=0 epsB=0 momW=0 momB=0")
            .loss("fc");
    AlexNetException refused = assertThrows(AlexNetException.class, () -> text.read(dir, 32));
    assertTrue(refused.getMessage().contains(expected), refused.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[a\n",
        "[a] b\n",
        "x=1\n",
        "[a]\ny\n",
        "[a]\n=1\n",
        "[a]\n[a]\n",
        "[a]\nx=1\nX=2\n",
        "[]\n",
      })
  void whatIsNoSectionIsRefused(String text) throws IOException {
    Path file = dir.resolve("bad.cfg");
    Files.writeString(file, "# comment\n" + text);
    AlexNetException refused =
        assertThrows(
            AlexNetException.class,
            () -> Models.named(new ModelRequest(file.toString(), file, null)));
    assertTrue(refused.getMessage().contains("bad.cfg"), refused.getMessage());
  }

  @Test
  void hugeFilesAreRefusedAtOnce() throws IOException {
    Path file = dir.resolve("huge.cfg");
    Files.writeString(file, "[a]\n" + "x".repeat(999_000) + "\n");
    assertRefused(file, "a line must be NAME=VALUE");
    Files.writeString(file, "[a]\n" + "x".repeat(1_000_000) + "=1\n");
    assertRefused(file, "more than 1,000,000 bytes");
    StringBuilder many = new StringBuilder();
    for (int i = 0; i < 70_000; i++) {
      many.append("[l%d]\n".formatted(i));
    }
    Files.writeString(file, many);
    assertRefused(file, "more than 2,000 sections");
    Files.write(file, "[a]\nx=\u00ff\n".getBytes(StandardCharsets.ISO_8859_1));
    assertRefused(file, "not UTF-8 text");
  }

  private static void assertRefused(Path file, String expected) {
    AlexNetException refused =
        assertThrows(
            AlexNetException.class,
            () -> Models.named(new ModelRequest(file.toString(), file, null)));
    assertTrue(refused.getMessage().contains(expected), refused.getMessage());
    assertTrue(refused.getMessage().length() < 300, "a message of a megabyte");
  }

  @Test
  void theSecondFileIsNeeded() throws IOException {
    LayerFileText.twoColumns(8, 10).read(dir, 224);
    Path file = dir.resolve("layers-test.cfg");
    UsageException missing =
        assertThrows(UsageException.class, () -> Models.named(file.toString()));
    assertTrue(missing.getMessage().startsWith("params is missing"), missing.getMessage());
    UsageException taken =
        assertThrows(
            UsageException.class, () -> Models.named(new ModelRequest("alexnet-32", null, 24)));
    assertTrue(
        taken.getMessage().startsWith("alexnet-32 takes no size; that belongs to a"),
        taken.getMessage());
  }
}
