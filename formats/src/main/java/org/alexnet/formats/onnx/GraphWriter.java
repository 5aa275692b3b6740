package org.alexnet.formats.onnx;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.alexnet.AlexNetException;
import org.alexnet.exchange.TrainedNetwork;
import org.alexnet.network.AbsoluteValue;
import org.alexnet.network.Blur;
import org.alexnet.network.ChannelSelection;
import org.alexnet.network.Concatenation;
import org.alexnet.network.ContrastNorm;
import org.alexnet.network.Convolution;
import org.alexnet.network.Dropout;
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

  /** The tensor that holds the output of each layer. */
  private final Map<String, String> tensors = new HashMap<>();

  /** Layers whose output has no rows and columns. */
  GraphWriter(TrainedNetwork trained, Graph graph, String data) {
    this.trained = trained;
    this.network = trained.network();
    this.graph = graph;
    tensors.put(Network.DATA, data);
  }

  void write() {
    for (Parameter parameter : trained.parameters()) {
      String name = parameter.name();
      graph.tensor(
          name,
          parameter.shape().stream().map(Integer::longValue).toList(),
          () -> trained.read(name).values());
    }
    for (int i = 0; i < network.nodes().size(); i++) {
      Layer layer = network.nodes().get(i).layer();
      List<String> sources = network.sources(i);
      String output =
          layer == network.classifier()
              ? OnnxWriter.LOGITS
              : layer instanceof SoftmaxCrossEntropy ? OnnxWriter.PROBABILITIES : layer.name();
      write(layer, sources, output);
      tensors.put(layer.name(), output);
    }
  }

  private void write(Layer layer, List<String> sources, String output) {
    String source = sources.getFirst();
    String input = tensors.get(source);
    switch (layer) {
      case Convolution conv -> convolution(conv, source, output);
      case Pooling pool -> pooling(pool, source, output);
      case Relu _ -> graph.node("Relu", output, input);
      case Tanh _ -> graph.node("Tanh", output, input);
      case LocalResponseNorm norm -> norm(norm, source, output);
      case FullyConnected fc -> fullyConnected(fc, source, output);
      case Dropout drop -> dropout(drop, input, output);
      case Concatenation _ ->
          graph
              .node("Concat", sources.stream().map(tensors::get).toList(), List.of(output))
              .integer("axis", CHANNELS);
      case Sum sum -> sum(sum, sources, output);
      case PositionBias added -> graph.node("Add", output, input, bias(added));
      case Logistic _ -> graph.node("Sigmoid", output, input);
      case AbsoluteValue _ -> graph.node("Abs", output, input);
      case Square _ -> graph.node("Mul", output, input, input);
      case LocallyConnected local -> throw no(local, "locally connected layer");
      case Softplus softplus -> throw no(softplus, "softplus with a threshold");
      case ContrastNorm norm -> throw no(norm, "contrast normalization");
      case Blur blur -> throw no(blur, "blur");
      case Subsample subsample -> throw no(subsample, "subsampling");
      case HorizontalFlip flip -> throw no(flip, "mirroring");
      case ChannelSelection selection -> channelSelection(selection, input, output);
      case SoftmaxCrossEntropy _ -> graph.node("Softmax", output, input).integer("axis", CHANNELS);
    }
  }

  private void channelSelection(ChannelSelection selection, String input, String output) {
    List<Long> channels = selection.channels().stream().map(Integer::longValue).toList();
    String indices = graph.integers(selection.name() + ".channels", channels);
    graph.node("Gather", output, input, indices).integer("axis", CHANNELS);
  }

  private static AlexNetException no(Layer layer, String what) {
    return new AlexNetException(
        "Layer %s cannot be exported as ONNX, which has no %s.".formatted(layer.name(), what));
  }

  private static String weight(Layer layer) {
    return layer.name() + ".weight";
  }

  private static String bias(Layer layer) {
    return layer.name() + ".bias";
  }

  private void convolution(Convolution conv, String source, String output) {
    if (conv.biases() == Convolution.Biases.UNSHARED) {
      throw no(conv, "convolution whose biases are not shared");
    }
    Window window = conv.window();
    List<Integer> shape = trained.shape(source);
    graph
        .node("Conv", output, tensors.get(source), weight(conv), bias(conv))
        .integers("kernel_shape", twice(window.kernel()))
        .integers("strides", twice(window.stride()))
        .integers(
            "pads",
            List.of(
                (long) window.pad(),
                (long) window.pad(),
                window.pad() + overhang(conv.rounding(), window, shape.get(1)),
                window.pad() + overhang(conv.rounding(), window, shape.get(2))))
        .integer("group", conv.groups());
  }

  private static List<Long> twice(int value) {
    return List.of((long) value, (long) value);
  }

  /** Pixels by which the last window lies beyond the image and its padding. */
  private static long overhang(Rounding rounding, Window window, int size) {
    int last = (rounding.outputs(window, size) - 1) * window.stride() + window.kernel();
    return Math.max(0, last - size - 2 * window.pad());
  }

  private void pooling(Pooling pool, String source, String output) {
    Window window = pool.window();
    List<Integer> shape = trained.shape(source);
    boolean ceil =
        overhang(pool.rounding(), window, shape.get(1)) > 0
            || overhang(pool.rounding(), window, shape.get(2)) > 0;
    boolean max = pool.kind() == Pooling.Kind.MAX;
    Graph.NodeWriter node =
        graph
            .node(max ? "MaxPool" : "AveragePool", output, tensors.get(source))
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

  private void norm(LocalResponseNorm norm, String source, String output) {
    String input = tensors.get(source);
    if (norm.region() == LocalResponseNorm.Region.WITHIN_MAP) {
      withinMap(norm, input, output);
    } else if (norm.groups() == 1) {
      acrossMaps(norm, input, output);
    } else {
      long channels = trained.shape(source).getFirst() / norm.groups();
      List<String> parts = parts(output + ".in", norm.groups());
      List<String> normed = parts(output + ".out", norm.groups());
      List<Long> sizes = IntStream.range(0, norm.groups()).mapToObj(g -> channels).toList();
      String split = graph.integers(output + ".split", sizes);
      graph.node("Split", List.of(input, split), parts).integer("axis", CHANNELS);
      for (int group = 0; group < norm.groups(); group++) {
        acrossMaps(norm, parts.get(group), normed.get(group));
      }
      graph.node("Concat", normed, List.of(output)).integer("axis", CHANNELS);
    }
  }

  private static List<String> parts(String name, int count) {
    return IntStream.range(0, count).mapToObj(part -> name + part).toList();
  }

  /** ONNX divides alpha by the size. */
  private void acrossMaps(LocalResponseNorm norm, String input, String output) {
    graph
        .node("LRN", output, input)
        .real("alpha", norm.meanAlpha())
        .real("beta", norm.beta())
        .real("bias", norm.k())
        .integer("size", norm.size());
  }

  /** ONNX has no such layer: x / (k + c size^2 mean of x^2)^beta, the mean over whole windows. */
  private void withinMap(LocalResponseNorm norm, String input, String output) {
    long pad = norm.size() / 2;
    graph.node("Mul", output + ".squares", input, input);
    graph
        .node("AveragePool", output + ".means", output + ".squares")
        .integers("kernel_shape", twice(norm.size()))
        .integers("pads", List.of(pad, pad, pad, pad))
        .integer("count_include_pad", 1);
    String factor = graph.scalar(output + ".factor", norm.factor() * norm.size() * norm.size());
    graph.node("Mul", output + ".scaled", output + ".means", factor);
    graph.node("Add", output + ".sum", output + ".scaled", graph.scalar(output + ".k", norm.k()));
    String beta = graph.scalar(output + ".beta", norm.beta());
    graph.node("Pow", output + ".power", output + ".sum", beta);
    graph.node("Div", output, input, output + ".power");
  }

  private void fullyConnected(FullyConnected fc, String source, String output) {
    String input = tensors.get(source);
    if (!network.flat().contains(source)) {
      input = fc.name() + ".flat";
      graph.node("Flatten", input, tensors.get(source)).integer("axis", 1);
    }
    graph.node("Gemm", output, input, weight(fc), bias(fc)).integer("transB", 1);
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
  private void sum(Sum sum, List<String> sources, String output) {
    List<String> terms = new ArrayList<>();
    for (int i = 0; i < sources.size(); i++) {
      String term = tensors.get(sources.get(i));
      float coefficient = sum.coefficients().get(i);
      if (coefficient != 1) {
        String scaled = output + ".term" + i;
        graph.node("Mul", scaled, term, graph.scalar(scaled + ".coefficient", coefficient));
        term = scaled;
      }
      terms.add(term);
    }
    String so = terms.getFirst();
    for (int i = 1; i < terms.size(); i++) {
      String next = i == terms.size() - 1 ? output : output + ".sum" + i;
      graph.node("Add", next, so, terms.get(i));
      so = next;
    }
    if (terms.size() == 1) {
      graph.node("Identity", output, so);
    }
  }
}
