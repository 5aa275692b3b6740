package org.alexnet.formats.onnx;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alexnet.InvalidNetworkException;
import org.alexnet.formats.StridedTensor;
import org.alexnet.formats.onnx.message.OnnxFile;
import org.alexnet.tensor.DType;

/**
 * Which node makes a tensor, and whether one node alone reads it. Each question is answered with
 * null where the answer is no, and where it is asked of null.
 */
final class GraphIndex {
  private final OnnxFile onnx;
  private final Map<String, OnnxFile.Node> makers = new HashMap<>();
  private final Map<String, Integer> readers = new HashMap<>();

  GraphIndex(OnnxFile onnx) {
    this.onnx = onnx;
    for (OnnxFile.Node node : onnx.nodes) {
      for (String output : node.outputs()) {
        if (!output.isEmpty() && makers.put(output, node) != null) {
          throw new InvalidNetworkException(
              node.name().isEmpty() ? output : node.name(),
              "another node makes %s too".formatted(InvalidNetworkException.shortened(output)));
        }
      }
      node.inputs().stream().distinct().forEach(input -> readers.merge(input, 1, Integer::sum));
    }
    onnx.outputs.keySet().forEach(output -> readers.merge(output, 1, Integer::sum));
  }

  /** The node of a type that makes a tensor for one node alone. */
  OnnxFile.Node maker(String tensor, String type) {
    OnnxFile.Node node = makers.get(tensor);
    return node != null
            && node.type().equals(type)
            && node.outputs().size() == 1
            && readers.getOrDefault(tensor, 0) == 1
        ? node
        : null;
  }

  /** The node of a type that makes one of another's inputs for that one alone. */
  OnnxFile.Node maker(OnnxFile.Node reader, String type) {
    if (reader != null) {
      for (String input : reader.inputs()) {
        OnnxFile.Node node = maker(input, type);
        if (node != null) {
          return node;
        }
      }
    }
    return null;
  }

  /** The one number that is given among the inputs of a node. */
  Float number(OnnxFile.Node reader) {
    if (reader != null) {
      for (String input : reader.inputs()) {
        Float number = number(input);
        if (number != null) {
          return number;
        }
      }
    }
    return null;
  }

  /** The one number of a given tensor of single precision. */
  Float number(String tensor) {
    StridedTensor given = given(tensor);
    return given != null && given.info().elements() == 1 ? Float.valueOf(given.floats()[0]) : null;
  }

  /** A given tensor of floating-point numbers. */
  StridedTensor given(String tensor) {
    StridedTensor given = onnx.tensors.get(tensor);
    return given != null && given.info().dtype() == DType.F32 ? given : null;
  }

  /** The input of a node of two that another tensor is not. */
  static String other(OnnxFile.Node node, String tensor) {
    List<String> inputs = node.inputs();
    return inputs.size() != 2 ? null : inputs.get(0).equals(tensor) ? inputs.get(1) : inputs.get(0);
  }

  /** Whole numbers: an attribute, or since a later operator set a given input. */
  List<Long> numbers(OnnxFile.Node node, String attribute, int input) {
    return node.inputs().size() > input
        ? onnx.numbers.get(node.inputs().get(input))
        : node.lists().get(attribute);
  }

  /** A shape that is broadcast over images, as [channels, height, width]. */
  static List<Long> image(List<Long> shape) {
    return shape.size() == 4 && shape.getFirst() == 1 ? shape.subList(1, 4) : shape;
  }
}
