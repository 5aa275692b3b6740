package org.alexnet.formats.onnx;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.alexnet.UsageException;
import org.alexnet.exchange.ModelWriter;
import org.alexnet.exchange.TrainedNetwork;
import org.alexnet.formats.OutputFile;
import org.alexnet.formats.onnx.message.Fields;
import org.alexnet.formats.onnx.message.Graph;
import org.alexnet.formats.protobuf.ProtobufWriter;
import org.alexnet.network.Input;
import org.alexnet.network.Network;
import org.alexnet.tensor.FloatTensor;

/**
 * Writes a network as a graph of ONNX, operator set 13: input {@code input}, outputs {@code logits}
 * and {@code probabilities}. What becomes of pixels is the beginning of the graph.
 */
public final class OnnxWriter implements ModelWriter {
  /** Of the file's form, and of its operators: what ONNX Runtime reads since version 1.8. */
  private static final int IR_VERSION = 7;

  private static final int OPSET = 13;

  static final String INPUT = "input";
  static final String LOGITS = "logits";
  static final String PROBABILITIES = "probabilities";
  static final String CLASS_NAMES = "class_names";

  /** For {@link java.util.ServiceLoader}. */
  public OnnxWriter() {}

  @Override
  public String name() {
    return "ONNX";
  }

  @Override
  public String extension() {
    return ".onnx";
  }

  @Override
  public List<String> write(TrainedNetwork trained, Path out, Options options) {
    if (options.names() != ParameterNames.USUAL && options.names() != ParameterNames.OWN) {
      throw new UsageException(
          "The parameters of an ONNX file have the names of the network's layers, no others.");
    }
    Network network = trained.network();
    Graph graph = new Graph();
    String data = options.raw() ? INPUT : normalized(trained, graph);
    new GraphWriter(trained, graph, data).write();
    Input input = network.input();
    ProtobufWriter whole =
        graph.write(
            network.name(),
            List.of(
                Graph.value(
                    INPUT, options.batch(), List.of(input.channels(), input.size(), input.size()))),
            List.of(
                Graph.value(LOGITS, options.batch(), List.of(network.classes())),
                Graph.value(PROBABILITIES, options.batch(), List.of(network.classes()))));
    ProtobufWriter model =
        new ProtobufWriter()
            .integer(Fields.MODEL_IR_VERSION, IR_VERSION)
            .text(Fields.MODEL_PRODUCER, "alexnet")
            .message(Fields.MODEL_GRAPH, whole)
            .message(
                Fields.MODEL_OPSET,
                new ProtobufWriter()
                    .text(Fields.OPSET_DOMAIN, "")
                    .integer(Fields.OPSET_VERSION, OPSET));
    if (!options.raw()) {
      note(model, "stored", Integer.toString(input.stored()));
      note(model, "resize", input.resize().name().toLowerCase(Locale.ROOT));
    }
    if (!trained.classNames().isEmpty()) {
      ArrayNode names = JsonNodeFactory.instance.arrayNode();
      trained.classNames().forEach(names::add);
      note(model, CLASS_NAMES, names.toString());
    }
    try (OutputFile file = new OutputFile(out)) {
      model.write(file);
      file.complete();
    }
    return lost(options);
  }

  private static void note(ProtobufWriter model, String key, String value) {
    model.message(
        Fields.MODEL_METADATA,
        new ProtobufWriter().text(Fields.ENTRY_KEY, key).text(Fields.ENTRY_VALUE, value));
  }

  private static List<String> lost(Options options) {
    List<String> lost = new ArrayList<>();
    lost.add(
        "A graph says nothing of training: initial values, learning rates and columns are not"
            + " kept.");
    lost.add(
        options.raw()
            ? "The graph reads what is left of pixels after scaling and subtracting the mean; what"
                + " that is, is not kept."
            : "The graph reads pixels 0..255, red, green, blue; how pictures are brought to that"
                + " size is noted for this program alone.");
    return lost;
  }

  /** Scales pixels and subtracts the mean, in this program's own order. */
  private static String normalized(TrainedNetwork trained, Graph graph) {
    FloatTensor mean = trained.requireMean();
    List<Float> scales = trained.network().input().scales();
    float[] factors = new float[scales.size()];
    for (int c = 0; c < factors.length; c++) {
      factors[c] = scales.get(c);
    }
    List<Long> each = List.of(1L, (long) factors.length, 1L, 1L);
    List<Long> shape = new ArrayList<>(List.of(1L));
    shape.addAll(mean.shape());
    String scale = graph.tensor("input.scale", each, () -> factors);
    String subtracted = graph.tensor("input.mean", shape, mean::values);
    Input input = trained.network().input();
    if (mean.shape().get(1) > input.size()) { // the network looks at the centre of what is stored
      long crop = (input.stored() - input.size()) / 2;
      String starts = graph.integers("input.starts", List.of(crop, crop));
      String ends = graph.integers("input.ends", List.of(crop + input.size(), crop + input.size()));
      String axes = graph.integers("input.axes", List.of(2L, 3L));
      graph.node("Slice", "input.centre", subtracted, starts, ends, axes);
      subtracted = "input.centre";
    }
    graph.node("Mul", "input.scaled", INPUT, scale);
    graph.node("Sub", "input.normalized", "input.scaled", subtracted);
    return "input.normalized";
  }
}
