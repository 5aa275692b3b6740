package org.alexnet.formats.onnx;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.alexnet.formats.StridedTensor;
import org.alexnet.formats.onnx.message.OnnxFile;
import org.alexnet.network.Blur;
import org.alexnet.network.ContrastNorm;
import org.alexnet.network.Convolution;
import org.alexnet.network.Layer;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.network.LocalResponseNorm.Region;
import org.alexnet.network.Softplus;
import org.alexnet.network.Sum;

/**
 * Finds layers that are several nodes of a graph, from the last of each. No other node reads what
 * those before it make.
 */
final class CompositeReader {
  private final GraphReader graph;
  private final GraphIndex index;
  private final LayerNodes layers;

  /** What reads a layer, by its last node. */
  private final Map<OnnxFile.Node, Runnable> readers = new IdentityHashMap<>();

  private final Set<OnnxFile.Node> inner = Collections.newSetFromMap(new IdentityHashMap<>());

  CompositeReader(GraphReader graph, LayerNodes layers) {
    this.graph = graph;
    this.index = graph.index;
    this.layers = layers;
    for (OnnxFile.Node node : graph.onnx.nodes.reversed()) {
      if (!inner.contains(node)) {
        switch (node.type()) {
          case "Div" -> norm(node);
          case "Where" -> softplus(node);
          case "Conv" -> blur(node);
          case "Add" -> sum(node);
          default -> {}
        }
      }
    }
  }

  /** Reads a layer with its last node; false for a node that is a layer by itself. */
  boolean read(OnnxFile.Node node) {
    if (inner.contains(node)) {
      return true;
    }
    Runnable reader = readers.get(node);
    if (reader == null) {
      return false;
    }
    reader.run();
    return true;
  }

  private void found(OnnxFile.Node last, Runnable reader, OnnxFile.Node... before) {
    readers.put(last, reader);
    inner.addAll(List.of(before));
  }

  /** A layer without parameters that leaves rows and columns as they are. */
  private void add(OnnxFile.Node last, String input, Function<String, Layer> layer) {
    graph.add(layer.apply(graph.unique(last.name())), List.of(input), last.outputs().getFirst());
  }

  /** x / (k + alpha means)^beta, the means of what is squared: within a map, or across maps. */
  private void norm(OnnxFile.Node div) {
    String input = div.inputs().getFirst();
    String divisor = GraphIndex.other(div, input);
    OnnxFile.Node power = index.maker(divisor, "Pow");
    OnnxFile.Node sum = index.maker(power, "Add");
    OnnxFile.Node scaled = index.maker(sum, "Mul");
    Float beta = index.number(power);
    Float k = index.number(sum);
    Float alpha = index.number(scaled);
    if (alpha == null
        || k == null
        || beta == null
        || !power.inputs().get(0).equals(sum.outputs().getFirst())) {
      return;
    }
    OnnxFile.Node means = index.maker(scaled, "AveragePool");
    OnnxFile.Node squares = index.maker(means, "Mul");
    if (squares == null) {
      acrossMaps(div, input, power, sum, scaled, alpha, k, beta);
      return;
    }
    int size = about(means, true);
    String squared = squares.inputs().getFirst();
    if (size == 0 || !squared.equals(GraphIndex.other(squares, squared))) {
      return;
    }
    if (squared.equals(input)) {
      found(
          div,
          () -> add(div, input, name -> norm(name, Region.WITHIN_MAP, size, alpha, beta, k)),
          power,
          sum,
          scaled,
          means,
          squares);
      return;
    }
    OnnxFile.Node centred = index.maker(squared, "Sub");
    OnnxFile.Node mean = index.maker(centred, "AveragePool");
    if (mean != null
        && centred.inputs().equals(List.of(input, mean.outputs().getFirst()))
        && mean.inputs().equals(List.of(input))
        && about(mean, false) == size) {
      found(
          div,
          () -> add(div, input, name -> new ContrastNorm(name, size, alpha, beta, k)),
          power,
          sum,
          scaled,
          means,
          squares,
          centred,
          mean);
    }
  }

  private static LocalResponseNorm norm(
      String name, Region region, int size, float alpha, float beta, float k) {
    return new LocalResponseNorm(
        name, region, size, alpha, beta, k, LocalResponseNorm.Convention.MEAN, 1);
  }

  /**
   * The size of windows about each pixel that a pooling takes the mean of; 0 for others.
   *
   * @param beyond whether zeros beyond the image are counted
   */
  private static int about(OnnxFile.Node pool, boolean beyond) {
    List<Long> kernel = pool.lists().getOrDefault("kernel_shape", List.of());
    if (kernel.size() != 2 || !kernel.get(0).equals(kernel.get(1)) || kernel.get(0) > 1 << 15) {
      return 0;
    }
    long size = kernel.getFirst();
    List<Long> none = Collections.nCopies(4, 0L);
    boolean good =
        size % 2 == 1
            && pool.lists().getOrDefault("strides", List.of(1L, 1L)).equals(List.of(1L, 1L))
            && pool.lists().getOrDefault("pads", none).equals(Collections.nCopies(4, size / 2))
            && pool.texts().getOrDefault("auto_pad", "NOTSET").equals("NOTSET")
            && (size == 1
                || beyond == (pool.integers().getOrDefault("count_include_pad", 0L) == 1));
    return good ? (int) size : 0;
  }

  /** As PyTorch writes it: maps become a third axis, which is padded and pooled. */
  private void acrossMaps(
      OnnxFile.Node div,
      String input,
      OnnxFile.Node power,
      OnnxFile.Node sum,
      OnnxFile.Node scaled,
      float alpha,
      float k,
      float beta) {
    OnnxFile.Node flat = index.maker(scaled, "Squeeze");
    OnnxFile.Node means = index.maker(flat, "AveragePool");
    OnnxFile.Node padded = index.maker(means, "Pad");
    OnnxFile.Node planes = index.maker(padded, "Reshape");
    OnnxFile.Node squares = index.maker(planes, "Mul");
    if (squares == null || !squares.inputs().equals(List.of(input, input))) {
      return;
    }
    List<Long> kernel = means.lists().getOrDefault("kernel_shape", List.of());
    List<Long> pads = index.numbers(padded, "pads", 1);
    List<Long> shape = index.numbers(planes, "shape", 1);
    boolean good =
        kernel.size() == 3
            && kernel.subList(1, 3).equals(List.of(1L, 1L))
            && kernel.getFirst() < 1 << 15
            && means.lists().getOrDefault("strides", List.of()).stream().allMatch(s -> s == 1)
            && means.lists().getOrDefault("pads", List.of()).stream().allMatch(p -> p == 0)
            && padded.texts().getOrDefault("mode", "constant").equals("constant")
            && padded.inputs().stream().skip(2).allMatch(String::isEmpty)
            && shape != null
            && shape.size() == 5
            && shape.get(1) == 1;
    if (!good) {
      return;
    }
    long size = kernel.getFirst();
    List<Long> before = List.of(0L, 0L, size / 2, 0L, 0L);
    List<Long> all = new ArrayList<>(before);
    all.addAll(List.of(0L, 0L, (size - 1) / 2, 0L, 0L));
    if (!all.equals(pads)) {
      return;
    }
    found(
        div,
        () -> {
          long edge = graph.edges.getOrDefault(input, 1);
          planes.require(
              shape.get(3) == edge,
              "shape " + shape,
              "[images, 1, maps, %d, %d]".formatted(edge, edge));
          add(div, input, name -> norm(name, Region.ACROSS_MAPS, (int) size, alpha, beta, k));
        },
        power,
        sum,
        scaled,
        flat,
        means,
        padded,
        planes,
        squares);
  }

  private void softplus(OnnxFile.Node where) {
    if (where.inputs().size() != 3) {
      return;
    }
    String input = where.inputs().get(1);
    OnnxFile.Node above = index.maker(where.inputs().get(0), "Greater");
    OnnxFile.Node soft = index.maker(where.inputs().get(2), "Softplus");
    Float threshold = above == null ? null : index.number(GraphIndex.other(above, input));
    if (soft != null
        && threshold != null
        && above.inputs().getFirst().equals(input)
        && soft.inputs().equals(List.of(input))) {
      found(where, () -> add(where, input, name -> new Softplus(name, threshold)), above, soft);
    }
  }

  /** The same filter along rows, then along columns, of each channel by itself. */
  private void blur(OnnxFile.Node conv) {
    OnnxFile.Node first = index.maker(conv.inputs().getFirst(), "Conv");
    if (first == null || first.inputs().size() != 2 || conv.inputs().size() != 2) {
      return;
    }
    StridedTensor rows = index.given(first.inputs().get(1));
    StridedTensor columns = index.given(conv.inputs().get(1));
    if (rows == null || columns == null || rows.shape().size() != 4) {
      return;
    }
    long channels = rows.shape().get(0);
    long size = rows.shape().get(3);
    long half = size / 2;
    boolean good =
        channels > 0
            && rows.shape().equals(List.of(channels, 1L, 1L, size))
            && columns.shape().equals(List.of(channels, 1L, size, 1L))
            && leaves(first, channels, List.of(0L, half, 0L, half))
            && leaves(conv, channels, List.of(half, 0L, half, 0L));
    Blur filter = good ? Gaussian.of(rows.floats(), columns.floats(), (int) size) : null;
    if (filter != null) {
      found(
          conv,
          () ->
              add(
                  conv,
                  first.inputs().getFirst(),
                  name -> new Blur(name, filter.size(), filter.deviation())),
          first);
    }
  }

  /** Whether a convolution leaves the image's size, and has a filter a channel. */
  private static boolean leaves(OnnxFile.Node conv, long channels, List<Long> pads) {
    return conv.integers().getOrDefault("group", 1L) == channels
        && conv.lists().getOrDefault("pads", Collections.nCopies(4, 0L)).equals(pads)
        && conv.texts().getOrDefault("auto_pad", "NOTSET").equals("NOTSET")
        && conv.lists().getOrDefault("strides", List.of()).stream().allMatch(s -> s == 1)
        && conv.lists().getOrDefault("dilations", List.of()).stream().allMatch(d -> d == 1);
  }

  private void sum(OnnxFile.Node add) {
    if (add.inputs().size() != 2) {
      return;
    }
    String first = add.inputs().get(0);
    String second = add.inputs().get(1);
    if (index.given(second) != null) {
      biased(add, first, second);
    } else if (index.given(first) != null) {
      biased(add, second, first);
    } else {
      terms(add);
    }
  }

  /** A product or a convolution without biases, and then biases. */
  private void biased(OnnxFile.Node add, String computed, String bias) {
    StridedTensor given = index.given(bias);
    String output = add.outputs().getFirst();
    List<Long> shape = GraphIndex.image(given.shape());
    OnnxFile.Node product = index.maker(computed, "MatMul");
    OnnxFile.Node conv = index.maker(computed, "Conv");
    OnnxFile.Node maps = index.maker(computed, "Reshape");
    if (product != null && given.shape().stream().filter(extent -> extent != 1).count() <= 1) {
      found(add, () -> layers.fullyConnected(product, bias, false, output), product);
    } else if (conv != null && conv.inputs().size() == 2 && shape.size() == 3) {
      boolean shared = shape.subList(1, 3).equals(List.of(1L, 1L));
      found(
          add,
          () ->
              layers.convolution(
                  conv,
                  bias,
                  shared ? Convolution.Biases.SHARED : Convolution.Biases.UNSHARED,
                  output),
          conv);
    } else if (maps != null) {
      locallyConnected(add, maps, bias);
    }
  }

  /** As {@link CompositeWriter} writes it. */
  private void locallyConnected(OnnxFile.Node add, OnnxFile.Node maps, String bias) {
    OnnxFile.Node images = index.maker(maps, "Transpose");
    OnnxFile.Node products = index.maker(images, "MatMul");
    OnnxFile.Node positions = index.maker(products, "Transpose");
    OnnxFile.Node inputs = index.maker(positions, "Reshape");
    OnnxFile.Node windows = index.maker(inputs, "Conv");
    if (windows != null
        && windows.inputs().size() == 2
        && products.inputs().get(1).equals(positions.outputs().getFirst())
        && CompositeWriter.TURNED.equals(images.lists().get("perm"))
        && CompositeWriter.TURNED.equals(positions.lists().get("perm"))) {
      found(
          add,
          () -> layers.locallyConnected(windows, products, bias, add.outputs().getFirst()),
          maps,
          images,
          products,
          positions,
          inputs,
          windows);
    }
  }

  /** A sum of sums, from the left, of layers times numbers. */
  private void terms(OnnxFile.Node last) {
    List<String> inputs = new ArrayList<>();
    List<Float> coefficients = new ArrayList<>();
    OnnxFile.Node add = last;
    while (true) {
      String left = add.inputs().get(0);
      term(add.inputs().get(1), inputs, coefficients);
      OnnxFile.Node before = left.equals(add.inputs().get(1)) ? null : index.maker(left, "Add");
      if (before == null
          || before.inputs().size() != 2
          || before.inputs().stream().anyMatch(input -> index.given(input) != null)) {
        term(left, inputs, coefficients);
        break;
      }
      inner.add(before);
      add = before;
    }
    found(
        last,
        () ->
            graph.add(
                new Sum(graph.unique(last.name()), coefficients.reversed()),
                inputs.reversed(),
                last.outputs().getFirst()));
  }

  private void term(String tensor, List<String> inputs, List<Float> coefficients) {
    OnnxFile.Node product = index.maker(tensor, "Mul");
    Float factor = index.number(product);
    if (factor == null) {
      inputs.add(tensor);
      coefficients.add(1f);
      return;
    }
    inner.add(product);
    String first = product.inputs().getFirst();
    inputs.add(index.number(first) == null ? first : GraphIndex.other(product, first));
    coefficients.add(factor);
  }
}
