package org.alexnet.formats.onnx.message;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.alexnet.InvalidNetworkException;
import org.alexnet.formats.MappedFile;
import org.alexnet.formats.StridedTensor;
import org.alexnet.formats.protobuf.ProtobufReader;

/**
 * A ModelProto: its graph as it stands in the file. What lies in files beside it is mapped as well.
 */
public final class OnnxFile implements AutoCloseable {
  /** More nodes than any network of this family has. */
  private static final int MOST_NODES = 10_000;

  private static final int MOST_EXTENT = 1 << 24;

  /**
   * A node.
   *
   * @param name perhaps empty
   * @param inputs names of tensors; an empty one is left out
   * @param reals attributes that are numbers, and likewise the others
   */
  public record Node(
      String type,
      String name,
      List<String> inputs,
      List<String> outputs,
      Map<String, Float> reals,
      Map<String, Long> integers,
      Map<String, String> texts,
      Map<String, List<Long>> lists) {

    /** What is wrong with it. */
    public InvalidNetworkException no(String got, String required) {
      return new InvalidNetworkException(
          name.isEmpty() ? outputs.getFirst() : name,
          "%s; %s is required".formatted(InvalidNetworkException.shortened(got), required));
    }

    public void require(boolean good, String got, String required) {
      if (!good) {
        throw no(got, required);
      }
    }

    /** A number of pixels, filters or outputs. */
    public int extent(long value) {
      require(value >= 1 && value <= MOST_EXTENT, "an extent of " + value, "1 or more");
      return (int) value;
    }
  }

  public final MappedFile file;
  public final List<Node> nodes = new ArrayList<>();

  /** Tensors that are given: initializers, and what Constant nodes make. */
  public final Map<String, StridedTensor> tensors = new LinkedHashMap<>();

  /** What a tensor of whole numbers holds. */
  public final Map<String, List<Long>> numbers = new HashMap<>();

  /** Extents of each input; -1 for one that is free. */
  public final Map<String, List<Long>> inputs = new LinkedHashMap<>();

  /** Likewise of what the graph gives. */
  public final Map<String, List<Long>> outputs = new LinkedHashMap<>();

  public final Map<String, String> metadata = new HashMap<>();
  private final TensorReader reader;

  private OnnxFile(MappedFile file) {
    this.file = file;
    this.reader = new TensorReader(file);
  }

  /** Reads a mapped file, which is closed with this or, if it is damaged, at once. */
  public static OnnxFile of(MappedFile file) {
    OnnxFile onnx = new OnnxFile(file);
    try {
      onnx.model(new ProtobufReader(file, "a ModelProto", file.bytes()));
      return onnx;
    } catch (RuntimeException | Error e) {
      onnx.close();
      throw e;
    }
  }

  private void model(ProtobufReader model) {
    boolean found = false;
    while (model.next()) {
      if (model.field() == Fields.MODEL_GRAPH) {
        found = true;
        graph(model.message("a GraphProto"));
      } else if (model.field() == Fields.MODEL_METADATA) {
        entry(model.message("a property"), metadata);
      }
    }
    if (!found) {
      throw file.wrong("it begins as a file of ONNX and has no graph: it is cut short or damaged");
    }
    inputs.keySet().removeAll(tensors.keySet()); // initializers were inputs too until IR version 4
    inputs.keySet().removeAll(numbers.keySet());
  }

  static void entry(ProtobufReader entry, Map<String, String> into) {
    String key = "";
    String value = "";
    while (entry.next()) {
      switch (entry.field()) {
        case Fields.ENTRY_KEY -> key = entry.text();
        case Fields.ENTRY_VALUE -> value = entry.text();
        default -> {}
      }
    }
    into.put(key, value);
  }

  private void graph(ProtobufReader graph) {
    while (graph.next()) {
      switch (graph.field()) {
        case Fields.GRAPH_NODE -> node(graph.message("a NodeProto"));
        case Fields.GRAPH_INITIALIZER -> tensor(graph.message("a TensorProto"), null);
        case Fields.GRAPH_INPUT -> value(graph.message("a ValueInfoProto"), inputs);
        case Fields.GRAPH_OUTPUT -> value(graph.message("a ValueInfoProto"), outputs);
        default -> {} // its name, and what it says of tensors between
      }
    }
  }

  private void tensor(ProtobufReader message, String output) {
    TensorReader.Read read = reader.read(message);
    String name = output == null ? read.name() : output;
    if (tensors.containsKey(name) || numbers.containsKey(name)) {
      throw file.wrong("it has two tensors called " + MappedFile.shown(name));
    }
    if (read.numbers() != null) {
      numbers.put(name, read.numbers());
    } else {
      tensors.put(name, read.tensor());
    }
  }

  private void node(ProtobufReader message) {
    if (nodes.size() == MOST_NODES) {
      throw file.wrong("its graph has more than %,d nodes".formatted(MOST_NODES));
    }
    String type = "";
    String name = "";
    Node node =
        new Node(
            "",
            "",
            new ArrayList<>(),
            new ArrayList<>(),
            new HashMap<>(),
            new HashMap<>(),
            new HashMap<>(),
            new HashMap<>());
    List<ProtobufReader> constants = new ArrayList<>();
    while (message.next()) {
      switch (message.field()) {
        case Fields.NODE_INPUT -> node.inputs.add(message.text());
        case Fields.NODE_OUTPUT -> node.outputs.add(message.text());
        case Fields.NODE_NAME -> name = message.text();
        case Fields.NODE_TYPE -> type = message.text();
        case Fields.NODE_ATTRIBUTE ->
            attribute(message.message("an AttributeProto"), node, constants);
        default -> {}
      }
    }
    if (node.outputs.isEmpty()) {
      throw file.wrong("its node %s makes nothing".formatted(MappedFile.shown(name)));
    }
    if (type.equals("Constant") && constants.size() == 1) {
      tensor(constants.getFirst(), node.outputs.getFirst());
      return;
    }
    nodes.add(
        new Node(
            type,
            name,
            node.inputs,
            node.outputs,
            node.reals,
            node.integers,
            node.texts,
            node.lists));
  }

  private static void attribute(ProtobufReader message, Node node, List<ProtobufReader> constants) {
    String name = "";
    Float real = null;
    Long integer = null;
    String text = null;
    List<Long> list = new ArrayList<>();
    while (message.next()) {
      switch (message.field()) {
        case Fields.ATTRIBUTE_NAME -> name = message.text();
        case Fields.ATTRIBUTE_FLOAT -> real = message.real();
        case Fields.ATTRIBUTE_INTEGER -> integer = message.integer();
        case Fields.ATTRIBUTE_TEXT -> text = message.text();
        case Fields.ATTRIBUTE_TENSOR -> constants.add(message.message("a TensorProto"));
        case Fields.ATTRIBUTE_INTEGERS -> message.integers(list::add);
        default -> {}
      }
    }
    if (real != null) {
      node.reals.put(name, real);
    }
    if (integer != null) {
      node.integers.put(name, integer);
    }
    if (text != null) {
      node.texts.put(name, text);
    }
    if (!list.isEmpty()) {
      node.lists.put(name, list);
    }
  }

  private static void value(ProtobufReader message, Map<String, List<Long>> into) {
    String name = "";
    List<Long> extents = new ArrayList<>();
    while (message.next()) {
      switch (message.field()) {
        case Fields.VALUE_NAME -> name = message.text();
        case Fields.VALUE_TYPE ->
            within(
                message.message("a TypeProto"),
                Fields.TYPE_TENSOR,
                tensor ->
                    within(
                        tensor,
                        Fields.TENSOR_TYPE_SHAPE,
                        shape -> within(shape, Fields.SHAPE_DIM, dim -> extents.add(extent(dim)))));
        default -> {}
      }
    }
    into.put(name, extents);
  }

  private static void within(ProtobufReader message, int field, Consumer<ProtobufReader> each) {
    while (message.next()) {
      if (message.field() == field) {
        each.accept(message.message("a part of a TypeProto"));
      }
    }
  }

  private static long extent(ProtobufReader dim) {
    long extent = -1;
    while (dim.next()) {
      if (dim.field() == Fields.DIM_VALUE) {
        extent = dim.integer();
      }
    }
    return extent;
  }

  @Override
  public void close() {
    reader.close();
    file.close();
  }
}
