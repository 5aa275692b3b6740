package org.alexnet.formats.convnet;

import java.util.ArrayList;
import java.util.List;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.Node;

/**
 * The parts of the last layer on several GPUs: fully-connected layers of the same inputs, whose
 * outputs are joined for softmax. They are one layer, by the name of what joins them.
 */
final class Classifiers {
  private final Graph graph;
  private final Section softmax;

  Classifiers(Graph graph, Section softmax) {
    this.graph = graph;
    this.softmax = softmax;
  }

  /**
   * The one layer.
   *
   * @param concatenation the node that joins the parts
   */
  Node joined(Node concatenation) {
    List<Node> parts = new ArrayList<>();
    concatenation.inputs().forEach(name -> parts.add(graph.node(name)));
    if (!(parts.getFirst().layer() instanceof FullyConnected first)) {
      throw unlike();
    }
    int outputs = 0;
    for (Node part : parts) {
      if (!(part.layer() instanceof FullyConnected fc)
          || !part.inputs().equals(parts.getFirst().inputs())
          || !fc.weight().equals(first.weight())
          || !fc.bias().equals(first.bias())) {
        throw unlike();
      }
      outputs = Math.addExact(outputs, fc.outputs());
      graph.nodes().remove(part);
    }
    FullyConnected whole =
        new FullyConnected(concatenation.name(), outputs, 1, first.weight(), first.bias());
    return new Node(whole, parts.getFirst().inputs(), concatenation.column());
  }

  private RuntimeException unlike() {
    return softmax.wrong(
        "inputs",
        "are joined of what must be layers of type fc of the same inputs, learning alike");
  }
}
