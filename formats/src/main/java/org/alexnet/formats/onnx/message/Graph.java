package org.alexnet.formats.onnx.message;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.alexnet.formats.protobuf.ProtobufWriter;

/** A graph that is being written: nodes in their order, and tensors that they read. */
public final class Graph {
  private final List<ProtobufWriter> nodes = new ArrayList<>();
  private final List<ProtobufWriter> initializers = new ArrayList<>();

  /** A node that is being described. */
  public final class NodeWriter {
    private final ProtobufWriter node = new ProtobufWriter();

    public NodeWriter real(String name, float value) {
      return attribute(
          new ProtobufWriter()
              .text(Fields.ATTRIBUTE_NAME, name)
              .real(Fields.ATTRIBUTE_FLOAT, value)
              .integer(Fields.ATTRIBUTE_TYPE, Fields.TYPE_FLOAT));
    }

    public NodeWriter integer(String name, long value) {
      return attribute(
          new ProtobufWriter()
              .text(Fields.ATTRIBUTE_NAME, name)
              .integer(Fields.ATTRIBUTE_INTEGER, value)
              .integer(Fields.ATTRIBUTE_TYPE, Fields.TYPE_INTEGER));
    }

    public NodeWriter integers(String name, List<Long> values) {
      ProtobufWriter attribute = new ProtobufWriter().text(Fields.ATTRIBUTE_NAME, name);
      values.forEach(value -> attribute.integer(Fields.ATTRIBUTE_INTEGERS, value));
      return attribute(attribute.integer(Fields.ATTRIBUTE_TYPE, Fields.TYPE_INTEGERS));
    }

    public NodeWriter attribute(ProtobufWriter attribute) {
      node.message(Fields.NODE_ATTRIBUTE, attribute);
      return this;
    }
  }

  /** Begins a node of one output; the names of attributes may follow. */
  public NodeWriter node(String type, String output, String... inputs) {
    return node(type, List.of(inputs), List.of(output));
  }

  public NodeWriter node(String type, List<String> inputs, List<String> outputs) {
    NodeWriter writer = new NodeWriter();
    inputs.forEach(input -> writer.node.text(Fields.NODE_INPUT, input));
    outputs.forEach(output -> writer.node.text(Fields.NODE_OUTPUT, output));
    writer.node.text(Fields.NODE_NAME, outputs.getFirst()).text(Fields.NODE_TYPE, type);
    nodes.add(writer.node);
    return writer;
  }

  /** A tensor of single precision, whose values are asked for when they are written. */
  public String tensor(String name, List<Long> shape, Supplier<float[]> values) {
    long count = shape.stream().reduce(1L, Math::multiplyExact);
    initializers.add(
        new ProtobufWriter()
            .integers(Fields.TENSOR_DIMS, shape)
            .integer(Fields.TENSOR_TYPE, Fields.ELEMENT_FLOAT)
            .text(Fields.TENSOR_NAME, name)
            .floats(Fields.TENSOR_RAW, count, values));
    return name;
  }

  public String scalar(String name, float value) {
    return tensor(name, List.of(), () -> new float[] {value});
  }

  public String integers(String name, List<Long> values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Long.BYTES * values.size()).order(ByteOrder.LITTLE_ENDIAN);
    values.forEach(bytes::putLong);
    initializers.add(
        new ProtobufWriter()
            .integers(Fields.TENSOR_DIMS, List.of((long) values.size()))
            .integer(Fields.TENSOR_TYPE, Fields.ELEMENT_INT64)
            .text(Fields.TENSOR_NAME, name)
            .bytes(Fields.TENSOR_RAW, bytes.array()));
    return name;
  }

  /**
   * An input or output of single precision.
   *
   * @param batch images; 0 for any number
   * @param rest the other extents
   */
  public static ProtobufWriter value(String name, int batch, List<Integer> rest) {
    ProtobufWriter images = new ProtobufWriter();
    if (batch == 0) {
      images.text(Fields.DIM_NAME, "N");
    } else {
      images.integer(Fields.DIM_VALUE, batch);
    }
    ProtobufWriter shape = new ProtobufWriter().message(Fields.SHAPE_DIM, images);
    for (int extent : rest) {
      shape.message(Fields.SHAPE_DIM, new ProtobufWriter().integer(Fields.DIM_VALUE, extent));
    }
    ProtobufWriter tensor =
        new ProtobufWriter()
            .integer(Fields.TENSOR_TYPE_ELEMENT, Fields.ELEMENT_FLOAT)
            .message(Fields.TENSOR_TYPE_SHAPE, shape);
    return new ProtobufWriter()
        .text(Fields.VALUE_NAME, name)
        .message(Fields.VALUE_TYPE, new ProtobufWriter().message(Fields.TYPE_TENSOR, tensor));
  }

  /** The whole graph. */
  public ProtobufWriter write(
      String name, List<ProtobufWriter> inputs, List<ProtobufWriter> outputs) {
    ProtobufWriter graph = new ProtobufWriter();
    nodes.forEach(node -> graph.message(Fields.GRAPH_NODE, node));
    graph.text(Fields.GRAPH_NAME, name);
    initializers.forEach(tensor -> graph.message(Fields.GRAPH_INITIALIZER, tensor));
    inputs.forEach(input -> graph.message(Fields.GRAPH_INPUT, input));
    outputs.forEach(output -> graph.message(Fields.GRAPH_OUTPUT, output));
    return graph;
  }
}
