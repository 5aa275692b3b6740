package org.alexnet.network;

import static org.alexnet.InvalidNetworkException.require;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.alexnet.InvalidNetworkException;

/**
 * A network: its input and the chain of layers that ends in a loss.
 *
 * @param name what users call it, such as {@code alexnet-32}; runs without a folder of their own
 *     are named by it
 * @param input what the first layer reads
 * @param layers from the first to the loss; every name is there once
 */
public record Network(String name, Input input, List<Layer> layers) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
  private static final Pattern LAYER_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,63}");

  /** Names of tensors of every program. */
  private static final Set<String> RESERVED =
      Set.of("data", "labels", "logits", "probabilities", "loss", "finite");

  /**
   * Checks the names of the network and its layers, and that it ends in a classifier and its loss.
   *
   * @throws InvalidNetworkException naming the layer and the field that is not allowed
   */
  public Network {
    layers = List.copyOf(layers);
    require(
        NAME.matcher(name).matches(),
        null,
        "name",
        name,
        "up to 64 letters, digits, dots, dashes and underscores, a letter or digit first");
    int last = layers.size() - 1;
    if (last < 1
        || !(layers.get(last) instanceof SoftmaxCrossEntropy)
        || !(layers.get(last - 1) instanceof FullyConnected)) {
      throw new InvalidNetworkException(
          null,
          "the last two layers must be a fully-connected one, whose outputs are the classes, and"
              + " the softmax loss");
    }
    Set<String> names = new HashSet<>();
    for (Layer layer : layers) {
      String own = layer.name();
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
      if (layer instanceof SoftmaxCrossEntropy && layer != layers.get(last)) {
        throw new InvalidNetworkException(own, "there is one softmax loss, at the end");
      }
    }
  }

  /** {@return the layer that produces the class scores, before the loss} */
  public FullyConnected classifier() {
    return (FullyConnected) layers.get(layers.size() - 2);
  }

  /** {@return number of classes} */
  public int classes() {
    return classifier().outputs();
  }

  /**
   * {@return the most columns that a layer has: how many devices the network can be spread over}
   */
  public int columns() {
    return layers.stream().mapToInt(Layer::columns).max().orElse(1);
  }

  /**
   * {@return the same network with another number of outputs of the last fully-connected layer}
   *
   * @param classes at least 1
   */
  public Network withClasses(int classes) {
    FullyConnected last = classifier();
    return new Network(
        name,
        input,
        layers.stream().map(l -> l == last ? (Layer) last.withOutputs(classes) : l).toList());
  }

  /**
   * {@return the same network with no bias that starts from a constant above a bound}
   *
   * @param bound the largest constant that stays
   */
  public Network withBiasesAtMost(float bound) {
    return new Network(
        name,
        input,
        layers.stream()
            .<Layer>map(
                layer ->
                    switch (layer) {
                      case Convolution conv -> conv.withBias(conv.bias().startingAtMost(bound));
                      case FullyConnected fc -> fc.withBias(fc.bias().startingAtMost(bound));
                      case Pooling pool -> pool;
                      case Relu relu -> relu;
                      case Tanh tanh -> tanh;
                      case LocalResponseNorm norm -> norm;
                      case Dropout drop -> drop;
                      case SoftmaxCrossEntropy loss -> loss;
                    })
            .toList());
  }

  /** {@return the same network without its dropout layers; its evaluation scales nothing} */
  public Network withoutDropout() {
    return new Network(
        name, input, layers.stream().filter(layer -> !(layer instanceof Dropout)).toList());
  }
}
