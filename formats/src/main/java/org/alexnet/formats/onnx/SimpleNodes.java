package org.alexnet.formats.onnx;

import java.util.Collections;
import java.util.List;
import org.alexnet.formats.onnx.message.OnnxFile;
import org.alexnet.network.AbsoluteValue;
import org.alexnet.network.ChannelSelection;
import org.alexnet.network.Concatenation;
import org.alexnet.network.Dropout;
import org.alexnet.network.HorizontalFlip;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.network.Logistic;
import org.alexnet.network.Relu;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.network.Softplus;
import org.alexnet.network.Square;
import org.alexnet.network.Subsample;
import org.alexnet.network.Sum;
import org.alexnet.network.Tanh;

/** Nodes without parameters and windows, and those that do nothing here. */
final class SimpleNodes {
  /** Above this, single precision knows no difference between a softplus and its input. */
  private static final float NO_DIFFERENCE = 20;

  private static final long CHANNELS = 1;
  private static final List<Long> IMAGE_AXES = List.of(2L, 3L);

  private final GraphReader graph;

  SimpleNodes(GraphReader graph) {
    this.graph = graph;
  }

  /** Layers without parameters, and what does nothing here; false for others. */
  boolean read(OnnxFile.Node node) {
    String input = node.inputs().getFirst();
    String output = node.outputs().getFirst();
    switch (node.type()) {
      case "Relu" -> graph.add(new Relu(graph.unique(node.name())), node.inputs(), output);
      case "Tanh" -> graph.add(new Tanh(graph.unique(node.name())), node.inputs(), output);
      case "Sigmoid" -> graph.add(new Logistic(graph.unique(node.name())), node.inputs(), output);
      case "Abs" -> graph.add(new AbsoluteValue(graph.unique(node.name())), node.inputs(), output);
      case "Softplus" ->
          graph.add(new Softplus(graph.unique(node.name()), NO_DIFFERENCE), node.inputs(), output);
      case "Mul", "Pow" -> product(node, input, output);
      case "Softmax" -> {
        requireChannels(node, CHANNELS);
        graph.builder.add(new SoftmaxCrossEntropy(softmax(node)), List.of(input), output);
      }
      case "Concat" -> {
        requireChannels(node, null);
        graph.add(new Concatenation(graph.unique(node.name())), node.inputs(), output);
      }
      case "LRN" -> graph.add(norm(node), node.inputs(), output);
      case "Gather" -> graph.add(selection(node, input), List.of(input), output);
      case "Split" -> split(node, input);
      case "Slice" -> slice(node, input, output);
      case "Identity" -> same(input, output, graph.flat.contains(input));
      case "Flatten", "Reshape" -> same(input, output, true);
      case "Squeeze", "Unsqueeze" -> squeezed(node, input, output);
      case "Dropout" -> dropout(node, input, output);
      case "Sum" -> sum(node, Collections.nCopies(node.inputs().size(), 1f));
      case "Sub" -> sum(node, List.of(1f, -1f));
      default -> {
        return false;
      }
    }
    return true;
  }

  private void sum(OnnxFile.Node node, List<Float> coefficients) {
    graph.add(
        new Sum(graph.unique(node.name()), coefficients), node.inputs(), node.outputs().getFirst());
  }

  private void same(String input, String output, boolean isFlat) {
    graph.builder.same(output, input);
    graph.edges.put(output, graph.edges.getOrDefault(input, 1));
    if (isFlat) {
      graph.flat.add(output);
    }
  }

  /** Rows and columns of one pixel that appear or go. */
  private void squeezed(OnnxFile.Node node, String input, String output) {
    List<Long> axes = graph.index.numbers(node, "axes", 1);
    boolean rows =
        axes != null
            && axes.size() == 2
            && axes.stream().map(axis -> axis < 0 ? axis + 4 : axis).toList().equals(IMAGE_AXES);
    node.require(
        rows && graph.edges.getOrDefault(input, 1) == 1,
        "%s of axes %s".formatted(node.type(), axes),
        "one of rows and columns of a single pixel");
    same(input, output, node.type().equals("Squeeze"));
  }

  /** Channels are the second axis, and the last where there are no rows and columns. */
  private void requireChannels(OnnxFile.Node node, Long otherwise) {
    Long axis = node.integers().getOrDefault("axis", otherwise);
    boolean isFlat = graph.flat.contains(node.inputs().getFirst());
    node.require(
        axis != null && (axis == CHANNELS || axis == (isFlat ? -1 : CHANNELS - 4)),
        "axis " + axis,
        "axis 1, the channels,");
  }

  /** Channels by a list that the file gives; those of an image that was flattened are pixels. */
  private ChannelSelection selection(OnnxFile.Node node, String input) {
    requireChannels(node, 0L);
    List<Long> channels = graph.index.numbers(node, "indices", 1);
    node.require(
        channels != null && channels.stream().allMatch(channel -> channel == channel.intValue()),
        channels == null ? "a Gather by what other nodes calculate" : "channels " + channels,
        "channels by a list in the file");
    node.require(
        !graph.flat.contains(input) || graph.edges.getOrDefault(input, 1) == 1,
        "a Gather of pixels",
        "one of channels");
    return new ChannelSelection(
        graph.unique(node.name()), channels.stream().map(Long::intValue).toList());
  }

  private void split(OnnxFile.Node node, String input) {
    requireChannels(node, 0L);
    List<Long> sizes = graph.index.numbers(node, "split", 1);
    node.require(
        sizes == null || sizes.stream().distinct().count() == 1,
        "parts of %s channels".formatted(sizes),
        "as many in each");
    graph.builder.split(node.name(), input, node.outputs());
    node.outputs().forEach(part -> graph.edges.put(part, graph.edges.getOrDefault(input, 1)));
  }

  /** A tensor times itself, or times a number. */
  private void product(OnnxFile.Node node, String input, String output) {
    String other = GraphIndex.other(node, input);
    Float number = graph.index.number(node);
    boolean times = node.type().equals("Mul");
    if (times ? input.equals(other) : Float.valueOf(2).equals(graph.index.number(other))) {
      graph.add(new Square(graph.unique(node.name())), List.of(input), output);
      return;
    }
    node.require(
        times && number != null,
        times ? "a product of layers" : "a power of " + (number == null ? "layers" : number),
        times ? "one with a number" : "the square");
    graph.add(
        new Sum(graph.unique(node.name()), List.of(number)),
        List.of(graph.index.number(input) == null ? input : other),
        output);
  }

  /** Pixels in other order, or every so many of them. */
  private void slice(OnnxFile.Node node, String input, String output) {
    List<Long> starts = graph.index.numbers(node, "starts", 1);
    List<Long> ends = graph.index.numbers(node, "ends", 2);
    List<Long> axes = graph.index.numbers(node, "axes", 3);
    List<Long> said = graph.index.numbers(node, "steps", 4);
    String got = "a part from %s to %s of axes %s".formatted(starts, ends, axes);
    boolean whole =
        starts != null
            && ends != null
            && axes != null
            && starts.size() == axes.size()
            && ends.size() == axes.size()
            && (said == null || said.size() == axes.size());
    node.require(whole, got, "as many starts, ends and steps as axes");
    List<Long> steps = said == null ? Collections.nCopies(axes.size(), 1L) : said;
    List<Long> positive = axes.stream().map(axis -> axis < 0 ? axis + 4 : axis).toList();
    int edge = graph.edges.getOrDefault(input, 1);
    long start = starts.isEmpty() ? 0 : starts.getFirst();
    long step = steps.isEmpty() ? 1 : steps.getFirst();
    if (positive.equals(List.of(3L))
        && step == -1
        && (start == -1 || start >= edge - 1)
        && ends.getFirst() < -edge) {
      graph.add(new HorizontalFlip(graph.unique(node.name())), List.of(input), output);
      return;
    }
    boolean alike =
        positive.equals(IMAGE_AXES)
            && starts.get(1) == start
            && steps.get(1) == step
            && step >= 1
            && step <= edge;
    node.require(alike, got, "a mirrored image, or the same of rows and columns,");
    Subsample kept = new Subsample(graph.unique(node.name()), (int) step);
    int outputs = kept.outputs(edge);
    node.require(
        start == kept.first(edge)
            && ends.stream().allMatch(end -> end > start + step * (outputs - 1)),
        got + " of " + edge + " pixels",
        "every %d from %d to the end".formatted(step, kept.first(edge)));
    graph.builder.add(kept, List.of(input), output);
    graph.edges.put(output, outputs);
  }

  private String softmax(OnnxFile.Node node) {
    return node.name().isEmpty() || GraphReader.RESERVED.contains(node.name())
        ? graph.unique("softmax")
        : graph.unique(node.name());
  }

  /** In a file it does nothing; its rate is kept. */
  private void dropout(OnnxFile.Node node, String input, String output) {
    Float rate = node.inputs().size() > 1 ? graph.index.number(node.inputs().get(1)) : null;
    float said = rate != null ? rate : node.reals().getOrDefault("ratio", 0.5f);
    graph.add(
        new Dropout(graph.unique(node.name()), said, Dropout.Scaling.TRAINING),
        List.of(input),
        output);
  }

  private LocalResponseNorm norm(OnnxFile.Node node) {
    return new LocalResponseNorm(
        graph.unique(node.name()),
        LocalResponseNorm.Region.ACROSS_MAPS,
        Math.toIntExact(node.integers().getOrDefault("size", 0L)),
        node.reals().getOrDefault("alpha", 1e-4f),
        node.reals().getOrDefault("beta", 0.75f),
        node.reals().getOrDefault("bias", 1f),
        LocalResponseNorm.Convention.MEAN,
        1);
  }
}
