package org.alexnet.network;

import static org.alexnet.InvalidNetworkException.require;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.alexnet.InvalidNetworkException;

/**
 * A network: its input and its layers, the loss last. Most are chains, in which each layer reads
 * the one before it; in others a layer names what it reads.
 *
 * @param name what users call it, such as {@code alexnet-32}; runs without a folder of their own
 *     are named by it
 * @param input what the first layer reads
 * @param nodes layers and what they read, each after all that it reads; every name is there once
 */
public record Network(String name, Input input, List<Node> nodes) {
  /** What a layer names to read the images. */
  public static final String DATA = "data";

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
  private static final Pattern LAYER_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,63}");

  /** Names of tensors of every program. */
  private static final Set<String> RESERVED =
      Set.of(DATA, "labels", "logits", "probabilities", "loss", "finite");

  /**
   * Checks the names of the network and its layers, what each reads, and that it ends in a
   * classifier and its loss. A node that names the layer before it alone is kept without the name,
   * so that equal networks are equal records.
   *
   * @throws InvalidNetworkException naming the layer and the field that is not allowed
   */
  public Network {
    require(
        NAME.matcher(name).matches(),
        null,
        "name",
        name,
        "up to 64 letters, digits, dots, dashes and underscores, a letter or digit first");
    int last = nodes.size() - 1;
    if (last < 1
        || !(nodes.get(last).layer() instanceof SoftmaxCrossEntropy)
        || !(nodes.get(last - 1).layer() instanceof FullyConnected)) {
      throw new InvalidNetworkException(
          null,
          "the last two layers must be a fully-connected one, whose outputs are the classes, and"
              + " the softmax loss");
    }
    requireNames(nodes);
    nodes = withoutNamesOfTheLayerBefore(nodes);
    requireInputs(nodes);
  }

  /**
   * A chain.
   *
   * @param name what users call it
   * @param input what the first layer reads
   * @param layers from the first to the loss, each reading the one before it
   * @return the network
   */
  public static Network chain(String name, Input input, List<? extends Layer> layers) {
    return new Network(name, input, layers.stream().map(Node::new).toList());
  }

  private static void requireNames(List<Node> nodes) {
    Set<String> names = new HashSet<>();
    for (Node node : nodes) {
      String own = node.name();
      require(
          LAYER_NAME.matcher(own).matches() && !RESERVED.contains(own),
          own,
          "name",
          own,
          "up to 64 letters, digits, dashes and underscores, a letter or digit first, and none of"
              + " data, labels, logits, probabilities, loss, finite");
      if (!names.add(own)) {
        throw new InvalidNetworkException(own, "another layer has this name");
      }
      if (node.layer() instanceof SoftmaxCrossEntropy && node != nodes.getLast()) {
        throw new InvalidNetworkException(own, "there is one softmax loss, at the end");
      }
    }
  }

  private static List<Node> withoutNamesOfTheLayerBefore(List<Node> nodes) {
    List<Node> kept = new ArrayList<>();
    String before = DATA;
    for (Node node : nodes) {
      boolean named = !node.inputs().equals(List.of(before));
      kept.add(named ? node : new Node(node.layer(), List.of(), node.column()));
      before = node.name();
    }
    return List.copyOf(kept);
  }

  private static void requireInputs(List<Node> nodes) {
    Set<String> unread = new LinkedHashSet<>();
    Set<String> before = new LinkedHashSet<>(List.of(DATA));
    for (int i = 0; i < nodes.size(); i++) {
      String layer = nodes.get(i).name();
      List<String> inputs = sources(nodes, i);
      requireCount(nodes.get(i).layer(), inputs);
      for (String input : inputs) {
        if (!before.contains(input)) {
          boolean later = nodes.stream().anyMatch(node -> node.name().equals(input));
          throw InvalidNetworkException.of(
              layer,
              "inputs",
              later
                  ? "%s does not stand before it; a layer reads layers before it".formatted(input)
                  : "there is no layer %s".formatted(InvalidNetworkException.shortened(input)));
        }
      }
      unread.removeAll(inputs);
      unread.add(layer);
      before.add(layer);
    }
    unread.remove(nodes.getLast().name());
    if (!sources(nodes, nodes.size() - 1).equals(List.of(nodes.get(nodes.size() - 2).name()))) {
      throw InvalidNetworkException.of(
          nodes.getLast().name(), "inputs", "the loss reads the layer before it");
    }
    if (!unread.isEmpty()) {
      throw new InvalidNetworkException(
          unread.iterator().next(), "no layer reads it; take it out, or name it among the inputs");
    }
  }

  private static void requireCount(Layer layer, List<String> inputs) {
    if (layer instanceof Sum(String name, List<Float> coefficients)) {
      require(
          coefficients.size() == inputs.size(),
          name,
          "coefficients",
          coefficients,
          "as many as the inputs, %d".formatted(inputs.size()));
    }
    require(
        layer.joins() || inputs.size() == 1,
        layer.name(),
        "inputs",
        String.join(", ", inputs),
        "one layer; several are joined by a concatenation or a sum");
  }

  private static List<String> sources(List<Node> nodes, int index) {
    List<String> named = nodes.get(index).inputs();
    return named.isEmpty() ? List.of(index == 0 ? DATA : nodes.get(index - 1).name()) : named;
  }

  /** {@return the layers in their order, the loss last} */
  public List<Layer> layers() {
    return nodes.stream().map(Node::layer).toList();
  }

  /**
   * What a layer reads.
   *
   * @param index of the layer, from 0
   * @return names of layers before it, {@link #DATA} for the images; at least one
   */
  public List<String> sources(int index) {
    return sources(nodes, index);
  }

  /**
   * {@return names of the layers whose outputs are numbers and no images any more: a
   * fully-connected layer and all that follows one}
   */
  public Set<String> flat() {
    Set<String> flat = new HashSet<>();
    for (int i = 0; i < nodes.size(); i++) {
      Layer layer = nodes.get(i).layer();
      if (layer instanceof FullyConnected || sources(i).stream().anyMatch(flat::contains)) {
        flat.add(layer.name());
      }
    }
    return flat;
  }

  /** {@return the layer that produces the class scores, before the loss} */
  public FullyConnected classifier() {
    return (FullyConnected) nodes.get(nodes.size() - 2).layer();
  }

  /** {@return number of classes} */
  public int classes() {
    return classifier().outputs();
  }

  /**
   * {@return the most columns that a layer has or belongs to: how many devices the network can be
   * spread over}
   */
  public int columns() {
    return nodes.stream()
        .mapToInt(node -> Math.max(node.layer().columns(), node.column() + 1))
        .max()
        .orElse(1);
  }

  /**
   * {@return the same network with other layers in the places of its own}
   *
   * @param change makes of each layer one of the same name
   */
  public Network withLayers(UnaryOperator<Layer> change) {
    return new Network(
        name,
        input,
        nodes.stream()
            .map(node -> new Node(change.apply(node.layer()), node.inputs(), node.column()))
            .toList());
  }

  /**
   * {@return the same network with another number of outputs of the last fully-connected layer}
   *
   * @param classes at least 1
   */
  public Network withClasses(int classes) {
    FullyConnected last = classifier();
    return withLayers(layer -> layer == last ? last.withOutputs(classes) : layer);
  }

  /**
   * {@return the same network with no bias that starts from a constant above a bound}
   *
   * @param bound the largest constant that stays
   */
  public Network withBiasesAtMost(float bound) {
    return withLayers(
        layer ->
            switch (layer) {
              case Convolution conv -> conv.withBias(conv.bias().startingAtMost(bound));
              case LocallyConnected local -> local.withBias(local.bias().startingAtMost(bound));
              case PositionBias sum -> sum.withBias(sum.bias().startingAtMost(bound));
              case FullyConnected fc -> fc.withBias(fc.bias().startingAtMost(bound));
              case Pooling pool -> pool;
              case Relu relu -> relu;
              case Tanh tanh -> tanh;
              case Activation function -> function;
              case LocalResponseNorm norm -> norm;
              case ContrastNorm norm -> norm;
              case Blur blur -> blur;
              case Subsample sample -> sample;
              case HorizontalFlip flip -> flip;
              case ChannelSelection selection -> selection;
              case Dropout drop -> drop;
              case Concatenation join -> join;
              case Sum sum -> sum;
              case SoftmaxCrossEntropy loss -> loss;
            });
  }

  /**
   * {@return the same network without its dropout layers; what read one reads what that read. Its
   * evaluation scales nothing}
   */
  public Network withoutDropout() {
    List<Node> kept = new ArrayList<>();
    Map<String, String> instead = new HashMap<>();
    for (int i = 0; i < nodes.size(); i++) {
      Layer layer = nodes.get(i).layer();
      List<String> sources =
          sources(i).stream().map(source -> instead.getOrDefault(source, source)).toList();
      if (layer instanceof Dropout) {
        instead.put(layer.name(), sources.getFirst());
      } else {
        kept.add(new Node(layer, sources, nodes.get(i).column()));
      }
    }
    return new Network(name, input, kept);
  }
}
