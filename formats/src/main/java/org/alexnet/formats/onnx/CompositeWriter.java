package org.alexnet.formats.onnx;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.alexnet.formats.onnx.message.Graph;
import org.alexnet.network.Blur;
import org.alexnet.network.ContrastNorm;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.network.LocallyConnected;
import org.alexnet.network.Softplus;
import org.alexnet.network.Subsample;

/**
 * Layers for which ONNX has no operator, as several that together mean the same. A tensor between
 * them is called as the layer, with what it holds behind a dot. {@link CompositeReader} reads them.
 */
final class CompositeWriter {
  private static final int CHANNELS = 1;

  /** From [images, groups, inputs, positions] to [positions, groups, inputs, images], and back. */
  static final List<Long> TURNED = List.of(3L, 1L, 2L, 0L);

  private final Graph graph;

  CompositeWriter(Graph graph) {
    this.graph = graph;
  }

  private static List<Long> square(int value) {
    return List.of((long) value, (long) value);
  }

  private static List<Long> pads(int all) {
    return Collections.nCopies(4, (long) all);
  }

  /** A mean over windows about each pixel: of those in the image, or of all, zeros among them. */
  private String means(String output, String input, int size, boolean beyond) {
    graph
        .node("AveragePool", output, input)
        .integers("kernel_shape", square(size))
        .integers("pads", pads(size / 2))
        .integer("count_include_pad", beyond ? 1 : 0);
    return output;
  }

  /** The channels in parts, each normalized by itself, joined again. */
  void acrossParts(LocalResponseNorm norm, int channels, String input, String output) {
    List<String> parts = parts(output + ".in", norm.groups());
    List<String> normed = parts(output + ".out", norm.groups());
    List<Long> sizes = Collections.nCopies(norm.groups(), (long) channels / norm.groups());
    String split = graph.integers(output + ".split", sizes);
    graph.node("Split", List.of(input, split), parts).integer("axis", CHANNELS);
    for (int group = 0; group < norm.groups(); group++) {
      acrossMaps(norm, parts.get(group), normed.get(group));
    }
    graph.node("Concat", normed, List.of(output)).integer("axis", CHANNELS);
  }

  private static List<String> parts(String name, int count) {
    return IntStream.range(0, count).mapToObj(part -> name + part).toList();
  }

  /** ONNX divides alpha by the size. */
  void acrossMaps(LocalResponseNorm norm, String input, String output) {
    graph
        .node("LRN", output, input)
        .real("alpha", norm.meanAlpha())
        .real("beta", norm.beta())
        .real("bias", norm.k())
        .integer("size", norm.size());
  }

  /** The mean is over whole windows, beyond the image zeros. */
  void withinMap(LocalResponseNorm norm, String input, String output) {
    graph.node("Mul", output + ".squares", input, input);
    String means = means(output + ".means", output + ".squares", norm.size(), true);
    dividedByPower(output, input, means, norm.meanAlpha(), norm.k(), norm.beta());
  }

  /** As within a map, of what lies above the mean of a window, of which only the image counts. */
  void contrast(ContrastNorm norm, String input, String output) {
    String mean = means(output + ".mean", input, norm.size(), false);
    graph.node("Sub", output + ".centred", input, mean);
    graph.node("Mul", output + ".squares", output + ".centred", output + ".centred");
    String means = means(output + ".means", output + ".squares", norm.size(), true);
    dividedByPower(output, input, means, norm.alpha(), norm.k(), norm.beta());
  }

  /** input / (k + alpha means)^beta. */
  private void dividedByPower(
      String output, String input, String means, float alpha, float k, float beta) {
    graph.node("Mul", output + ".scaled", means, graph.scalar(output + ".alpha", alpha));
    graph.node("Add", output + ".sum", output + ".scaled", graph.scalar(output + ".k", k));
    graph.node("Pow", output + ".power", output + ".sum", graph.scalar(output + ".beta", beta));
    graph.node("Div", output, input, output + ".power");
  }

  /** ONNX's own has no threshold. */
  void softplus(Softplus softplus, String input, String output) {
    String threshold = graph.scalar(output + ".threshold", softplus.threshold());
    graph.node("Softplus", output + ".soft", input);
    graph.node("Greater", output + ".above", input, threshold);
    graph.node("Where", output, output + ".above", input, output + ".soft");
  }

  /** A filter along rows, then one along columns, for each channel by itself. */
  void blur(Blur blur, int channels, String input, String output) {
    float[] filters = new float[channels * blur.size()];
    for (int i = 0; i < filters.length; i++) {
      filters[i] = blur.filter().get(i % blur.size());
    }
    long size = blur.size();
    String rows =
        graph.tensor(output + ".rows", List.of((long) channels, 1L, 1L, size), () -> filters);
    String columns =
        graph.tensor(output + ".columns", List.of((long) channels, 1L, size, 1L), () -> filters);
    long pad = size / 2;
    graph
        .node("Conv", output + ".blurred", input, rows)
        .integers("kernel_shape", List.of(1L, size))
        .integers("pads", List.of(0L, pad, 0L, pad))
        .integer("group", channels);
    graph
        .node("Conv", output, output + ".blurred", columns)
        .integers("kernel_shape", List.of(size, 1L))
        .integers("pads", List.of(pad, 0L, pad, 0L))
        .integer("group", channels);
  }

  /** Every so many pixels of the image, from one on. */
  void subsample(Subsample kept, int edge, String input, String output) {
    slice(input, output, List.of(2L, 3L), kept.first(edge), edge, kept.stride());
  }

  /** From the last column back to the first. */
  void flip(String input, String output) {
    slice(input, output, List.of(3L), -1, Long.MIN_VALUE, -1);
  }

  private void slice(
      String input, String output, List<Long> axes, long start, long end, long step) {
    List<String> inputs = new ArrayList<>(List.of(input));
    inputs.add(graph.integers(output + ".starts", Collections.nCopies(axes.size(), start)));
    inputs.add(graph.integers(output + ".ends", Collections.nCopies(axes.size(), end)));
    inputs.add(graph.integers(output + ".axes", axes));
    inputs.add(graph.integers(output + ".steps", Collections.nCopies(axes.size(), step)));
    graph.node("Slice", inputs, List.of(output));
  }

  /**
   * Weights of a locally connected layer as its product reads them: for each position and group a
   * matrix [filters, inputs].
   *
   * @param shape of the weights, [h, w, filters, channels / groups, kernel, kernel]
   */
  static List<Long> matrices(LocallyConnected local, List<Integer> shape) {
    return List.of(
        (long) shape.get(0) * shape.get(1),
        (long) local.groups(),
        (long) local.filters() / local.groups(),
        (long) shape.get(3) * shape.get(4) * shape.get(5));
  }

  /**
   * Filters that put the pixels of each window on top of each other: as many channels for each of
   * the image's, of which every one is a pixel.
   */
  String picking(LocallyConnected local, int channels) {
    long kernel = local.window().kernel();
    int taps = Math.toIntExact(kernel * kernel);
    float[] filters = new float[Math.multiplyExact(Math.multiplyExact(channels, taps), taps)];
    for (int i = 0; i < channels * taps; i++) {
      filters[i * taps + i % taps] = 1;
    }
    List<Long> shape = List.of((long) channels * taps, 1L, kernel, kernel);
    return graph.tensor(local.name() + ".taps", shape, () -> filters);
  }

  /**
   * The product of each position's filters with what {@link #picking} made, {@code NAME.windows},
   * and the biases.
   *
   * @param channels of the image
   * @param made the layer's output, [filters, h, w]
   */
  void products(LocallyConnected local, int channels, List<Integer> made, String output) {
    long kernel = local.window().kernel();
    long groups = local.groups();
    long inputs = channels / groups * kernel * kernel;
    long h = made.get(1);
    long w = made.get(2);
    String parted = graph.integers(output + ".parted", List.of(0L, groups, inputs, h * w));
    String shape = graph.integers(output + ".shape", List.of(0L, (long) local.filters(), h, w));
    graph.node("Reshape", output + ".inputs", output + ".windows", parted);
    graph.node("Transpose", output + ".positions", output + ".inputs").integers("perm", TURNED);
    graph.node("MatMul", output + ".products", output + ".weight", output + ".positions");
    graph.node("Transpose", output + ".images", output + ".products").integers("perm", TURNED);
    graph.node("Reshape", output + ".maps", output + ".images", shape);
    graph.node("Add", output, output + ".maps", output + ".bias");
  }
}
