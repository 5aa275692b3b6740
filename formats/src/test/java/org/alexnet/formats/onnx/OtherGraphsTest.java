package org.alexnet.formats.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.exchange.Import;
import org.alexnet.formats.OutputFile;
import org.alexnet.formats.Trained;
import org.alexnet.formats.onnx.message.Graph;
import org.alexnet.formats.protobuf.ProtobufWriter;
import org.alexnet.inference.TrainedWeights;
import org.alexnet.model.Models;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.Initial;
import org.alexnet.network.Input;
import org.alexnet.network.Layer;
import org.alexnet.network.Network;
import org.alexnet.network.Normalization;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Nodes as other programs write them: ONNX Runtime has the scores of the network that is read. */
class OtherGraphsTest {
  private static final int EDGE = 9;
  private static final ParameterSpec SPEC = ParameterSpec.of(new Initial.UniformFanIn(1));

  @TempDir Path dir;

  /** Writes nodes that read {@code x}, and says what a fully-connected layer reads of them. */
  private interface Body {
    Read write(Graph graph);
  }

  /** A tensor and how many numbers an image it has. */
  private record Read(String tensor, long numbers) {}

  private record Case(String name, List<String> layers, Body body) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static float[] ramp(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (i * 7 % 64 - 32) / 64f;
    }
    return values;
  }

  private static final List<Long> SQUARE = List.of(3L, 3L);

  private static void conv(Graph graph, String output, String input) {
    graph.tensor(output + ".weight", List.of(4L, 3L, 3L, 3L), () -> ramp(108));
    graph.node("Conv", output, input, output + ".weight").integers("kernel_shape", SQUARE);
  }

  private static Case activation(String type, String layer) {
    return new Case(
        type,
        List.of("c1 Convolution", "y " + layer),
        graph -> {
          conv(graph, "c1", "x");
          graph.node(type, "y", "c1");
          return new Read("y", 196);
        });
  }

  /** As PyTorch's exporter writes nn.LocalResponseNorm. */
  private static Read responseNorm(Graph graph) {
    graph.node("Mul", "squares", "x", "x");
    graph.node("Reshape", "planes", "squares", graph.integers("s", List.of(-1L, 1L, 3L, 9L, 9L)));
    List<Long> pads = List.of(0L, 0L, 1L, 0L, 0L, 0L, 0L, 1L, 0L, 0L);
    graph.node("Pad", "padded", "planes", graph.integers("p", pads));
    graph
        .node("AveragePool", "means", "padded")
        .integers("kernel_shape", List.of(3L, 1L, 1L))
        .integers("strides", List.of(1L, 1L, 1L))
        .integers("pads", List.of(0L, 0L, 0L, 0L, 0L, 0L))
        .integer("count_include_pad", 1);
    graph.node("Squeeze", "maps", "means", graph.integers("a", List.of(1L)));
    graph.node("Mul", "scaled", "maps", graph.scalar("alpha", 0.02f));
    graph.node("Add", "sum", "scaled", graph.scalar("k", 2));
    graph.node("Pow", "power", "sum", graph.scalar("beta", 0.75f));
    graph.node("Div", "y", "x", "power");
    return new Read("y", 243);
  }

  private static Read branches(Graph graph) {
    conv(graph, "c1", "x");
    conv(graph, "c2", "x");
    graph.node("Mul", "half", graph.scalar("h", 0.5f), "c1");
    graph.node("Sub", "less", "half", "c2");
    graph.node("Add", "more", "c1", "less");
    graph.node("Mul", "thrice", "c2", graph.scalar("t", 3));
    graph.node("Add", "sum", "more", "thrice");
    graph.node("Add", "twice", "sum", "sum");
    graph.node("Concat", List.of("twice", "c1"), List.of("y")).integer("axis", -3);
    return new Read("y", 392);
  }

  private static Read biases(Graph graph) {
    conv(graph, "c1", "x");
    graph.tensor("b1", List.of(1L, 4L, 1L, 1L), () -> ramp(4));
    graph.node("Add", "biased", "c1", "b1");
    graph.tensor("b2", List.of(4L, 7L, 7L), () -> ramp(196));
    graph.node("Add", "y", "b2", "biased");
    return new Read("y", 196);
  }

  static Stream<Case> cases() {
    return Stream.of(
        activation("Sigmoid", "Logistic"),
        activation("Abs", "AbsoluteValue"),
        activation("Softplus", "Softplus"),
        new Case("LRN of PyTorch", List.of("y LocalResponseNorm"), OtherGraphsTest::responseNorm),
        new Case(
            "branches",
            List.of(
                "c1 Convolution",
                "c2 Convolution",
                "half Sum",
                "less Sum",
                "sum Sum",
                "twice Sum",
                "y Concatenation"),
            OtherGraphsTest::branches),
        new Case("biases", List.of("c1 Convolution", "y PositionBias"), OtherGraphsTest::biases),
        new Case(
            "power",
            List.of("y Square"),
            graph -> {
              graph.node("Pow", "y", "x", graph.scalar("two", 2));
              return new Read("y", 243);
            }),
        new Case(
            "means of maps",
            List.of("m Pooling"),
            graph -> {
              graph
                  .node("ReduceMean", "m", "x")
                  .integers("axes", List.of(-1L, -2L))
                  .integer("keepdims", 1);
              graph.node("Reshape", "y", "m", graph.integers("s", List.of(0L, 3L)));
              return new Read("y", 3);
            }),
        new Case(
            "global pools",
            List.of("m Pooling", "n Pooling", "j Concatenation"),
            graph -> {
              graph.node("GlobalAveragePool", "m", "x");
              graph.node("GlobalMaxPool", "n", "x");
              graph.node("Concat", List.of("m", "n"), List.of("j")).integer("axis", 1);
              graph.node("Squeeze", "y", "j", graph.integers("a", List.of(2L, 3L)));
              return new Read("y", 6);
            }),
        new Case(
            "slices",
            List.of("f HorizontalFlip", "y Subsample"),
            graph -> {
              String[] flip = {
                "x",
                graph.integers("s1", List.of(8L)),
                graph.integers("e1", List.of(-100L)),
                graph.integers("a1", List.of(-1L)),
                graph.integers("t1", List.of(-1L))
              };
              graph.node("Slice", "f", flip);
              String[] every = {
                "f",
                graph.integers("s2", List.of(0L, 0L)),
                graph.integers("e2", List.of(9L, Long.MAX_VALUE)),
                graph.integers("a2", List.of(2L, 3L)),
                graph.integers("t2", List.of(2L, 2L))
              };
              graph.node("Slice", "y", every);
              return new Read("y", 75);
            }));
  }

  private Path write(Body body) throws IOException {
    Graph graph = new Graph();
    graph.tensor("scale", List.of(1L, 3L, 1L, 1L), () -> new float[] {.125f, .125f, .125f});
    graph.tensor("mean", List.of(1L, 3L, 1L, 1L), () -> new float[] {14, 15, 16});
    graph.node("Mul", "pixels", "input", "scale");
    graph.node("Sub", "x", "pixels", "mean");
    Read read = body.write(graph);
    graph.node("Flatten", "flat", read.tensor);
    graph.tensor("w", List.of(read.numbers, 5L), () -> ramp((int) read.numbers * 5));
    graph.tensor("b", List.of(5L), () -> ramp(5));
    graph.node("MatMul", "product", "flat", "w");
    graph.node("Add", "logits", "product", "b");
    ProtobufWriter whole =
        graph.write(
            "g",
            List.of(Graph.value("input", 0, List.of(3, EDGE, EDGE))),
            List.of(Graph.value("logits", 0, List.of(5))));
    ProtobufWriter operators = new ProtobufWriter().text(1, "").integer(2, 13);
    Path file = dir.resolve("other.onnx");
    try (OutputFile out = new OutputFile(file)) {
      new ProtobufWriter()
          .integer(1, 7)
          .text(2, "a test")
          .message(7, whole)
          .message(8, operators)
          .write(out);
      out.complete();
    }
    return file;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void theyAreRead(Case other) throws IOException, OrtException {
    Path file = write(other.body);
    Path run = dir.resolve("run");
    Import.of(List.of(file)).run(run);
    Input input;
    try (TrainedWeights read = TrainedWeights.open(run)) {
      input = read.network().input();
      List<Layer> layers = read.network().layers();
      assertEquals(
          other.layers,
          layers.subList(0, layers.size() - 2).stream()
              .map(layer -> layer.name() + " " + layer.getClass().getSimpleName())
              .toList());
    }
    assertEquals(
        new Normalization.ChannelMeans(.125f, List.of(112f, 120f, 128f)), input.normalization());
    Network alike =
        Network.chain(
            "alike",
            input,
            List.of(
                new FullyConnected("fc", 5, 1, SPEC, SPEC), new SoftmaxCrossEntropy("softmax")));
    Trained images = new Trained(alike, dir);
    OnnxRuntime.assertClose(
        images.scores(run),
        OnnxRuntime.run(file, images.pixels(), images.shape()).get("logits"),
        other.name);
  }

  private void refused(String message, Body body) throws IOException {
    Path file = write(body);
    AlexNetException e = assertThrows(AlexNetException.class, () -> Models.named(file.toString()));
    assertEquals("%s: layer y: %s is required.".formatted(file, message), e.getMessage());
  }

  private static Read sliced(Graph graph, long start, long end, long axis, long step) {
    List<String> inputs = new ArrayList<>(List.of("x"));
    inputs.add(graph.integers("s", List.of(start, start)));
    inputs.add(graph.integers("e", List.of(end, end)));
    inputs.add(graph.integers("a", List.of(2L, axis)));
    inputs.add(graph.integers("t", List.of(step, step)));
    graph.node("Slice", inputs, List.of("y"));
    return new Read("y", 3);
  }

  @Test
  void twoNodesOfOneTensor() throws IOException {
    Path file =
        write(
            graph -> {
              graph.node("Relu", "y", "x");
              graph.node("Relu", "y", "x");
              return new Read("y", 243);
            });
    AlexNetException e = assertThrows(AlexNetException.class, () -> Models.named(file.toString()));
    assertEquals(file + ": layer y: another node makes y too.", e.getMessage());
  }

  /** The file is at fault, not whoever uses the network. */
  @Test
  void layersThatDoNotFitTogether() throws IOException {
    Path file =
        write(
            graph -> {
              conv(graph, "c1", "x");
              graph.node("Add", "y", "x", "c1");
              return new Read("y", 243);
            });
    AlexNetException e = assertThrows(AlexNetException.class, () -> Models.named(file.toString()));
    assertEquals(
        file
            + ": layer y: its inputs are 1x3x9x9 and 1x4x7x7 for an image; they must be of one"
            + " shape.",
        e.getMessage());
    e = assertThrows(AlexNetException.class, () -> Models.inFile(file));
    assertTrue(e.getMessage().startsWith(file + ": layer y: its inputs are"), e.getMessage());
  }

  @Test
  void whatThisProgramHasNotIsRefused() throws IOException {
    refused(
        "a part from [1, 1] to [8, 8] of axes [2,...; every 1 from 0 to the end",
        graph -> sliced(graph, 1, 8, 3, 1));
    refused(
        "a part from [0, 0] to [8, 8] of axes [2,...; every 2 from 0 to the end",
        graph -> sliced(graph, 0, 8, 3, 2));
    refused(
        "a part from [0, 0] to [9, 9] of axes [2,...; a mirrored image, or the same of rows and"
            + " columns,",
        graph -> sliced(graph, 0, 9, 1, 1));
    refused(
        "axis 2; axis 1, the channels,",
        graph -> {
          graph.node("Concat", List.of("x", "x"), List.of("y")).integer("axis", 2);
          return new Read("y", 486);
        });
    refused(
        "parts of [1, 2] channels; as many in each",
        graph -> {
          String sizes = graph.integers("sizes", List.of(1L, 2L));
          graph.node("Split", List.of("x", sizes), List.of("y", "z")).integer("axis", 1);
          return new Read("y", 81);
        });
    refused(
        "a power of 3.0; the square",
        graph -> {
          graph.node("Pow", "y", "x", graph.scalar("three", 3));
          return new Read("y", 243);
        });
    refused(
        "a product of layers; one with a number",
        graph -> {
          graph.node("Relu", "r", "x");
          graph.node("Mul", "y", "x", "r");
          return new Read("y", 243);
        });
    refused(
        "a mean over axes [1, 2]; one over rows and columns",
        graph -> {
          graph.node("ReduceMean", "y", "x").integers("axes", List.of(1L, 2L));
          return new Read("y", 9);
        });
    refused(
        "Unsqueeze of axes [2, 3]; one of rows and columns of a single pixel",
        graph -> {
          graph.node("Unsqueeze", "y", "x", graph.integers("a", List.of(2L, 3L)));
          return new Read("y", 243);
        });
    refused(
        "a sum with a tensor [9]; a tensor [channels, 9, 9]",
        graph -> {
          graph.node("Relu", "r", "x");
          graph.tensor("row", List.of(9L), () -> ramp(9));
          graph.node("Add", "y", "r", "row");
          return new Read("y", 243);
        });
  }
}
