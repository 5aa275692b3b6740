package org.alexnet.formats.convnet;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.InvalidNetworkException;
import org.alexnet.formats.NetworkFiles;
import org.alexnet.formats.convnet.Graph.Output;
import org.alexnet.network.Concatenation;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.Input;
import org.alexnet.network.Layer;
import org.alexnet.network.Network;
import org.alexnet.network.Node;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.network.Sum;

/**
 * Makes a network of the two files of cuda-convnet. Each of its layers keeps its name; what a layer
 * does to its outputs follows it as a layer of its own, {@code NAME_neuron}.
 */
final class LayerReader {
  /** What any layer may have. */
  private static final List<String> COMMON = List.of("type", "inputs", "neuron", "gpu");

  /** Edge of the crops of ImageNet's photographs. */
  private static final int CROP = 224;

  /** Edge of the images of CIFAR-10, and its classes. */
  private static final int SMALL = 32;

  private static final int SMALL_CLASSES = 10;

  private final ConfigFile file;
  private final LearningFile learning;
  private final int size;
  private final Graph graph = new Graph();
  private final Set<String> labels = new TreeSet<>();
  private final NavigableSet<Integer> gpus = new TreeSet<>();
  private final Map<String, Integer> gpuOf = new HashMap<>();
  private int channels;
  private String loss;

  /**
   * Reads the files.
   *
   * @param size rows and columns of images; null for those of CIFAR-10 where there are ten classes,
   *     else of ImageNet
   */
  LayerReader(ConfigFile file, LearningFile learning, Integer size) {
    this.file = file;
    this.learning = learning;
    this.size = size != null ? size : classes() == SMALL_CLASSES ? SMALL : CROP;
    file.sections().values().stream()
        .filter(section -> section.has("gpu"))
        .forEach(section -> gpus.add(gpu(section)));
    gpus.add(0);
  }

  /** Layers with weights. */
  static List<Section> learning(ConfigFile file) {
    Set<String> types = Set.of("conv", "local", "fc");
    return file.sections().values().stream()
        .filter(section -> types.contains(section.text("type")))
        .toList();
  }

  /** Outputs of the layers that softmax reads, as far as that can be told beforehand. */
  private int classes() {
    return file.sections().values().stream()
        .filter(section -> section.text("type", "").equals("softmax") && section.has("inputs"))
        .map(section -> file.sections().get(section.text("inputs")))
        .filter(section -> section != null && section.has("outputs"))
        .mapToInt(section -> section.whole("outputs"))
        .findFirst()
        .orElse(0);
  }

  private static int gpu(Section section) {
    int gpu = section.whole("gpu");
    if (gpu < 0) {
      throw section.wrong("gpu", "is %d, must be at least 0".formatted(gpu));
    }
    return gpu;
  }

  Network read(String name) {
    for (Section section : file.sections().values()) {
      if (loss != null) {
        requireLoss(section);
        continue;
      }
      try {
        read(section);
      } catch (InvalidNetworkException e) {
        throw section.wrong(e.problem());
      } catch (ArithmeticException e) {
        throw section.wrong("its outputs are too many to count");
      }
    }
    if (loss == null) {
      throw new AlexNetException(
          "%s has no layer of type softmax, in which a network must end.".formatted(file.path()));
    }
    int stored = Math.max(NetworkFiles.stored(size), SMALL);
    return new Network(name, new Input(channels, size, stored, 1), graph.nodes());
  }

  private void read(Section section) {
    String type = section.text("type");
    if (type.equals("data")) {
      data(section);
      return;
    }
    List<Output> inputs = inputs(section);
    int column = column(section);
    Output output =
        switch (type) {
          case "conv", "local" -> filters(section, inputs, column, type.equals("local"));
          case "fc" -> fullyConnected(section, inputs, column);
          case "concat" -> concatenation(section, inputs, column);
          case "eltsum" -> sum(section, inputs, column);
          case "softmax" -> softmax(section, inputs);
          default -> one(section, type, inputs, column);
        };
    // What is behind a layer, all that read the layer read.
    graph.gives(
        section.name(),
        type.equals("neuron")
            ? output
            : neuron(section, section.name() + "_neuron", output, column));
  }

  private void data(Section section) {
    requireKnown(section, "dataIdx");
    if (section.whole("dataIdx") == 0) {
      graph.gives(section.name(), new Output(Network.DATA, 0, size, false));
    } else {
      labels.add(section.name());
    }
  }

  private void requireKnown(Section section, String... own) {
    section.requireKnown(Stream.concat(COMMON.stream(), Stream.of(own)).toList());
  }

  private List<Output> inputs(Section section) {
    List<Output> inputs = new ArrayList<>();
    for (String name : section.texts("inputs")) {
      Output output = graph.output(name);
      if (output == null) {
        throw section.wrong(
            "inputs",
            (labels.contains(name)
                    ? "has %s, which are labels; only a cost reads them"
                    : file.sections().containsKey(name)
                        ? "has %s, which must stand before it"
                        : "has %s, which is no layer")
                .formatted(ConfigFile.shown(name)));
      }
      inputs.add(output);
    }
    return inputs;
  }

  /** A column for each GPU of the file: of the layer's own, or of that which it reads first. */
  private int column(Section section) {
    int gpu =
        section.has("gpu")
            ? gpu(section)
            : gpuOf.getOrDefault(section.texts("inputs").getFirst(), 0);
    gpuOf.put(section.name(), gpu);
    return gpus.headSet(gpu).size();
  }

  /** The function of a section, as layers one after the other, the last by the name. */
  private Output neuron(Section section, String name, Output output, int column) {
    String before = output.node();
    for (Layer layer : Neurons.of(section, name)) {
      graph.add(layer, List.of(before), column);
      before = layer.name();
    }
    return output.by(before);
  }

  private Output filters(Section section, List<Output> inputs, int column, boolean local) {
    if (local) {
      requireKnown(section, Filters.KEYS);
    } else {
      requireKnown(section, Filters.KEYS_OF_CONVOLUTIONS);
    }
    List<Integer> stated = section.wholes("channels", inputs.size());
    List<Output> known = new ArrayList<>();
    for (int i = 0; i < inputs.size(); i++) {
      known.add(withChannels(section, inputs.get(i), stated.get(i)));
    }
    Filters filters = new Filters(section, known, learning, local);
    return weighted(section.name(), known, filters, column);
  }

  private Output fullyConnected(Section section, List<Output> inputs, int column) {
    requireKnown(section, "outputs", "initW", "initB", "initWFunc", "initBFunc");
    return weighted(section.name(), inputs, new Connections(section, inputs, learning), column);
  }

  /** One layer of all its inputs joined, or the sum of one for each. */
  private Output weighted(String name, List<Output> inputs, Weighted layer, int column) {
    if (layer.joins()) {
      Output read = graph.join(name, inputs, column);
      part(layer, name, 0, read.node(), column);
    } else {
      List<String> parts = new ArrayList<>();
      for (int i = 0; i < inputs.size(); i++) {
        String part = name + "_" + i;
        part(layer, part, i, inputs.get(i).node(), column);
        parts.add(part);
      }
      graph.add(new Sum(name, parts.stream().map(_ -> 1f).toList()), parts, column);
    }
    return layer.output().by(name);
  }

  private void part(Weighted layer, String name, int input, String read, int column) {
    layer
        .before(name + "_channels", input)
        .ifPresent(selection -> graph.add(selection, List.of(read), column));
    String node = layer.before(name + "_channels", input).map(Layer::name).orElse(read);
    graph.add(layer.part(name, input), List.of(node), column);
  }

  private Output concatenation(Section section, List<Output> inputs, int column) {
    requireKnown(section);
    graph.add(
        new Concatenation(section.name()), inputs.stream().map(Output::node).toList(), column);
    requireAlike(section, inputs);
    int sum = inputs.stream().mapToInt(Output::channels).reduce(0, Math::addExact);
    return new Output(section.name(), sum, inputs.getFirst().size(), inputs.getFirst().flat());
  }

  private Output sum(Section section, List<Output> inputs, int column) {
    requireKnown(section, "coeffs");
    requireAlike(section, inputs);
    graph.add(
        new Sum(section.name(), section.numbers("coeffs", inputs.size(), 1)),
        inputs.stream().map(Output::node).toList(),
        column);
    return inputs.getFirst().by(section.name());
  }

  private void requireAlike(Section section, List<Output> inputs) {
    if (!inputs.stream().allMatch(inputs.getFirst()::joins)) {
      throw section.wrong("inputs", "are of different sizes, must be of one");
    }
  }

  private Output one(Section section, String type, List<Output> inputs, int column) {
    requireKnown(section, OneInput.keys(section, type));
    if (inputs.size() != 1) {
      throw section.wrong("inputs", "are %d, must be one".formatted(inputs.size()));
    }
    Output input = inputs.getFirst();
    if (type.equals("neuron")) {
      return neuron(section, section.name(), input, column);
    }
    if (section.has("channels")) {
      input = withChannels(section, input, section.whole("channels"));
    }
    OneInput layer = new OneInput(section, input, learning);
    graph.add(layer.layer(type), List.of(input.node()), column);
    return layer.output().by(section.name());
  }

  /**
   * What a layer reads, if it has as many channels as the layer says; of images this says how many.
   */
  private Output withChannels(Section section, Output input, int stated) {
    if (input.node().equals(Network.DATA)) {
      if (channels == 0) {
        channels = stated;
      }
      input = new Output(Network.DATA, channels, size, false);
    }
    if (input.channels() != stated || input.flat()) {
      throw section.wrong(
          "channels",
          input.flat()
              ? "is there, but its input is no image"
              : "is %d, but its input has %d".formatted(stated, input.channels()));
    }
    return input;
  }

  private Output softmax(Section section, List<Output> inputs) {
    requireKnown(section);
    if (inputs.size() != 1) {
      throw section.wrong("inputs", "are %d, must be one".formatted(inputs.size()));
    }
    Node read =
        inputs.getFirst().node().equals(Network.DATA)
            ? null
            : graph.remove(inputs.getFirst().node());
    if (read != null && read.layer() instanceof Concatenation) {
      read = new Classifiers(graph, section).joined(read);
    }
    if (read == null || !(read.layer() instanceof FullyConnected)) {
      throw section.wrong("inputs", "must be a layer of type fc without a neuron and of one input");
    }
    graph.nodes().add(read);
    graph.add(new SoftmaxCrossEntropy(section.name()), List.of(read.name()), 0);
    loss = section.name();
    return inputs.getFirst().by(section.name());
  }

  /** Behind softmax there may be its cost. */
  private void requireLoss(Section section) {
    if (section.text("type").equals("data")) {
      data(section);
      return;
    }
    if (!section.text("type").equals("cost.logreg")) {
      throw section.wrong(
          "type",
          "is %s; behind softmax only cost.logreg may stand"
              .formatted(ConfigFile.shown(section.text("type"))));
    }
    requireKnown(section);
    List<String> inputs = section.texts("inputs");
    if (inputs.size() != 2 || !labels.contains(inputs.get(0)) || !inputs.get(1).equals(loss)) {
      throw section.wrong("inputs", "must be the labels and %s".formatted(loss));
    }
    learning
        .of(section)
        .ifPresent(
            own -> {
              own.requireKnown(List.of("coeff", "topk"));
              if (own.number("coeff", 1) != 1) {
                throw own.wrong("coeff", "is %s, must be 1".formatted(own.text("coeff")));
              }
            });
  }
}
