package org.alexnet.formats.caffe;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.alexnet.InvalidNetworkException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.data.Augmentation;
import org.alexnet.formats.NetworkBuilder;
import org.alexnet.formats.NetworkFiles;
import org.alexnet.network.FullyConnected;
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

  /** Parameters of layers of data that say how many images a batch has. */
  private static final List<String> BATCHES =
      List.of("data_param", "image_data_param", "memory_data_param", "hdf5_data_param");

  private static final Set<String> DATA =
      Set.of("data", "imagedata", "image_data", "hdf5data", "hdf5_data", "memorydata", "input");

  /** Fields that change nothing of what is computed. */
  private static final Set<String> WITHOUT_EFFECT =
      Set.of("name", "type", "engine", "phase", "force_nd_im2col");

  /** Fields of the network that change nothing of what is computed. */
  private static final Set<String> OF_NETWORK =
      Set.of("name", "force_backward", "debug_info", "layer", "layers");

  private static final int CIFAR_CLASSES = 10;
  private static final int CIFAR_SIZE = 32;

  private final Path file;
  private final Prototxt net;
  private final Integer asked;
  private final NetworkBuilder builder = new NetworkBuilder();

  private Prototxt transform;
  private Prototxt training; // what the data layer does while training
  private int batch;
  private List<Integer> shape = List.of();
  private final Set<String> images = new HashSet<>(); // blobs of the data layers
  private float factor = 1; // of a layer of the network that does no more than scale pixels

  /**
   * @param file for messages
   * @param size rows and columns of the images that the network sees; null for what the text says
   */
  NetworkReader(Path file, Prototxt net, Integer size) {
    this.file = file;
    this.net = net;
    this.asked = size;
  }

  Network read() {
    readInput();
    List<Prototxt> layers = new ArrayList<>(net.messages("layers"));
    layers.addAll(net.messages("layer"));
    for (Prototxt layer : layers) {
      String type = type(layer);
      if (DATA.contains(type)) {
        readData(layer);
      } else if (!whileTraining(layer) && !LEFT_OUT.contains(type)) {
        if (!scalesPixels(layer, type, layers)) {
          add(layer, type);
        }
      }
    }
    net.requireRead("", OF_NETWORK);
    List<Node> nodes = new ArrayList<>(builder.nodes());
    if (!nodes.isEmpty() && !(nodes.getLast().layer() instanceof SoftmaxCrossEntropy)) {
      nodes.add(new Node(new SoftmaxCrossEntropy("prob")));
    }
    return new Network(name(), input(), nodes);
  }

  private void data(String blob) {
    builder.data(blob);
    images.add(blob);
  }

  /** A multiple of the images that nothing else reads is what becomes of pixels. */
  private boolean scalesPixels(Prototxt layer, String type, List<Prototxt> layers) {
    List<String> bottoms = layer.texts("bottom");
    List<String> tops = layer.texts("top");
    if (!type.equals("power") || bottoms.size() != 1 || tops.size() != 1) {
      return false;
    }
    String blob = bottoms.getFirst();
    long readers = layers.stream().filter(other -> other.texts("bottom").contains(blob)).count();
    Prototxt power = layer.message("power_param");
    float scale = power.real("scale", 1);
    boolean multiple = power.real("power", 1) == 1 && power.real("shift", 0) == 0;
    if (!images.contains(blob) || readers != 1 || !multiple || !(scale > 0)) {
      return false;
    }
    factor *= scale;
    builder.same(tops.getFirst(), blob);
    layer.requireRead(
        "layer %s: ".formatted(Prototxt.plain(layer.text("name", type))), WITHOUT_EFFECT);
    return true;
  }

  private String name() {
    String name = net.text("name", "caffe").replaceAll("[^A-Za-z0-9._-]", "_");
    return name.isEmpty() ? "caffe" : name;
  }

  /** Inputs that are named at the head of the network, and not by a layer. */
  private void readInput() {
    for (String input : net.texts("input")) {
      data(input);
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

  private static String type(Prototxt layer) {
    String type = layer.text("type", "").toLowerCase(Locale.ROOT);
    return V1.getOrDefault(type, type);
  }

  private static boolean whileTesting(Prototxt layer) {
    return layer.messages("include").stream()
            .anyMatch(rule -> rule.text("phase", "").equals("TEST"))
        || layer.messages("exclude").stream()
            .anyMatch(rule -> rule.text("phase", "").equals("TRAIN"));
  }

  /** A layer of data gives the images, and says what becomes of them. */
  private void readData(Prototxt layer) {
    Prototxt own = layer.message(layer.has("transform_param") ? "transform_param" : "data_param");
    if (!whileTesting(layer)) {
      training = own;
      batch =
          BATCHES.stream()
              .map(layer::message)
              .filter(param -> param.has("batch_size"))
              .map(param -> param.requireInteger("batch_size"))
              .findFirst()
              .orElse(batch);
    }
    if (whileTraining(layer)) {
      return;
    }
    layer.texts("top").forEach(this::data);
    transform = own;
    if (layer.has("input_param")) {
      shape = layer.message("input_param").message("shape").integers("dim");
    }
  }

  /** Images of a batch while training; 0 where the text says nothing of it. */
  int batch() {
    return batch;
  }

  /** How the data layer varies images while training. */
  Augmentation augmentation() {
    return mirrors() ? Augmentation.PAPER : Augmentation.NONE;
  }

  private boolean mirrors() {
    return training != null && training.text("mirror", "false").matches("true|1");
  }

  /** What a user should know of how images are varied. */
  Optional<String> remark() {
    if (mirrors()) {
      return Optional.of("colours are shifted as well, as in the paper");
    }
    boolean crops = training != null && training.has("crop_size");
    return crops
        ? Optional.of("images are cropped to their centre, since they are not mirrored")
        : Optional.empty();
  }

  private void add(Prototxt layer, String type) {
    String name = Prototxt.plain(layer.text("name", type));
    List<String> bottoms = layer.texts("bottom");
    List<String> tops = layer.texts("top");
    if (bottoms.isEmpty() || tops.isEmpty()) {
      throw new InvalidNetworkException(name, "it has no bottom, or no top");
    }
    switch (type) {
      case "flatten", "split" -> // fully-connected layers flatten
          tops.forEach(top -> builder.same(top, bottoms.getFirst()));
      case "slice" -> {
        requireEqualShares(name, layer.message("slice_param"));
        builder.split(name, bottoms.getFirst(), tops);
      }
      case "softmax", "softmaxwithloss" -> { // beside the scores, a loss reads labels
        if (layer.reals("loss_weight").stream().anyMatch(weight -> weight != 1)) {
          throw layer.wrong("loss_weight", "layer %s: loss_weight must be 1".formatted(name));
        }
        builder.add(new SoftmaxCrossEntropy(name), bottoms.subList(0, 1), tops.getFirst());
      }
      default ->
          builder.add(Layers.of(type, name, layer, bottoms.size()), bottoms, tops.getFirst());
    }
    layer.requireRead("layer %s: ".formatted(name), WITHOUT_EFFECT);
  }

  private static void requireEqualShares(String name, Prototxt slice) {
    int axis = slice.integer("axis", slice.integer("slice_dim", 1));
    List<Integer> points = slice.integers("slice_point");
    for (int i = 0; i < points.size(); i++) {
      if (points.get(i) != (i + 1L) * points.getFirst()) {
        throw new InvalidNetworkException(
            name, "it slices at %s; equal shares are required".formatted(points));
      }
    }
    if (axis != 1) {
      throw new InvalidNetworkException(
          name, "it slices along axis %d; the channels, 1, are required".formatted(axis));
    }
  }

  private Input input() {
    int crop = transform == null ? 0 : transform.integer("crop_size", 0);
    int channels = shape.size() == 4 ? shape.get(1) : 3;
    int said = shape.size() == 4 ? shape.get(2) : crop;
    if (shape.size() == 4 && !shape.get(2).equals(shape.get(3))) {
      throw new InvalidNetworkException(
          null,
          "its images have %d rows and %d columns; squares are required"
              .formatted(shape.get(2), shape.get(3)));
    }
    int size = size(said);
    int stored = NetworkFiles.stored(size);
    return new Input(channels, size, stored, Resize.STRETCH, normalization(channels));
  }

  /** What the text says, or else what is asked for, or else what is usual. */
  private int size(int said) {
    if (asked != null && said != 0 && asked != said) {
      throw new UsageException(
          Message.of(
              "%s is %d, and %s says that its images have %d rows and columns.",
              Setting.SIZE, asked, file, said));
    }
    if (said != 0) {
      return said;
    }
    if (asked != null) {
      return asked;
    }
    boolean cifar =
        builder.nodes().reversed().stream()
            .map(Node::layer)
            .filter(FullyConnected.class::isInstance)
            .findFirst()
            .filter(layer -> ((FullyConnected) layer).outputs() == CIFAR_CLASSES)
            .isPresent();
    if (cifar) {
      return CIFAR_SIZE;
    }
    throw new UsageException(
        Message.of(
            "%s says nothing of the size of its images (input_dim, input_shape or crop_size): give"
                + " it (%s).",
            file, Setting.SIZE));
  }

  /** A mean image, unless the data layer has values; they are in the order blue, green, red. */
  private Normalization normalization(int channels) {
    float scale = factor * (transform == null ? 1 : transform.real("scale", 1));
    List<Float> values = transform == null ? List.of() : transform.reals("mean_value");
    if (values.isEmpty()) {
      return new Normalization.MeanImage(scale);
    }
    List<Float> means =
        values.size() == 1 ? Collections.nCopies(channels, values.getFirst()) : values.reversed();
    return new Normalization.ChannelMeans(scale, means);
  }
}
