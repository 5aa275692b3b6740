package org.alexnet.network;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A network: its input and the chain of layers that ends in a loss.
 *
 * @param name what users call it, such as {@code alexnet-32}
 * @param input what the first layer reads
 * @param layers from the first to the loss; every name is there once
 */
public record Network(String name, Input input, List<Layer> layers) {

  public Network {
    layers = List.copyOf(layers);
    if (layers.isEmpty() || !(layers.getLast() instanceof SoftmaxCrossEntropy)) {
      throw new IllegalArgumentException(name + ": the last layer must be a softmax loss");
    }
    Set<String> names = new HashSet<>();
    for (Layer layer : layers) {
      if (!names.add(layer.name())) {
        throw new IllegalArgumentException(
            "%s: two layers are called %s".formatted(name, layer.name()));
      }
    }
  }

  /** The layer that produces the class scores: the last one with parameters. */
  public FullyConnected classifier() {
    for (Layer layer : layers.reversed()) {
      if (layer instanceof FullyConnected last) {
        return last;
      }
    }
    throw new IllegalArgumentException(name + " has no fully-connected layer");
  }

  /** Number of classes. */
  public int classes() {
    return classifier().outputs();
  }

  /** The most columns that a layer has: how many devices the network can be spread over. */
  public int columns() {
    return layers.stream().mapToInt(Layer::columns).max().orElse(1);
  }

  /** The same network with another number of outputs of the last fully-connected layer. */
  public Network withClasses(int classes) {
    FullyConnected last = classifier();
    return new Network(
        name,
        input,
        layers.stream().map(l -> l == last ? (Layer) last.withOutputs(classes) : l).toList());
  }

  /** The same network with no bias that starts from a constant above a bound. */
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

  /** The same network without its dropout layers; its evaluation scales nothing. */
  public Network withoutDropout() {
    return new Network(
        name, input, layers.stream().filter(layer -> !(layer instanceof Dropout)).toList());
  }
}
