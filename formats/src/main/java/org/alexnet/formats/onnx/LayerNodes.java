package org.alexnet.formats.onnx;

import java.util.List;
import java.util.Map;
import org.alexnet.InvalidNetworkException;
import org.alexnet.formats.StridedTensor;
import org.alexnet.network.Convolution;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.Pooling;
import org.alexnet.network.Rounding;
import org.alexnet.network.Sum;
import org.alexnet.network.Window;
import org.alexnet.tensor.DType;

/** Nodes that have parameters or windows, and sums. */
final class LayerNodes {
  private static final String WEIGHT_ENDING = "(\\.weight|_weight|_w_0|\\.W|_W)$";

  private final GraphReader graph;

  /** A product whose bias may be added by the next node. */
  private OnnxFile.Node product;

  LayerNodes(GraphReader graph) {
    this.graph = graph;
  }

  void read(OnnxFile.Node node) {
    if (product != null) {
      if (node.type().equals("Add") && node.inputs().contains(product.outputs().getFirst())) {
        biased(node);
        return;
      }
      finish();
    }
    if (graph.simple(node)) {
      return;
    }
    switch (node.type()) {
      case "Conv" -> convolution(node);
      case "Gemm" -> gemm(node);
      case "MatMul" -> product = node;
      case "MaxPool", "AveragePool" -> pooling(node);
      case "Add", "Mul" -> sum(node);
      default -> throw no(node, "operator " + node.type(), "one that this program has");
    }
  }

  private static InvalidNetworkException no(OnnxFile.Node node, String got, String required) {
    return new InvalidNetworkException(
        node.name().isEmpty() ? node.outputs().getFirst() : node.name(),
        "%s; %s is required".formatted(InvalidNetworkException.shortened(got), required));
  }

  private static void require(boolean good, OnnxFile.Node node, String got, String required) {
    if (!good) {
      throw no(node, got, required);
    }
  }

  /** A product that nothing is added to. */
  void finish() {
    if (product != null) {
      OnnxFile.Node done = product;
      product = null;
      fullyConnected(done, done.inputs(), null, false, done.outputs().getFirst());
    }
  }

  private void biased(OnnxFile.Node add) {
    OnnxFile.Node done = product;
    product = null;
    String output = done.outputs().getFirst();
    String bias = add.inputs().get(0).equals(output) ? add.inputs().get(1) : add.inputs().get(0);
    fullyConnected(done, done.inputs(), bias, false, add.outputs().getFirst());
  }

  private StridedTensor given(OnnxFile.Node node, int input, int axes, String what) {
    StridedTensor tensor =
        node.inputs().size() > input ? graph.onnx.tensors.get(node.inputs().get(input)) : null;
    require(
        tensor != null && tensor.shape().size() == axes && tensor.info().dtype() == DType.F32,
        node,
        "%s that are computed or have another shape".formatted(what),
        "a given tensor of %d extents".formatted(axes));
    return tensor;
  }

  private String name(OnnxFile.Node node) {
    String weight = node.inputs().get(1);
    String without = weight.replaceFirst(WEIGHT_ENDING, "");
    return graph.unique(without.equals(weight) && !node.name().isEmpty() ? node.name() : without);
  }

  private void bias(OnnxFile.Node node, String layer, String tensor, int outputs) {
    String parameter = layer + ".bias";
    if (tensor == null || tensor.isEmpty()) {
      graph.noBias(parameter, outputs);
      return;
    }
    StridedTensor bias = graph.onnx.tensors.get(tensor);
    require(
        bias != null && bias.info().dtype() == DType.F32 && bias.info().elements() == outputs,
        node,
        "biases that are computed or not one an output",
        "a given tensor of %d".formatted(outputs));
    graph.parameter(
        parameter,
        tensor,
        StridedTensor.contiguous(bias.storage(), bias.type(), List.of((long) outputs)),
        List.of());
  }

  private void convolution(OnnxFile.Node node) {
    StridedTensor weight = given(node, 1, 4, "filters");
    String name = name(node);
    int outputs = extent(node, weight.shape().get(0));
    int kernel = extent(node, weight.shape().get(2));
    require(weight.shape().get(2).equals(weight.shape().get(3)), node, "oblong filters", "squares");
    Windows windows = windows(node, kernel);
    graph.parameter(name + ".weight", node.inputs().get(1), weight, List.of());
    bias(node, name, node.inputs().size() > 2 ? node.inputs().get(2) : null, outputs);
    graph.builder.add(
        new Convolution(
            name,
            outputs,
            windows.window,
            windows.rounding,
            extent(node, node.integers().getOrDefault("group", 1L)),
            1,
            GraphReader.SPEC,
            GraphReader.SPEC),
        node.inputs().subList(0, 1),
        node.outputs().getFirst());
    graph.edges.put(node.outputs().getFirst(), windows.outputs);
  }

  private static int extent(OnnxFile.Node node, long value) {
    require(value >= 1 && value <= 1 << 24, node, "an extent of " + value, "1 or more");
    return (int) value;
  }

  private void gemm(OnnxFile.Node node) {
    Map<String, Float> reals = node.reals();
    boolean plain =
        reals.getOrDefault("alpha", 1f) == 1
            && reals.getOrDefault("beta", 1f) == 1
            && node.integers().getOrDefault("transA", 0L) == 0;
    require(plain, node, "a Gemm with alpha, beta or transA", "a plain product");
    fullyConnected(
        node,
        node.inputs(),
        node.inputs().size() > 2 ? node.inputs().get(2) : null,
        node.integers().getOrDefault("transB", 0L) == 1,
        node.outputs().getFirst());
  }

  /** Weights are [outputs, inputs] if they are transposed in the product, else the other way. */
  private void fullyConnected(
      OnnxFile.Node node, List<String> inputs, String bias, boolean transposed, String output) {
    StridedTensor weight = given(node, 1, 2, "weights");
    String name = name(node);
    int outputs = extent(node, weight.shape().get(transposed ? 0 : 1));
    graph.parameter(
        name + ".weight", inputs.get(1), weight, transposed ? List.of() : List.of(1, 0));
    bias(node, name, bias, outputs);
    graph.builder.add(
        new FullyConnected(name, outputs, 1, GraphReader.SPEC, GraphReader.SPEC),
        inputs.subList(0, 1),
        output);
    graph.edges.put(output, 1);
  }

  private void pooling(OnnxFile.Node node) {
    List<Long> kernel = node.lists().getOrDefault("kernel_shape", List.of());
    require(
        kernel.size() == 2 && kernel.get(0).equals(kernel.get(1)),
        node,
        "kernel_shape " + kernel,
        "a square");
    Windows windows = windows(node, extent(node, kernel.getFirst()));
    boolean max = node.type().equals("MaxPool");
    boolean counted = node.integers().getOrDefault("count_include_pad", 0L) != 0;
    require(max || !counted || windows.window.pad() == 0, node, "count_include_pad", "0");
    graph.builder.add(
        new Pooling(
            graph.unique(node.name()),
            max ? Pooling.Kind.MAX : Pooling.Kind.AVERAGE,
            windows.window,
            windows.rounding),
        node.inputs().subList(0, 1),
        node.outputs().getFirst());
    graph.edges.put(node.outputs().getFirst(), windows.outputs);
  }

  /** A window, how its last place is rounded, and how many places it has along an edge. */
  private record Windows(Window window, Rounding rounding, int outputs) {}

  private Windows windows(OnnxFile.Node node, int kernel) {
    int edge = graph.edges.getOrDefault(node.inputs().getFirst(), 1);
    List<Long> strides = node.lists().getOrDefault("strides", List.of(1L, 1L));
    boolean dilated =
        node.lists().getOrDefault("dilations", List.of()).stream().anyMatch(d -> d != 1);
    require(!dilated, node, "dilations", "none");
    require(
        strides.size() == 2 && strides.get(0).equals(strides.get(1)),
        node,
        "strides " + strides,
        "two equal ones");
    int stride = extent(node, strides.getFirst());
    List<Long> pads = pads(node, edge, kernel, stride);
    boolean square =
        pads.size() == 4 && pads.get(0).equals(pads.get(1)) && pads.get(2).equals(pads.get(3));
    require(square, node, "pads " + pads, "as much above as left, and below as right");
    long begin = pads.get(0);
    long end = pads.get(2);
    require(
        begin >= 0 && begin < kernel && end >= begin && end < begin + stride + kernel,
        node,
        "pads " + pads,
        "from 0 to less than the kernel, no less at the end");
    Window window = new Window(kernel, stride, (int) begin);
    boolean ceil = node.integers().getOrDefault("ceil_mode", 0L) == 1;
    int outputs =
        ceil
            ? window.ceil(edge)
            : (int) Math.floorDiv(edge + begin + end - kernel, (long) stride) + 1;
    Rounding rounding =
        outputs == window.floor(edge) && !(ceil && begin == end) ? Rounding.FLOOR : Rounding.CEIL;
    require(
        outputs >= 1 && rounding.outputs(window, edge) == outputs,
        node,
        "pads %s of images of %d".formatted(pads, edge),
        "a window more at most");
    return new Windows(window, rounding, outputs);
  }

  private static List<Long> pads(OnnxFile.Node node, int edge, int kernel, int stride) {
    String auto = node.texts().getOrDefault("auto_pad", "NOTSET");
    long outputs = Math.ceilDiv(edge, stride);
    long all = Math.max(0, (outputs - 1) * stride + kernel - edge);
    return switch (auto) {
      case "NOTSET", "" -> node.lists().getOrDefault("pads", List.of(0L, 0L, 0L, 0L));
      case "VALID" -> List.of(0L, 0L, 0L, 0L);
      case "SAME_UPPER" -> List.of(all / 2, all / 2, all - all / 2, all - all / 2);
      case "SAME_LOWER" -> List.of(all - all / 2, all - all / 2, all / 2, all / 2);
      default -> throw no(node, "auto_pad " + auto, "NOTSET, VALID, SAME_UPPER or SAME_LOWER");
    };
  }

  /** A sum of two layers, or a layer times a number. */
  private void sum(OnnxFile.Node node) {
    require(node.inputs().size() == 2, node, "other than two inputs", "two");
    boolean times = node.type().equals("Mul");
    for (int i = 0; i < 2 && times; i++) {
      Float factor = graph.scalar(node.inputs().get(i));
      if (factor != null) {
        graph.add(
            new Sum(graph.unique(node.name()), List.of(factor)),
            List.of(node.inputs().get(1 - i)),
            node.outputs().getFirst());
        return;
      }
    }
    require(!times, node, "a product of layers", "a sum");
    graph.add(
        new Sum(graph.unique(node.name()), List.of(1f, 1f)),
        node.inputs(),
        node.outputs().getFirst());
  }
}
