package org.alexnet.formats.onnx;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
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
import org.alexnet.formats.onnx.message.OnnxFile;
import org.alexnet.network.Initial;
import org.alexnet.network.Input;
import org.alexnet.network.Layer;
import org.alexnet.network.Network;
import org.alexnet.network.Node;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Resize;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.tensor.DType;
import org.alexnet.weights.format.StoredAs;

/** Makes the records of a network out of a graph, and finds the parameters of its layers. */
final class GraphReader {
  /** Nothing in a graph says how its weights began: what keeps the variance through such layers. */
  static final ParameterSpec SPEC = ParameterSpec.of(new Initial.FanIn(2));

  static final Set<String> RESERVED =
      Set.of("data", "labels", "logits", "probabilities", "loss", "finite");

  final OnnxFile onnx;
  final GraphIndex index;
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

  /** Tensors [images, outputs], without rows and columns. */
  final Set<String> flat = new HashSet<>();

  private final Set<String> names = new HashSet<>();
  private String lastPixels;

  /** Null where nothing becomes of pixels. */
  private Pixels treatment;

  private final int channels;
  private final int size;

  GraphReader(OnnxFile onnx) {
    this.onnx = onnx;
    this.index = new GraphIndex(onnx);
    if (onnx.inputs.size() != 1) {
      throw new InvalidNetworkException(
          null, "it has %d inputs; images alone are required".formatted(onnx.inputs.size()));
    }
    var input = onnx.inputs.entrySet().iterator().next();
    List<Long> shape = input.getValue();
    boolean square = shape.size() == 4 && shape.get(2).equals(shape.get(3));
    if (!square
        || shape.get(1) < 1
        || shape.get(2) < 1
        || shape.get(1) > (1 << 20) / shape.get(2)) {
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
    SimpleNodes simple = new SimpleNodes(this);
    CompositeReader composites = new CompositeReader(this, layers);
    for (OnnxFile.Node node : onnx.nodes) {
      node.require(
          !node.inputs().isEmpty(),
          "operator %s without inputs".formatted(node.type()),
          "one that this program has");
    }
    for (OnnxFile.Node node : onnx.nodes) {
      if (composites.read(node)) {
        pixels.clear(); // the first layer has been
      } else if (!treatsPixels(node)) {
        pixels.clear();
        if (!simple.read(node)) {
          layers.read(node);
        }
      }
    }
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

  /** Whether the graph is another program's and reads pixels of 0..1, as far as it shows. */
  boolean readsPixelsOfOne() {
    return treatment != null && treatment.areOfOne() && !onnx.metadata.containsKey("stored");
  }

  private Input input() {
    Pixels treated = treatment == null ? Pixels.asTheyAre(channels) : treatment;
    treated = readsPixelsOfOne() ? treated.dividedBy255() : treated;
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
          case "Add" -> values.length <= channels ? before.minus(name, -1, values) : null;
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

  /** A layer that leaves rows and columns as they are. */
  void add(Layer layer, List<String> inputs, String output) {
    if (inputs.isEmpty()) {
      throw new InvalidNetworkException(layer.name(), "it reads nothing");
    }
    builder.add(layer, inputs, output);
    edges.put(output, edges.getOrDefault(inputs.getFirst(), 1));
    if (flat.containsAll(inputs)) {
      flat.add(output);
    }
  }
}
