package org.alexnet.formats.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.alexnet.formats.StridedTensor;
import org.alexnet.formats.onnx.message.OnnxFile;
import org.alexnet.network.Convolution;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.LocallyConnected;
import org.alexnet.network.Pooling;
import org.alexnet.network.PositionBias;
import org.alexnet.network.Rounding;
import org.alexnet.network.Window;

/** Nodes that have parameters or windows. */
final class LayerNodes {
  private static final String WEIGHT_ENDING = "(\\.weight|_weight|_w_0|\\.W|_W)$";

  private final GraphReader graph;

  LayerNodes(GraphReader graph) {
    this.graph = graph;
  }

  void read(OnnxFile.Node node) {
    switch (node.type()) {
      case "Conv" -> convolution(node);
      case "Gemm" -> gemm(node);
      case "MatMul" -> fullyConnected(node, null, false, node.outputs().getFirst());
      case "MaxPool", "AveragePool" -> pooling(node);
      case "GlobalMaxPool" -> wholePooling(node, Pooling.Kind.MAX);
      case "GlobalAveragePool" -> wholePooling(node, Pooling.Kind.AVERAGE);
      case "ReduceMean" -> mean(node);
      case "Add" -> positionBias(node);
      default -> throw node.no("operator " + node.type(), "one that this program has");
    }
  }

  /** Filters or weights. */
  private StridedTensor weight(OnnxFile.Node node, int axes, String what) {
    StridedTensor tensor =
        node.inputs().size() > 1 ? graph.index.given(node.inputs().get(1)) : null;
    node.require(
        tensor != null && tensor.shape().size() == axes,
        "%s that are computed or have another shape".formatted(what),
        "a given tensor of %d extents".formatted(axes));
    return tensor;
  }

  private String name(OnnxFile.Node node, String weight) {
    String without = weight.replaceFirst(WEIGHT_ENDING, "");
    return graph.unique(without.equals(weight) && !node.name().isEmpty() ? node.name() : without);
  }

  /** One bias an output; null for none. */
  private void bias(OnnxFile.Node node, String layer, String tensor, int outputs) {
    if (tensor == null || tensor.isEmpty()) {
      graph.noBias(layer + ".bias", outputs);
    } else {
      bias(node, layer, tensor, List.of((long) outputs));
    }
  }

  private void bias(OnnxFile.Node node, String layer, String tensor, List<Long> shape) {
    StridedTensor bias = graph.index.given(tensor);
    long elements = shape.stream().reduce(1L, Math::multiplyExact);
    node.require(
        bias != null && bias.info().elements() == elements,
        "biases that are computed or of another number",
        "a given tensor of %s".formatted(shape));
    graph.parameter(
        layer + ".bias",
        tensor,
        StridedTensor.contiguous(bias.storage(), bias.type(), shape),
        List.of());
  }

  private void convolution(OnnxFile.Node node) {
    convolution(
        node,
        node.inputs().size() > 2 ? node.inputs().get(2) : null,
        Convolution.Biases.SHARED,
        node.outputs().getFirst());
  }

  /**
   * A convolution.
   *
   * @param bias the tensor of its biases; null for none
   * @param output the tensor that the layer makes, biases and all
   */
  void convolution(OnnxFile.Node node, String bias, Convolution.Biases biases, String output) {
    StridedTensor weight = weight(node, 4, "filters");
    String name = name(node, node.inputs().get(1));
    int filters = node.extent(weight.shape().get(0));
    int kernel = node.extent(weight.shape().get(2));
    node.require(weight.shape().get(2).equals(weight.shape().get(3)), "oblong filters", "squares");
    Windows windows = Windows.of(node, kernel, edge(node));
    graph.parameter(name + ".weight", node.inputs().get(1), weight, List.of());
    switch (biases) {
      case SHARED -> bias(node, name, bias, filters);
      case UNSHARED -> {
        long edge = windows.outputs();
        bias(node, name, bias, List.of((long) filters, edge, edge));
      }
    }
    graph.builder.add(
        new Convolution(
            name,
            filters,
            windows.window(),
            windows.rounding(),
            node.extent(node.integers().getOrDefault("group", 1L)),
            1,
            biases,
            GraphReader.SPEC,
            GraphReader.SPEC),
        node.inputs().subList(0, 1),
        output);
    graph.edges.put(output, windows.outputs());
  }

  private int edge(OnnxFile.Node node) {
    return graph.edges.getOrDefault(node.inputs().getFirst(), 1);
  }

  /**
   * A locally connected layer.
   *
   * @param conv puts the pixels of windows on top of each other
   * @param product of the weights with them
   * @param output what the layer makes
   */
  void locallyConnected(OnnxFile.Node conv, OnnxFile.Node product, String bias, String output) {
    StridedTensor taps = weight(conv, 4, "filters");
    int kernel = conv.extent(taps.shape().get(2));
    int channels = conv.extent(taps.shape().get(0)) / (kernel * kernel);
    conv.require(
        conv.integers().getOrDefault("group", 1L) == channels && picks(taps, kernel),
        "filters before a product for each position",
        "for each channel one for each pixel of a window, that picks it out,");
    Windows windows = Windows.of(conv, kernel, edge(conv));
    StridedTensor weight = graph.index.given(product.inputs().getFirst());
    product.require(
        weight != null && weight.shape().size() == 4,
        "weights that are computed or have another shape",
        "a given tensor of 4 extents");
    int groups = product.extent(weight.shape().get(1));
    int filters = groups * product.extent(weight.shape().get(2));
    long edge = windows.outputs();
    String name = name(product, product.inputs().getFirst());
    List<Long> shape = new ArrayList<>(List.of(edge, edge, (long) filters));
    shape.addAll(List.of((long) channels / groups, (long) kernel, (long) kernel));
    product.require(
        weight.shape().get(0) == edge * edge
            && weight.shape().get(3) == (long) channels / groups * kernel * kernel,
        "weights " + weight.shape(),
        "one matrix for each position");
    graph.parameter(
        name + ".weight",
        product.inputs().getFirst(),
        StridedTensor.contiguous(weight.storage(), weight.type(), shape),
        List.of());
    bias(product, name, bias, List.of((long) filters, edge, edge));
    graph.builder.add(
        new LocallyConnected(
            name,
            filters,
            windows.window(),
            windows.rounding(),
            groups,
            1,
            GraphReader.SPEC,
            GraphReader.SPEC),
        conv.inputs().subList(0, 1),
        output);
    graph.edges.put(output, windows.outputs());
  }

  /** Whether there is a filter for each pixel of a window, again for each channel. */
  private static boolean picks(StridedTensor taps, int kernel) {
    int all = kernel * kernel;
    if (taps.shape().get(1) != 1
        || taps.shape().get(3) != kernel
        || taps.shape().get(0) % all != 0) {
      return false;
    }
    float[] values = taps.floats();
    for (int i = 0; i < values.length; i++) {
      if (values[i] != (i / all % all == i % all ? 1 : 0)) {
        return false;
      }
    }
    return true;
  }

  private void gemm(OnnxFile.Node node) {
    Map<String, Float> reals = node.reals();
    boolean plain =
        reals.getOrDefault("alpha", 1f) == 1
            && reals.getOrDefault("beta", 1f) == 1
            && node.integers().getOrDefault("transA", 0L) == 0;
    node.require(plain, "a Gemm with alpha, beta or transA", "a plain product");
    fullyConnected(
        node,
        node.inputs().size() > 2 ? node.inputs().get(2) : null,
        node.integers().getOrDefault("transB", 0L) == 1,
        node.outputs().getFirst());
  }

  /**
   * A fully-connected layer. Weights are [outputs, inputs] if they are transposed in the product,
   * else the other way.
   *
   * @param bias the tensor of its biases; null for none
   * @param output what the layer makes, biases and all
   */
  void fullyConnected(OnnxFile.Node node, String bias, boolean transposed, String output) {
    StridedTensor weight = weight(node, 2, "weights");
    String tensor = node.inputs().get(1);
    String name = name(node, tensor);
    int outputs = node.extent(weight.shape().get(transposed ? 0 : 1));
    graph.parameter(name + ".weight", tensor, weight, transposed ? List.of() : List.of(1, 0));
    bias(node, name, bias, outputs);
    graph.builder.add(
        new FullyConnected(name, outputs, 1, GraphReader.SPEC, GraphReader.SPEC),
        node.inputs().subList(0, 1),
        output);
    graph.edges.put(output, 1);
    graph.flat.add(output);
  }

  private void pooling(OnnxFile.Node node) {
    List<Long> kernel = node.lists().getOrDefault("kernel_shape", List.of());
    node.require(
        kernel.size() == 2 && kernel.get(0).equals(kernel.get(1)),
        "kernel_shape " + kernel,
        "a square");
    Windows windows = Windows.of(node, node.extent(kernel.getFirst()), edge(node));
    boolean max = node.type().equals("MaxPool");
    boolean counted = node.integers().getOrDefault("count_include_pad", 0L) != 0;
    node.require(max || !counted || windows.window().pad() == 0, "count_include_pad", "0");
    pooling(node, max ? Pooling.Kind.MAX : Pooling.Kind.AVERAGE, windows);
  }

  private void wholePooling(OnnxFile.Node node, Pooling.Kind kind) {
    Window window = new Window(edge(node), 1, 0);
    pooling(node, kind, new Windows(window, Rounding.FLOOR, 1));
  }

  private void pooling(OnnxFile.Node node, Pooling.Kind kind, Windows windows) {
    graph.builder.add(
        new Pooling(graph.unique(node.name()), kind, windows.window(), windows.rounding()),
        node.inputs().subList(0, 1),
        node.outputs().getFirst());
    graph.edges.put(node.outputs().getFirst(), windows.outputs());
  }

  /** Over whole images, as PyTorch writes an average of them. */
  private void mean(OnnxFile.Node node) {
    List<Long> axes = graph.index.numbers(node, "axes", 1);
    boolean whole =
        axes != null
            && axes.size() == 2
            && axes.stream()
                .map(axis -> axis < 0 ? axis + 4 : axis)
                .toList()
                .containsAll(List.of(2L, 3L));
    node.require(whole, "a mean over axes " + axes, "one over rows and columns");
    wholePooling(node, Pooling.Kind.AVERAGE);
  }

  /** A given tensor that is added to images. */
  private void positionBias(OnnxFile.Node node) {
    String input = node.inputs().getFirst();
    String bias = GraphIndex.other(node, input);
    if (graph.index.given(input) != null) {
      input = bias;
      bias = node.inputs().getFirst();
    }
    StridedTensor given = graph.index.given(bias);
    List<Long> shape = given == null ? List.of() : GraphIndex.image(given.shape());
    long edge = graph.edges.getOrDefault(input, 1);
    node.require(
        shape.size() == 3 && shape.get(1) == edge && shape.get(2) == edge,
        "a sum with " + (given == null ? "nothing given" : "a tensor " + given.shape()),
        "a tensor [channels, %d, %d]".formatted(edge, edge));
    String name = graph.unique(node.name());
    bias(node, name, bias, shape);
    graph.add(new PositionBias(name, GraphReader.SPEC), List.of(input), node.outputs().getFirst());
  }
}
