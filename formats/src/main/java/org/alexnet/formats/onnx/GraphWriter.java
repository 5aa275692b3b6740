package org.alexnet.formats.onnx;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alexnet.exchange.TrainedNetwork;
import org.alexnet.formats.onnx.message.Graph;
import org.alexnet.network.AbsoluteValue;
import org.alexnet.network.Activation;
import org.alexnet.network.Blur;
import org.alexnet.network.ChannelSelection;
import org.alexnet.network.Concatenation;
import org.alexnet.network.ContrastNorm;
import org.alexnet.network.Convolution;
import org.alexnet.network.Dropout;
import org.alexnet.network.FilterLayer;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.HorizontalFlip;
import org.alexnet.network.Layer;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.network.LocallyConnected;
import org.alexnet.network.Logistic;
import org.alexnet.network.Network;
import org.alexnet.network.Parameter;
import org.alexnet.network.Pooling;
import org.alexnet.network.PositionBias;
import org.alexnet.network.Relu;
import org.alexnet.network.Rounding;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.network.Softplus;
import org.alexnet.network.Square;
import org.alexnet.network.Subsample;
import org.alexnet.network.Sum;
import org.alexnet.network.Tanh;
import org.alexnet.network.Window;

/**
 * The layers of a network as nodes of a graph; a tensor has the name of the layer it comes from.
 */
final class GraphWriter {
  private static final int CHANNELS = 1;

  private final TrainedNetwork trained;
  private final Network network;
  private final Graph graph;
  private final CompositeWriter composites;

  /** The tensor that holds the output of each layer. */
  private final Map<String, String> tensors = new HashMap<>();

  /** Layers whose tensor is [images, outputs], without rows and columns. */
  private final Set<String> flat = new HashSet<>();

  /** Such tensors with rows and columns, 1 x 1, where a layer of images reads them. */
  private final Map<String, String> images = new HashMap<>();

  GraphWriter(TrainedNetwork trained, Graph graph, String data) {
    this.trained = trained;
    this.network = trained.network();
    this.graph = graph;
    this.composites = new CompositeWriter(graph);
    tensors.put(Network.DATA, data);
  }

  void write() {
    Map<String, Layer> layers = new HashMap<>();
    network.layers().forEach(layer -> layers.put(layer.name(), layer));
    for (Parameter parameter : trained.parameters()) {
      String name = parameter.name();
      boolean matrices =
          parameter.kind() == Parameter.Kind.WEIGHT
              && layers.get(parameter.layer()) instanceof LocallyConnected;
      graph.tensor(
          name,
          matrices
              ? CompositeWriter.matrices(
                  (LocallyConnected) layers.get(parameter.layer()), parameter.shape())
              : parameter.shape().stream().map(Integer::longValue).toList(),
          () -> trained.read(name).values());
    }
    for (int i = 0; i < network.nodes().size(); i++) {
      Layer layer = network.nodes().get(i).layer();
      List<String> sources = network.sources(i);
      String output =
          layer == network.classifier()
              ? OnnxWriter.LOGITS
              : layer instanceof SoftmaxCrossEntropy ? OnnxWriter.PROBABILITIES : layer.name();
      boolean numbers = takesNumbers(layer) && flat.containsAll(sources);
      if (numbers || layer instanceof FullyConnected) {
        flat.add(layer.name());
      }
      List<String> inputs =
          sources.stream()
              .map(source -> flat.contains(layer.name()) ? tensors.get(source) : image(source))
              .toList();
      write(layer, sources.getFirst(), inputs, output);
      tensors.put(layer.name(), output);
    }
  }

  /** Whether a layer works on outputs of fully-connected layers as on images. */
  private static boolean takesNumbers(Layer layer) {
    return switch (layer) {
      case Relu _, Tanh _, Activation _, Dropout _, Concatenation _, Sum _ -> true;
      case SoftmaxCrossEntropy _, FullyConnected _, ChannelSelection _ -> true;
      case Convolution _, LocallyConnected _, PositionBias _, Pooling _, Blur _ -> false;
      case LocalResponseNorm _, ContrastNorm _, Subsample _, HorizontalFlip _ -> false;
    };
  }

  /** The output of a layer with rows and columns. */
  private String image(String source) {
    String tensor = tensors.get(source);
    if (!flat.contains(source)) {
      return tensor;
    }
    return images.computeIfAbsent(
        source,
        layer -> {
          String image = layer + ".image";
          String axes = graph.integers(image + ".axes", List.of(2L, 3L));
          graph.node("Unsqueeze", image, tensor, axes);
          return image;
        });
  }

  /**
   * Writes a layer.
   *
   * @param source the first layer that it reads
   * @param inputs the tensors that it reads
   */
  private void write(Layer layer, String source, List<String> inputs, String output) {
    String input = inputs.getFirst();
    switch (layer) {
      case Convolution conv -> convolution(conv, source, input, output);
      case LocallyConnected local -> locallyConnected(local, source, input, output);
      case PositionBias added -> graph.node("Add", output, input, bias(added));
      case Pooling pool -> pooling(pool, source, input, output);
      case Relu _ -> graph.node("Relu", output, input);
      case Tanh _ -> graph.node("Tanh", output, input);
      case Logistic _ -> graph.node("Sigmoid", output, input);
      case AbsoluteValue _ -> graph.node("Abs", output, input);
      case Square _ -> graph.node("Mul", output, input, input);
      case Softplus softplus -> composites.softplus(softplus, input, output);
      case LocalResponseNorm norm -> norm(norm, source, input, output);
      case ContrastNorm norm -> composites.contrast(norm, input, output);
      case Blur blur -> composites.blur(blur, channels(source), input, output);
      case Subsample kept -> composites.subsample(kept, edge(source), input, output);
      case HorizontalFlip _ -> composites.flip(input, output);
      case ChannelSelection selection -> channelSelection(selection, input, output);
      case FullyConnected fc -> fullyConnected(fc, source, input, output);
      case Dropout drop -> dropout(drop, input, output);
      case Concatenation _ ->
          graph.node("Concat", inputs, List.of(output)).integer("axis", CHANNELS);
      case Sum sum -> sum(sum, inputs, output);
      case SoftmaxCrossEntropy _ -> graph.node("Softmax", output, input).integer("axis", CHANNELS);
    }
  }

  private void channelSelection(ChannelSelection selection, String input, String output) {
    List<Long> channels = selection.channels().stream().map(Integer::longValue).toList();
    String indices = graph.integers(selection.name() + ".channels", channels);
    graph.node("Gather", output, input, indices).integer("axis", CHANNELS);
  }

  private static String weight(Layer layer) {
    return layer.name() + ".weight";
  }

  private static String bias(Layer layer) {
    return layer.name() + ".bias";
  }

  private int channels(String source) {
    return trained.shape(source).getFirst();
  }

  private int edge(String source) {
    return trained.shape(source).get(1);
  }

  /** Biases that differ from position to position are added behind. */
  private void convolution(Convolution conv, String source, String input, String output) {
    switch (conv.biases()) {
      case SHARED -> filters(conv, source, List.of(input, weight(conv), bias(conv)), output);
      case UNSHARED -> {
        filters(conv, source, List.of(input, weight(conv)), output + ".product");
        graph.node("Add", output, output + ".product", bias(conv));
      }
    }
  }

  private void filters(Convolution conv, String source, List<String> inputs, String output) {
    windows(conv, source, graph.node("Conv", inputs, List.of(output)))
        .integer("group", conv.groups());
  }

  private void locallyConnected(
      LocallyConnected local, String source, String input, String output) {
    String filters = composites.picking(local, channels(source));
    windows(local, source, graph.node("Conv", output + ".windows", input, filters))
        .integer("group", channels(source));
    composites.products(local, channels(source), trained.shape(local.name()), output);
  }

  private Graph.NodeWriter windows(FilterLayer layer, String source, Graph.NodeWriter node) {
    Window window = layer.window();
    List<Integer> shape = trained.shape(source);
    return node.integers("kernel_shape", twice(window.kernel()))
        .integers("strides", twice(window.stride()))
        .integers(
            "pads",
            List.of(
                (long) window.pad(),
                (long) window.pad(),
                window.pad() + overhang(layer.rounding(), window, shape.get(1)),
                window.pad() + overhang(layer.rounding(), window, shape.get(2))));
  }

  private static List<Long> twice(int value) {
    return List.of((long) value, (long) value);
  }

  /** Pixels by which the last window lies beyond the image and its padding. */
  private static long overhang(Rounding rounding, Window window, int size) {
    int last = (rounding.outputs(window, size) - 1) * window.stride() + window.kernel();
    return Math.max(0, last - size - 2 * window.pad());
  }

  private void pooling(Pooling pool, String source, String input, String output) {
    Window window = pool.window();
    List<Integer> shape = trained.shape(source);
    boolean ceil =
        overhang(pool.rounding(), window, shape.get(1)) > 0
            || overhang(pool.rounding(), window, shape.get(2)) > 0;
    boolean max = pool.kind() == Pooling.Kind.MAX;
    Graph.NodeWriter node =
        graph
            .node(max ? "MaxPool" : "AveragePool", output, input)
            .integers("kernel_shape", twice(window.kernel()))
            .integers("strides", twice(window.stride()))
            .integers(
                "pads",
                List.of(
                    (long) window.pad(),
                    (long) window.pad(),
                    (long) window.pad(),
                    (long) window.pad()))
            .integer("ceil_mode", ceil ? 1 : 0);
    if (!max) {
      node.integer("count_include_pad", 0);
    }
  }

  private void norm(LocalResponseNorm norm, String source, String input, String output) {
    if (norm.region() == LocalResponseNorm.Region.WITHIN_MAP) {
      composites.withinMap(norm, input, output);
    } else if (norm.groups() == 1) {
      composites.acrossMaps(norm, input, output);
    } else {
      composites.acrossParts(norm, channels(source), input, output);
    }
  }

  private void fullyConnected(FullyConnected fc, String source, String input, String output) {
    String outputs = input;
    if (!flat.contains(source)) {
      outputs = fc.name() + ".flat";
      graph.node("Flatten", outputs, input).integer("axis", 1);
    }
    graph.node("Gemm", output, outputs, weight(fc), bias(fc)).integer("transB", 1);
  }

  /**
   * Where training makes up for what is dropped, testing does nothing, as ONNX's layer means it.
   */
  private void dropout(Dropout drop, String input, String output) {
    switch (drop.scaling()) {
      case TRAINING ->
          graph.node("Dropout", output, input, graph.scalar(output + ".ratio", drop.rate()));
      case TESTING ->
          graph.node("Mul", output, input, graph.scalar(output + ".kept", 1 - drop.rate()));
    }
  }

  /** Terms are added in their order; a coefficient of 1 multiplies nothing. */
  private void sum(Sum sum, List<String> inputs, String output) {
    int last = inputs.size() - 1;
    String so = null;
    for (int i = 0; i <= last; i++) {
      float coefficient = sum.coefficients().get(i);
      String term = inputs.get(i);
      if (coefficient != 1 || last == 0) {
        String scaled = last == 0 ? output : output + ".term" + i;
        String factor = graph.scalar(output + ".coefficient" + i, coefficient);
        graph.node("Mul", scaled, term, factor);
        term = scaled;
      }
      if (so != null) {
        String next = i == last ? output : output + ".sum" + i;
        graph.node("Add", next, so, term);
        term = next;
      }
      so = term;
    }
  }
}
