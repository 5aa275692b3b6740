package org.alexnet.formats.convnet;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.alexnet.network.Concatenation;
import org.alexnet.network.Layer;
import org.alexnet.network.Network;
import org.alexnet.network.Node;

/** The nodes of a network while they are read, and what each of the file's layers gives. */
final class Graph {
  private static final int LONGEST_NAME = 64;

  /**
   * What a layer of the file gives.
   *
   * @param node the node it comes from, {@link Network#DATA} for the images
   * @param size rows and columns; 1 for outputs of fully-connected layers
   * @param flat whether these are numbers and no images
   */
  record Output(String node, int channels, int size, boolean flat) {
    Output by(String otherNode) {
      return new Output(otherNode, channels, size, flat);
    }

    boolean joins(Output other) {
      return size == other.size && flat == other.flat;
    }
  }

  private final List<Node> nodes = new ArrayList<>();
  private final Map<String, Output> outputs = new HashMap<>();

  /** Names of concatenations that are there, by what they join. */
  private final Map<List<String>, String> joined = new HashMap<>();

  /** Adds a node; its inputs are nodes. */
  void add(Layer layer, List<String> inputs, int column) {
    nodes.add(new Node(layer, inputs, column));
  }

  /** Takes a node away again, to be made otherwise. */
  Node remove(String name) {
    Node node = node(name);
    nodes.remove(node);
    return node;
  }

  Node node(String name) {
    return nodes.stream().filter(node -> node.name().equals(name)).findFirst().orElseThrow();
  }

  /** Says what a layer of the file gives. */
  void gives(String layer, Output output) {
    outputs.put(layer, output);
  }

  /** What a layer of the file gives; null where there is none. */
  Output output(String layer) {
    return outputs.get(layer);
  }

  List<Node> nodes() {
    return nodes;
  }

  /**
   * The channels of several outputs in the order in which those stand in the file. Whoever reads
   * the same reads one concatenation.
   *
   * @param reader for its name, where what it joins makes none
   */
  Output join(String reader, List<Output> inputs, int column) {
    if (inputs.size() == 1) {
      return inputs.getFirst();
    }
    List<String> names = nodes.stream().map(Node::name).collect(Collectors.toList());
    names.addFirst(Network.DATA);
    List<String> ordered =
        inputs.stream()
            .map(Output::node)
            .sorted((a, b) -> Integer.compare(names.indexOf(a), names.indexOf(b)))
            .toList();
    String name = joined.get(ordered);
    if (name == null) {
      String whole = String.join("_", ordered);
      name = whole.length() > LONGEST_NAME || names.contains(whole) ? reader + "_inputs" : whole;
      add(new Concatenation(name), ordered, column);
      joined.put(ordered, name);
    }
    int channels = inputs.stream().mapToInt(Output::channels).reduce(0, Math::addExact);
    return new Output(name, channels, inputs.getFirst().size(), inputs.getFirst().flat());
  }
}
