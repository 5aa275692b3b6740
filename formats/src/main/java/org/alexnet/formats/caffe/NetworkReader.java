package org.alexnet.formats.caffe;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.alexnet.InvalidNetworkException;
import org.alexnet.formats.NetworkBuilder;
import org.alexnet.formats.NetworkFiles;
import org.alexnet.network.Input;
import org.alexnet.network.Network;
import org.alexnet.network.Node;
import org.alexnet.network.Normalization;
import org.alexnet.network.Resize;
import org.alexnet.network.SoftmaxCrossEntropy;

/** Makes the records of a network out of Caffe's text: its layers as they are while testing. */
final class NetworkReader {
  /** Layers of the first generation that the second spells otherwise, in small letters. */
  private static final Map<String, String> V1 =
      Map.of("softmax_loss", "softmaxwithloss", "inner_product", "innerproduct");

  /** Layers that are only for training or for counting. */
  private static final Set<String> LEFT_OUT = Set.of("accuracy", "silence");

  private static final Set<String> DATA =
      Set.of("data", "imagedata", "image_data", "hdf5data", "hdf5_data", "memorydata", "input");

  private final Prototxt net;
  private final NetworkBuilder builder = new NetworkBuilder();

  private Prototxt transform;
  private List<Integer> shape = List.of();

  NetworkReader(Prototxt net) {
    this.net = net;
  }

  Network read() {
    readInput();
    List<Prototxt> layers = new ArrayList<>(net.messages("layers"));
    layers.addAll(net.messages("layer"));
    for (Prototxt layer : layers) {
      if (!whileTraining(layer)) {
        add(layer);
      }
    }
    List<Node> nodes = new ArrayList<>(builder.nodes());
    if (!nodes.isEmpty() && !(nodes.getLast().layer() instanceof SoftmaxCrossEntropy)) {
      nodes.add(new Node(new SoftmaxCrossEntropy("prob")));
    }
    String name = net.text("name", "caffe").replaceAll("[^A-Za-z0-9._-]", "_");
    return new Network(name.isEmpty() ? "caffe" : name, input(), nodes);
  }

  /** Inputs that are named at the head of the network, and not by a layer. */
  private void readInput() {
    for (String input : net.texts("input")) {
      builder.data(input);
    }
    shape = net.integers("input_dim");
    if (net.has("input_shape")) {
      shape = net.messages("input_shape").getFirst().integers("dim");
    }
  }

  private static boolean whileTraining(Prototxt layer) {
    return layer.messages("include").stream()
            .anyMatch(rule -> rule.text("phase", "").equals("TRAIN"))
        || layer.messages("exclude").stream()
            .anyMatch(rule -> rule.text("phase", "").equals("TEST"));
  }

  private void add(Prototxt layer) {
    String type = layer.text("type", "").toLowerCase(Locale.ROOT);
    type = V1.getOrDefault(type, type);
    String name = Prototxt.plain(layer.text("name", type));
    if (DATA.contains(type)) {
      layer.texts("top").forEach(builder::data);
      transform = layer.has("transform_param") ? layer.message("transform_param") : transform;
      if (layer.has("input_param")) {
        shape = layer.message("input_param").message("shape").integers("dim");
      }
      return;
    }
    if (LEFT_OUT.contains(type)) {
      return;
    }
    List<String> bottoms = layer.texts("bottom");
    List<String> tops = layer.texts("top");
    if (bottoms.isEmpty() || tops.isEmpty()) {
      throw new InvalidNetworkException(name, "it has no bottom, or no top");
    }
    switch (type) {
      case "flatten", "split" -> // fully-connected layers flatten
          tops.forEach(top -> builder.same(top, bottoms.getFirst()));
      case "slice" -> builder.split(name, bottoms.getFirst(), tops);
      case "softmax", "softmaxwithloss" -> // beside the scores, a loss reads labels
          builder.add(new SoftmaxCrossEntropy(name), bottoms.subList(0, 1), tops.getFirst());
      default ->
          builder.add(Layers.of(type, name, layer, bottoms.size()), bottoms, tops.getFirst());
    }
  }

  private Input input() {
    int crop = transform == null ? 0 : transform.integer("crop_size", 0);
    int channels = shape.size() == 4 ? shape.get(1) : 3;
    int size = shape.size() == 4 ? shape.get(2) : crop;
    if (shape.size() == 4 && !shape.get(2).equals(shape.get(3))) {
      throw new InvalidNetworkException(
          null,
          "its images have %d rows and %d columns; squares are required"
              .formatted(shape.get(2), shape.get(3)));
    }
    if (size == 0) {
      throw new InvalidNetworkException(
          null, "it says nothing of the size of its images: input_dim, input_shape or crop_size");
    }
    int stored = NetworkFiles.stored(size);
    return new Input(channels, size, stored, Resize.STRETCH, normalization(channels));
  }

  /** A mean image, unless the data layer has values; they are in the order blue, green, red. */
  private Normalization normalization(int channels) {
    float scale = transform == null ? 1 : transform.real("scale", 1);
    List<Float> values = transform == null ? List.of() : transform.reals("mean_value");
    if (values.isEmpty()) {
      return new Normalization.MeanImage(scale);
    }
    List<Float> means =
        values.size() == 1 ? Collections.nCopies(channels, values.getFirst()) : values.reversed();
    return new Normalization.ChannelMeans(scale, means);
  }
}
