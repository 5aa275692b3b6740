package org.alexnet.formats.onnx;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import org.alexnet.InvalidNetworkException;
import org.alexnet.formats.NetworkBuilder;
import org.alexnet.formats.StridedTensor;
import org.alexnet.network.ChannelSelection;
import org.alexnet.network.Concatenation;
import org.alexnet.network.Dropout;
import org.alexnet.network.Initial;
import org.alexnet.network.Input;
import org.alexnet.network.Layer;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.network.Network;
import org.alexnet.network.Node;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Relu;
import org.alexnet.network.Resize;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.network.Sum;
import org.alexnet.network.Tanh;
import org.alexnet.tensor.DType;
import org.alexnet.weights.format.StoredAs;

/** Makes the records of a network out of a graph, and finds the parameters of its layers. */
final class GraphReader {
  /** Nothing in a graph says how its weights began: what keeps the variance through such layers. */
  static final ParameterSpec SPEC = ParameterSpec.of(new Initial.FanIn(2));

  private static final Set<String> RESERVED =
      Set.of("data", "labels", "logits", "probabilities", "loss", "finite");

  final OnnxFile onnx;
  final NetworkBuilder builder = new NetworkBuilder();

  /** Tensors that parameters are read from, and where each parameter is. */
  final SequencedMap<String, StridedTensor> held = new LinkedHashMap<>();

  final Map<String, StoredAs> stored = new HashMap<>();

  /** What became of pixels in tensors before the first layer. */
  private final Map<String, Pixels> pixels = new HashMap<>();

  /** Constants that are a centre of others, such as of a mean image. */
  private final Map<String, String> centres = new HashMap<>();

  /** Rows and columns of images in a tensor. */
  final Map<String, Integer> edges = new HashMap<>();

  /** Tensors that are images of several pixels made one row. */
  private final Set<String> flattened = new HashSet<>();

  private final Set<String> names = new HashSet<>();
  private String lastPixels;

  /** Null where nothing becomes of pixels. */
  private Pixels treatment;

  private final int channels;
  private final int size;

  GraphReader(OnnxFile onnx) {
    this.onnx = onnx;
    if (onnx.inputs.size() != 1) {
      throw new InvalidNetworkException(
          null, "it has %d inputs; images alone are required".formatted(onnx.inputs.size()));
    }
    var input = onnx.inputs.entrySet().iterator().next();
    List<Long> shape = input.getValue();
    boolean square = shape.size() == 4 && shape.get(2).equals(shape.get(3));
    if (!square || shape.get(1) < 1 || shape.get(2) < 1 || shape.get(1) * shape.get(2) > 1 << 20) {
      throw new InvalidNetworkException(
          null,
          "its input has shape %s; [images, channels, size, size] is required".formatted(shape));
    }
    this.channels = Math.toIntExact(shape.get(1));
    this.size = Math.toIntExact(shape.get(2));
    start(input.getKey(), Pixels.asTheyAre(channels));
  }

  private void start(String tensor, Pixels treated) {
    pixels.put(tensor, treated);
    edges.put(tensor, size);
    builder.data(tensor);
    lastPixels = tensor;
  }

  /** Reads all nodes. */
  Network network(String name) {
    LayerNodes layers = new LayerNodes(this);
    for (OnnxFile.Node node : onnx.nodes) {
      if (!treatsPixels(node)) {
        pixels.clear(); // the first layer has been
        layers.read(node);
      }
    }
    layers.finish();
    List<Node> nodes = new ArrayList<>(builder.nodes());
    if (!nodes.isEmpty() && !(nodes.getLast().layer() instanceof SoftmaxCrossEntropy)) {
      nodes.add(new Node(new SoftmaxCrossEntropy(unique("softmax"))));
    }
    return new Network(name, input(), nodes);
  }

  /** What became of pixels. */
  Pixels pixels() {
    return treatment;
  }

  private Input input() {
    Pixels treated = treatment == null ? Pixels.asTheyAre(channels) : treatment;
    int stored =
        treated
            .image()
            .map(image -> Math.toIntExact(image.shape().get(1)))
            .orElseGet(() -> said("stored", size));
    Resize resize =
        onnx.metadata.getOrDefault("resize", "").equals("stretch") ? Resize.STRETCH : Resize.COVER;
    return new Input(channels, size, Math.max(size, stored), resize, treated.normalization());
  }

  private int said(String key, int otherwise) {
    try {
      return Integer.parseInt(onnx.metadata.getOrDefault(key, Integer.toString(otherwise)));
    } catch (NumberFormatException e) {
      return otherwise;
    }
  }

  /** Whether a node belongs to what becomes of pixels, or makes a constant for that. */
  private boolean treatsPixels(OnnxFile.Node node) {
    List<String> inputs = node.inputs();
    String output = node.outputs().getFirst();
    if (node.type().equals("Slice") && onnx.tensors.containsKey(inputs.getFirst())) {
      centres.put(output, inputs.getFirst());
      return true;
    }
    if (inputs.size() != 2 || !pixels.containsKey(lastPixels)) {
      return false;
    }
    boolean first = inputs.get(0).equals(lastPixels);
    String other = inputs.get(first ? 1 : 0);
    float[] values = constant(other);
    if (values == null || !inputs.contains(lastPixels)) {
      return false;
    }
    Pixels before = pixels.get(lastPixels);
    String name = node.name();
    Pixels after =
        switch (node.type()) {
          case "Mul" -> before.times(name, values);
          case "Div" -> first ? before.times(name, inverse(values)) : null;
          case "Sub" -> first ? before.minus(name, 1, values) : null;
          case "Add" -> before.minus(name, -1, values);
          default -> null;
        };
    if (after == null) {
      return false;
    }
    treatment = after;
    start(output, after);
    return true;
  }

  private static float[] inverse(float[] values) {
    float[] inverse = values.clone();
    for (int i = 0; i < inverse.length; i++) {
      inverse[i] = 1 / inverse[i];
    }
    return inverse;
  }

  /** A given tensor's values, of a centre the whole; null where a tensor is computed. */
  private float[] constant(String name) {
    StridedTensor tensor = onnx.tensors.get(centres.getOrDefault(name, name));
    return tensor == null || tensor.info().dtype() != DType.F32 ? null : tensor.floats();
  }

  /** The one number of a constant; null for anything else. */
  Float scalar(String name) {
    StridedTensor tensor = onnx.tensors.get(name);
    return tensor != null && tensor.info().dtype() == DType.F32 && tensor.info().elements() == 1
        ? Float.valueOf(tensor.floats()[0])
        : null;
  }

  /** A name for a layer, from what a graph calls something. */
  String unique(String called) {
    String plain = called.replaceAll("[^A-Za-z0-9_-]", "_").replaceAll("^[_-]+", "");
    if (plain.length() > 50) {
      plain = plain.substring(plain.length() - 50).replaceAll("^[_-]+", "");
    }
    if (plain.isEmpty() || RESERVED.contains(plain)) {
      plain = "layer" + (names.size() + 1);
    }
    String name = plain;
    for (int i = 2; !names.add(name); i++) {
      name = plain + "_" + i;
    }
    return name;
  }

  /** Notes where a parameter is. */
  void parameter(String parameter, String tensor, StridedTensor as, List<Integer> axes) {
    String key = tensor;
    StridedTensor before = held.get(tensor);
    if (before != null && !before.equals(as)) {
      key = parameter; // one tensor read in two shapes
    }
    held.put(key, as);
    stored.put(parameter, new StoredAs(key, axes));
  }

  /** Biases of a layer that has none: zeros. */
  void noBias(String parameter, int outputs) {
    MemorySegment zeros = MemorySegment.ofArray(new byte[Math.multiplyExact(outputs, Float.BYTES)]);
    held.put(parameter, StridedTensor.contiguous(zeros, DType.F32, List.of((long) outputs)));
  }

  /** Layers without parameters, and what does nothing here; false for others. */
  boolean simple(OnnxFile.Node node) {
    String input = node.inputs().isEmpty() ? "" : node.inputs().getFirst();
    String output = node.outputs().getFirst();
    switch (node.type()) {
      case "Relu" -> add(new Relu(unique(node.name())), node.inputs(), output);
      case "Tanh" -> add(new Tanh(unique(node.name())), node.inputs(), output);
      case "Softmax" -> builder.add(new SoftmaxCrossEntropy(softmax(node)), List.of(input), output);
      case "Concat" -> add(new Concatenation(unique(node.name())), node.inputs(), output);
      case "LRN" -> add(norm(node), node.inputs(), output);
      case "Gather" -> add(channelSelection(node), List.of(input), output);
      case "Split" -> {
        builder.split(node.name(), input, node.outputs());
        node.outputs().forEach(part -> edges.put(part, edges.getOrDefault(input, 1)));
      }
      case "Identity", "Flatten", "Reshape" -> {
        builder.same(output, input);
        keepForm(input, output);
        if (!node.type().equals("Identity") && edges.get(output) > 1) {
          flattened.add(output);
        }
      }
      case "Dropout" -> dropout(node, input, output);
      case "Sum" ->
          add(
              new Sum(unique(node.name()), Collections.nCopies(node.inputs().size(), 1f)),
              node.inputs(),
              output);
      default -> {
        return false;
      }
    }
    return true;
  }

  /** Channels by a list that the file gives; those of an image that was flattened are pixels. */
  private ChannelSelection channelSelection(OnnxFile.Node node) {
    String name = unique(node.name());
    List<Long> channels = node.inputs().size() == 2 ? onnx.numbers.get(node.inputs().get(1)) : null;
    boolean given =
        channels != null
            && channels.stream().allMatch(c -> c == c.intValue())
            && node.integers().getOrDefault("axis", 0L) == 1
            && !flattened.contains(node.inputs().getFirst());
    if (!given) {
      throw new InvalidNetworkException(
          name,
          "a Gather of something else than channels by a given list; this program chooses"
              + " channels");
    }
    return new ChannelSelection(name, channels.stream().map(Long::intValue).toList());
  }

  private String softmax(OnnxFile.Node node) {
    return node.name().isEmpty() || RESERVED.contains(node.name())
        ? unique("softmax")
        : unique(node.name());
  }

  /** In a file it does nothing; its rate is kept. */
  private void dropout(OnnxFile.Node node, String input, String output) {
    Float rate = node.inputs().size() > 1 ? scalar(node.inputs().get(1)) : null;
    float said = rate != null ? rate : node.reals().getOrDefault("ratio", 0.5f);
    add(new Dropout(unique(node.name()), said, Dropout.Scaling.TRAINING), List.of(input), output);
  }

  private LocalResponseNorm norm(OnnxFile.Node node) {
    return new LocalResponseNorm(
        unique(node.name()),
        LocalResponseNorm.Region.ACROSS_MAPS,
        Math.toIntExact(node.integers().getOrDefault("size", 0L)),
        node.reals().getOrDefault("alpha", 1e-4f),
        node.reals().getOrDefault("beta", 0.75f),
        node.reals().getOrDefault("bias", 1f),
        LocalResponseNorm.Convention.MEAN,
        1);
  }

  /** A layer that leaves rows and columns as they are. */
  void add(Layer layer, List<String> inputs, String output) {
    if (inputs.isEmpty()) {
      throw new InvalidNetworkException(layer.name(), "it reads nothing");
    }
    builder.add(layer, inputs, output);
    keepForm(inputs.getFirst(), output);
  }

  private void keepForm(String input, String output) {
    edges.put(output, edges.getOrDefault(input, 1));
    if (flattened.contains(input)) {
      flattened.add(output);
    }
  }
}
