package org.alexnet.formats.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.LongTest;
import org.alexnet.backend.TestNetworks;
import org.alexnet.exchange.Export;
import org.alexnet.exchange.Import;
import org.alexnet.exchange.ModelWriter;
import org.alexnet.exchange.TrainedNetwork;
import org.alexnet.formats.Hostile;
import org.alexnet.formats.Networks;
import org.alexnet.formats.OutputFile;
import org.alexnet.formats.Trained;
import org.alexnet.formats.onnx.message.Fields;
import org.alexnet.formats.onnx.message.Graph;
import org.alexnet.formats.protobuf.ProtobufWriter;
import org.alexnet.inference.TrainedWeights;
import org.alexnet.model.Model;
import org.alexnet.model.Models;
import org.alexnet.network.ChannelSelection;
import org.alexnet.network.Convolution;
import org.alexnet.network.Dropout;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.Input;
import org.alexnet.network.Layer;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.network.LocalResponseNorm.Convention;
import org.alexnet.network.LocallyConnected;
import org.alexnet.network.Network;
import org.alexnet.network.Node;
import org.alexnet.network.Normalization;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Pooling;
import org.alexnet.network.PositionBias;
import org.alexnet.network.Rounding;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.network.Sum;
import org.alexnet.network.Window;
import org.alexnet.tensor.DType;
import org.alexnet.weights.Weights;
import org.alexnet.weights.format.WeightFiles;
import org.alexnet.weights.format.WeightSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Graphs that this program wrote come back bit by bit; others are made as other programs do. */
class OnnxReaderTest {
  @TempDir Path dir;

  static Stream<Network> networks() {
    return Stream.concat(TestNetworks.small().stream(), Networks.all());
  }

  static Stream<Network> catalogue() {
    return Models.all().stream().map(Model::network);
  }

  /**
   * A layer without what a graph does not say: how it learns, columns, which of two ways alpha is
   * meant, whether a window may overhang where none does, and that training drops something.
   */
  private static Node withoutWhatIsLost(Node node) {
    ParameterSpec spec = GraphReader.SPEC;
    Layer layer =
        switch (node.layer()) {
          case Convolution(var name, int filters, var window, _, int groups, _, var b, _, _) ->
              new Convolution(name, filters, window, Rounding.CEIL, groups, 1, b, spec, spec);
          case LocallyConnected(var name, int filters, var window, _, int groups, _, _, _) ->
              new LocallyConnected(name, filters, window, Rounding.CEIL, groups, 1, spec, spec);
          case FullyConnected fc -> new FullyConnected(fc.name(), fc.outputs(), 1, spec, spec);
          case PositionBias bias -> new PositionBias(bias.name(), spec);
          case Pooling pool -> new Pooling(pool.name(), pool.kind(), pool.window(), Rounding.CEIL);
          case LocalResponseNorm norm ->
              new LocalResponseNorm(
                  norm.name(),
                  norm.region(),
                  norm.size(),
                  norm.meanAlpha(),
                  norm.beta(),
                  norm.k(),
                  Convention.MEAN,
                  norm.groups());
          case Dropout(var name, float rate, Dropout.Scaling scaling)
              when scaling == Dropout.Scaling.TESTING ->
              new Sum(name, List.of(1 - rate));
          case SoftmaxCrossEntropy _ -> new SoftmaxCrossEntropy("softmax");
          case Layer other -> other;
        };
    return new Node(layer, node.inputs());
  }

  private Path export(Trained trained) {
    Path file = dir.resolve("x.onnx");
    try (TrainedNetwork network = trained.open()) {
      Export.writer(file).write(network, file, ModelWriter.Options.DEFAULT);
    }
    return file;
  }

  @ParameterizedTest
  @MethodSource("networks")
  void thereAndBack(Network network) throws IOException {
    Trained trained = new Trained(network, dir);
    Path run = dir.resolve("run");
    Import.of(List.of(export(trained))).run(run);
    try (TrainedWeights back = TrainedWeights.open(run)) {
      assertEquals(network.input().stored(), back.network().input().stored());
      assertEquals(network.input().resize(), back.network().input().resize());
      assertEquals(
          network.nodes().stream().map(OnnxReaderTest::withoutWhatIsLost).toList(),
          back.network().nodes().stream().map(OnnxReaderTest::withoutWhatIsLost).toList());
      trained.weights.forEach(
          (name, tensor) ->
              assertArrayEquals(tensor.values(), back.read(name).values(), network.name()));
    }
    List<float[]> expected = trained.scores();
    List<float[]> got = trained.scores(run);
    if (network.nodes().stream().allMatch(OnnxReaderTest::keepsItsFactor)) {
      for (int i = 0; i < expected.size(); i++) {
        assertArrayEquals(expected.get(i), got.get(i), network.name());
      }
    } else {
      OnnxRuntime.assertClose(expected, got.toArray(float[][]::new), network.name());
    }
  }

  /** There is no number of single precision that is five times the paper's alpha. */
  private static boolean keepsItsFactor(Node node) {
    return !(node.layer() instanceof LocalResponseNorm norm)
        || norm.factor() == ((LocalResponseNorm) withoutWhatIsLost(node).layer()).factor();
  }

  @LongTest
  @ParameterizedTest
  @MethodSource("catalogue")
  void theCatalogueThereAndBack(Network network) throws IOException {
    thereAndBack(network);
  }

  /** What becomes of pixels comes back as it was said, also torchvision's constants. */
  @Test
  void constantsOfPixels() throws IOException {
    for (Normalization normalization :
        List.of(
            new Normalization.Channels(
                List.of(0.485f, 0.456f, 0.406f), List.of(0.229f, 0.224f, 0.225f)),
            new Normalization.ChannelMeans(1, List.of(122.7f, 116.7f, 104f)))) {
      Network columns = Networks.branches();
      Network network = new Network("pixels", new Input(3, 12, 14, normalization), columns.nodes());
      Trained trained = new Trained(network, dir);
      Network back = Models.named(export(trained).toString()).network();
      assertEquals(network.input().scales(), back.input().scales());
      for (int c = 0; c < 3; c++) {
        assertEquals(normalization.offset(c), back.input().normalization().offset(c));
      }
      assertEquals(14, back.input().stored());
    }
  }

  /** As a module of PyTorch that normalizes by itself what {@code ToTensor} made. */
  @Test
  void pixelsOfOne() throws IOException {
    Graph graph = new Graph();
    graph.tensor("mean", List.of(1L, 3L, 1L, 1L), () -> new float[] {0.485f, 0.456f, 0.406f});
    graph.tensor("deviation", List.of(1L, 3L, 1L, 1L), () -> new float[] {0.229f, 0.224f, 0.225f});
    graph.tensor("w", List.of(2L, 3L), () -> ramp(6));
    graph.tensor("b", List.of(2L), () -> ramp(2));
    graph.node("Sub", "less", "x", "mean");
    graph.node("Div", "normalized", "less", "deviation");
    graph.node("GlobalAveragePool", "pooled", "normalized");
    graph.node("Flatten", "flat", "pooled");
    graph.node("Gemm", "y", "flat", "w", "b").integer("transB", 1);
    Path file = write(graph, 4);
    Normalization got = Models.named(file.toString()).network().input().normalization();
    Normalization.Channels channels = assertInstanceOf(Normalization.Channels.class, got);
    for (int c = 0; c < 3; c++) {
      assertEquals(List.of(0.485f, 0.456f, 0.406f).get(c), channels.means().get(c), 1e-7f);
      assertEquals(List.of(0.229f, 0.224f, 0.225f).get(c), channels.deviations().get(c), 1e-7f);
    }
    try (WeightSource source = WeightFiles.open(file)) {
      assertEquals(
          List.of("Its graph reads pixels of 0..1: those of 0..255 are divided by 255 before."),
          source.remarks());
    }
  }

  private Path write(Graph graph, int edge) throws IOException {
    ProtobufWriter whole =
        graph.write(
            "g",
            List.of(Graph.value("x", 0, List.of(3, edge, edge))),
            List.of(Graph.value("y", 0, List.of(2))));
    return write(new ProtobufWriter().integer(1, 8).text(2, "a test").message(7, whole));
  }

  private Path write(ProtobufWriter model) throws IOException {
    Path file = dir.resolve("other.onnx");
    try (OutputFile out = new OutputFile(file)) {
      model.write(out);
      out.complete();
    }
    return file;
  }

  private static float[] ramp(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (i * 7 % 64 - 32) / 8f;
    }
    return values;
  }

  /** Padding by rule, products of the other order, biases added behind or missing. */
  @Test
  void whatOtherProgramsWrite() throws IOException {
    Graph graph = new Graph();
    graph.tensor("c1.weight", List.of(4L, 3L, 3L, 3L), () -> ramp(108));
    Graph.NodeWriter conv = graph.node("Conv", "t1", "x", "c1.weight");
    conv.integers("strides", List.of(2L, 2L)).integers("kernel_shape", List.of(3L, 3L));
    graph.node("Relu", "t2", "t1");
    graph
        .node("MaxPool", "t3", "t2")
        .integers("kernel_shape", List.of(2L, 2L))
        .integers("strides", List.of(2L, 2L))
        .integers("pads", List.of(0L, 0L, 1L, 1L));
    graph.integers("shape", List.of(0L, -1L));
    graph.node("Reshape", "t4", "t3", "shape");
    graph.tensor("w2", List.of(16L, 5L), () -> ramp(80));
    graph.tensor("b2", List.of(5L), () -> ramp(5));
    graph.node("MatMul", "t5", "t4", "w2");
    graph.node("Add", "t6", "b2", "t5");
    graph.tensor("w3", List.of(5L, 2L), () -> ramp(10));
    graph.tensor("b3", List.of(1L, 2L), () -> ramp(2));
    graph.node("Gemm", "y", "t6", "w3", "b3");
    Path file = write(graph, 8); // 3, and with a window that overhangs 2
    Model model = Models.named(file.toString());
    assertEquals(
        List.of("c1", "t2", "t3", "t5", "y", "softmax"),
        model.network().layers().stream().map(Layer::name).toList());
    assertEquals(new Window(2, 2, 0), ((Pooling) model.network().layers().get(2)).window());
    assertEquals(Rounding.CEIL, ((Pooling) model.network().layers().get(2)).rounding());
    try (WeightSource source = WeightFiles.open(file)) {
      var read = Weights.load(source, model.network());
      assertArrayEquals(ramp(108), read.get("c1.weight").values());
      assertArrayEquals(new float[4], read.get("c1.bias").values());
      assertArrayEquals(ramp(5), read.get("t5.bias").values());
      assertEquals(ramp(80)[5 + 3], read.get("t5.weight").values()[3 * 16 + 1], "transposed");
      assertArrayEquals(ramp(2), read.get("y.bias").values());
    }
  }

  @Test
  void paddingByRule() throws IOException {
    for (String rule : List.of("SAME_UPPER", "VALID")) {
      Graph graph = new Graph();
      graph.tensor("c1.weight", List.of(1L, 3L, 3L, 3L), () -> ramp(27));
      ProtobufWriter text =
          new ProtobufWriter()
              .text(Fields.ATTRIBUTE_NAME, "auto_pad")
              .text(Fields.ATTRIBUTE_TEXT, rule)
              .integer(Fields.ATTRIBUTE_TYPE, Fields.TYPE_TEXT);
      graph.node("Conv", "t1", "x", "c1.weight").attribute(text);
      boolean same = rule.equals("SAME_UPPER");
      long inputs = same ? 64 : 36;
      graph.tensor("w2.weight", List.of(2L, inputs), () -> ramp((int) (2 * inputs)));
      graph.tensor("w2.bias", List.of(2L), () -> ramp(2));
      graph.node("Flatten", "t2", "t1");
      graph.node("Gemm", "y", "t2", "w2.weight", "w2.bias").integer("transB", 1);
      Path file = write(graph, 8);
      Network network = Models.named(file.toString()).network();
      assertEquals(
          new Window(3, 1, same ? 1 : 0), ((Convolution) network.layers().getFirst()).window());
      try (WeightSource source = WeightFiles.open(file)) {
        Weights.check(source, network);
      }
    }
  }

  /** Of a Gather that chooses channels by a list: whose, and what is in its way. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          x    | 1  | 2 0 2        | ''
          x    | -3 | 2 0 2        | ''
          x    | 0  | 2 0 2        | axis 0
          x    | 2  | 2 0 2        | axis 2
          x    | 1  | 4294967296   | channels [4294967296]
          flat | 1  | 2 0 2        | a Gather of pixels
          relu | 1  | 2 0 2        | a Gather of pixels
          x    | 1  | 2 -1         | channels[1] is -1, must be at least 0
          """)
  void channelsByAList(String from, int axis, String channels, String refusal) throws IOException {
    Graph graph = new Graph();
    graph.node("Flatten", "flat", "x");
    if (from.equals("relu")) {
      graph.node("Relu", "relu", "flat");
    }
    List<Long> list = Stream.of(channels.split(" ")).map(Long::valueOf).toList();
    String indices = graph.integers("list", list);
    graph.node("Gather", "chosen", from, indices).integer("axis", axis);
    graph.tensor("fc.weight", List.of(2L, 192L), () -> ramp(384));
    graph.node("Gemm", "y", "chosen", "fc.weight").integer("transB", 1);
    Path file = write(graph, 8);
    if (refusal.isEmpty()) {
      assertEquals(
          new ChannelSelection("chosen", List.of(2, 0, 2)),
          Models.named(file.toString()).network().layers().getFirst());
    } else {
      String said =
          assertThrows(AlexNetException.class, () -> Models.named(file.toString())).getMessage();
      assertTrue(said.startsWith(file + ": layer chosen: " + refusal), said);
    }
  }

  /** A graph that is not understood still has weights, by their names. */
  @Test
  void weightsOfAGraphThatIsNotUnderstood() throws IOException {
    Graph graph = new Graph();
    graph.tensor("fc2.weight", List.of(2L, 192L), () -> ramp(384));
    graph.node("Gelu", "y", "x");
    Path file = write(graph, 8);
    AlexNetException e = assertThrows(AlexNetException.class, () -> Models.named(file.toString()));
    assertEquals(
        file + ": layer y: operator Gelu; one that this program has is required.", e.getMessage());
    try (WeightSource source = WeightFiles.open(file)) {
      assertEquals(List.of("fc2.weight"), List.copyOf(source.tensors().keySet()));
      assertTrue(source.remarks().getFirst().startsWith("Its graph is not understood (layer y:"));
    }
  }

  private static ProtobufWriter entry(String key, String value) {
    return new ProtobufWriter().text(1, key).text(2, value);
  }

  /** Two weights of [2, 3] in another file, of which numbers and place are said. */
  private Path external(String location, String offset, String length) throws IOException {
    ProtobufWriter tensor =
        new ProtobufWriter()
            .integers(1, List.of(2L, 3L))
            .integer(2, 1)
            .text(8, "w")
            .message(13, entry("location", location))
            .message(13, entry("offset", offset))
            .message(13, entry("length", length))
            .integer(14, 1);
    ProtobufWriter graph =
        new ProtobufWriter().message(5, tensor).message(11, Graph.value("x", 0, List.of(3, 8, 8)));
    return write(new ProtobufWriter().integer(1, 8).text(2, "a test").message(7, graph));
  }

  /** Found by {@link OnnxFuzzTest}. */
  @Test
  void nodesThatReadNothingAndChannelsWithoutEnd() throws IOException {
    Graph graph = new Graph();
    graph.node("MaxPool", "p").integers("kernel_shape", List.of(2L, 2L));
    Path file = write(graph, 8);
    AlexNetException e = assertThrows(AlexNetException.class, () -> Models.named(file.toString()));
    assertEquals(
        file + ": layer p: operator MaxPool without inputs; one that this program has is required.",
        e.getMessage());
    ProtobufWriter shape = new ProtobufWriter();
    for (long extent : new long[] {1, 1L << 62, 4, 4}) {
      shape.message(Fields.SHAPE_DIM, new ProtobufWriter().integer(Fields.DIM_VALUE, extent));
    }
    ProtobufWriter tensor = new ProtobufWriter().message(Fields.TENSOR_TYPE_SHAPE, shape);
    ProtobufWriter type = new ProtobufWriter().message(Fields.TYPE_TENSOR, tensor);
    ProtobufWriter input = new ProtobufWriter().text(Fields.VALUE_NAME, "x");
    ProtobufWriter whole =
        new Graph()
            .write(
                "g",
                List.of(input.message(Fields.VALUE_TYPE, type)),
                List.of(Graph.value("y", 0, List.of(2))));
    write(new ProtobufWriter().integer(1, 8).text(2, "a test").message(7, whole));
    e = assertThrows(AlexNetException.class, () -> Models.named(file.toString()));
    assertTrue(
        e.getMessage().contains("[images, channels, size, size] is required"), e.getMessage());
  }

  private static String refused(Path file) {
    AlexNetException e = assertThrows(AlexNetException.class, () -> readAll(file));
    assertTrue(e.getMessage().startsWith(file.toString()), e.getMessage());
    return e.getMessage();
  }

  @Test
  void dataInAFileBeside() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : ramp(16)) {
      bytes.putFloat(value);
    }
    Files.write(dir.resolve("weights.bin"), bytes.array());
    try (WeightSource source = WeightFiles.open(external("weights.bin", "8", "24"))) {
      assertArrayEquals(Arrays.copyOfRange(ramp(16), 2, 8), source.floats("w"));
    }
    Files.write(dir.resolve("../outside.bin"), bytes.array());
    for (String place :
        List.of("../outside.bin", "a/../../outside.bin", "/etc/passwd", "", "a\0b")) {
      assertTrue(refused(external(place, "0", "24")).contains("only files beside it are opened"));
    }
    Files.delete(dir.resolve("../outside.bin"));
    assertTrue(
        refused(external("moved.bin", "0", "24")).endsWith("put that file beside it."),
        "a graph that was moved without its data");
    for (String[] numbers :
        new String[][] {
          {"48", "24"}, {"-8", "24"}, {"x", "24"}, {"9223372036854775807", "24"}, {"0", "-1"}
        }) {
      String said = refused(external("weights.bin", numbers[0], numbers[1]));
      assertTrue(said.contains("which has 64 bytes"), said);
    }
    assertTrue(
        refused(external("weights.bin", "0", "20")).contains("its tensor w has shape [2, 3]"));
  }

  private static void readAll(Path file) {
    Models.inFile(file);
    try (WeightSource source = WeightFiles.open(file)) {
      List<String> names = new ArrayList<>();
      source
          .tensors()
          .forEach(
              (name, info) -> {
                if (info.dtype() == DType.F32) {
                  names.add(name);
                }
              });
      names.forEach(source::floats);
    }
  }

  @Test
  void damagedFiles() throws IOException {
    Path good = export(new Trained(Networks.tiny(), dir));
    byte[] bytes = Files.readAllBytes(good);
    Path file = dir.resolve("hostile.onnx");
    Hostile.cutEverywhere(bytes, file, OnnxReaderTest::readAll);
    Hostile.change(bytes, file, OnnxReaderTest::readAll);
  }
}
