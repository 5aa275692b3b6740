package org.alexnet.formats.caffe;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
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
import org.alexnet.network.Input;
import org.alexnet.network.Layer;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.network.LocalResponseNorm.Region;
import org.alexnet.network.LocallyConnected;
import org.alexnet.network.Logistic;
import org.alexnet.network.Network;
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

/** A network as Caffe's text, as it is deployed: from an image to probabilities. */
final class NetworkText {
  /** No layer of a network has a slash in its name. */
  private static final String SCALED = Network.DATA + "/scale";

  private final TrainedNetwork trained;
  private final Network network;
  private final int batch;
  private final OptionalDouble scale;
  private final StringBuilder text = new StringBuilder();

  /** The blob that holds the output of each layer. */
  private final Map<String, String> blobs = new HashMap<>();

  /**
   * @param raw whether pixels come as the network reads them, scaled and without the mean
   */
  NetworkText(TrainedNetwork trained, int batch, boolean raw) {
    this.trained = trained;
    this.network = trained.network();
    this.batch = Math.max(1, batch);
    this.scale = raw ? OptionalDouble.empty() : scale(network.input());
  }

  /**
   * What a layer of the text multiplies pixels by once the mean is subtracted; empty where that is
   * nothing, or where colours differ, for which Caffe needs weights.
   */
  static OptionalDouble scale(Input input) {
    List<Float> scales = input.scales();
    float first = scales.getFirst();
    boolean one = first != 1 && scales.stream().allMatch(scale -> scale == first);
    return one ? OptionalDouble.of(first) : OptionalDouble.empty();
  }

  String write() {
    Input input = network.input();
    text.append("name: \"%s\"\n".formatted(network.name()));
    text.append(
        scale.isPresent()
            ? "# Blue, green, red, 0..255; the mean is not subtracted here.\n"
            : "# Blue, green, red; what is subtracted and multiplied is not done here.\n");
    layer(
        "Input",
        Network.DATA,
        List.of(),
        "input_param { shape { dim: %d dim: %d dim: %d dim: %d } }"
            .formatted(batch, input.channels(), input.size(), input.size()));
    blobs.put(Network.DATA, Network.DATA);
    if (scale.isPresent()) {
      String factor = "power_param { scale: %s }".formatted((float) scale.getAsDouble());
      layer("Power", SCALED, List.of(Network.DATA), factor);
      blobs.put(Network.DATA, SCALED);
    }
    for (int i = 0; i < network.nodes().size(); i++) {
      Layer layer = network.nodes().get(i).layer();
      write(layer, network.sources(i));
      blobs.put(layer.name(), layer.name());
    }
    return text.toString();
  }

  private void write(Layer layer, List<String> sources) {
    List<String> inputs = sources.stream().map(blobs::get).toList();
    String name = layer.name();
    switch (layer) {
      case Convolution conv -> convolution(conv, sources.getFirst(), inputs);
      case Pooling pool -> pooling(pool, sources.getFirst(), inputs);
      case Relu _ -> layer("ReLU", name, inputs, "");
      case Tanh _ -> layer("TanH", name, inputs, "");
      case LocalResponseNorm norm -> norm(norm, sources.getFirst(), inputs);
      case FullyConnected fc ->
          layer(
              "InnerProduct",
              name,
              inputs,
              "inner_product_param { num_output: %d }".formatted(fc.outputs()));
      case Dropout drop -> dropout(drop, inputs);
      case Concatenation _ -> layer("Concat", name, inputs, "concat_param { axis: 1 }");
      case Sum sum -> sum(sum, inputs);
      case Logistic _ -> layer("Sigmoid", name, inputs, "");
      case AbsoluteValue _ -> layer("AbsVal", name, inputs, "");
      case Square _ -> layer("Power", name, inputs, "power_param { power: 2 }");
      case LocallyConnected local -> throw no(local, "locally connected layer");
      case PositionBias added -> throw no(added, "bias that differs by position");
      case Softplus softplus -> throw no(softplus, "softplus");
      case ContrastNorm norm -> throw no(norm, "contrast normalization");
      case Blur blur -> throw no(blur, "blur");
      case Subsample subsample -> throw no(subsample, "subsampling");
      case HorizontalFlip flip -> throw no(flip, "mirroring");
      case ChannelSelection selection -> throw no(selection, "selection of channels by a list");
      case SoftmaxCrossEntropy _ -> layer("Softmax", name, inputs, "");
    }
  }

  private void layer(String type, String name, List<String> inputs, String parameters) {
    layer(type, name, inputs, List.of(name), parameters);
  }

  private void layer(
      String type, String name, List<String> inputs, List<String> outputs, String parameters) {
    text.append("layer {\n  name: \"%s\"\n  type: \"%s\"\n".formatted(name, type));
    inputs.forEach(input -> text.append("  bottom: \"%s\"\n".formatted(input)));
    outputs.forEach(output -> text.append("  top: \"%s\"\n".formatted(output)));
    if (!parameters.isEmpty()) {
      text.append("  ").append(parameters).append('\n');
    }
    text.append("}\n");
  }

  private static AlexNetException no(Layer layer, String what) {
    return new AlexNetException(
        "Layer %s cannot be exported: Caffe has no %s.".formatted(layer.name(), what));
  }

  private static String window(Window window) {
    return "kernel_size: %d stride: %d pad: %d"
        .formatted(window.kernel(), window.stride(), window.pad());
  }

  /** Whether both roundings have as many windows over what a layer reads. */
  private boolean alike(String source, Window window) {
    List<Integer> shape = trained.shape(source);
    return IntStream.of(shape.get(1), shape.get(2))
        .allMatch(size -> window.floor(size) == window.ceil(size));
  }

  private void convolution(Convolution conv, String source, List<String> inputs) {
    if (conv.biases() == Convolution.Biases.UNSHARED) {
      throw no(conv, "convolution whose biases are not shared");
    }
    if (conv.rounding() == Rounding.CEIL && !alike(source, conv.window())) {
      throw no(conv, "convolution whose last window overhangs the image");
    }
    layer(
        "Convolution",
        conv.name(),
        inputs,
        "convolution_param { num_output: %d %s group: %d }"
            .formatted(conv.filters(), window(conv.window()), conv.groups()));
  }

  private void pooling(Pooling pool, String source, List<String> inputs) {
    boolean average = pool.kind() == Pooling.Kind.AVERAGE;
    if (average && pool.window().pad() > 0) {
      throw no(pool, "average over the part of a window that lies in the image");
    }
    boolean floor = pool.rounding() == Rounding.FLOOR && !alike(source, pool.window());
    layer(
        "Pooling",
        pool.name(),
        inputs,
        "pooling_param { pool: %s %s%s }"
            .formatted(
                average ? "AVE" : "MAX", window(pool.window()), floor ? " round_mode: FLOOR" : ""));
  }

  /** Caffe divides alpha by the number of terms. Of the same map it always adds 1. */
  private void norm(LocalResponseNorm norm, String source, List<String> inputs) {
    boolean within = norm.region() == Region.WITHIN_MAP;
    if (within && norm.k() != 1) {
      throw no(norm, "normalization within a map with k of %s".formatted(norm.k()));
    }
    float alpha = norm.meanAlpha();
    String parameters =
        "lrn_param { local_size: %d alpha: %s beta: %s%s }"
            .formatted(
                norm.size(),
                alpha,
                norm.beta(),
                within ? " norm_region: WITHIN_CHANNEL" : " k: " + norm.k());
    if (within || norm.groups() == 1) {
      layer("LRN", norm.name(), inputs, parameters);
      return;
    }
    int channels = trained.shape(source).getFirst() / norm.groups();
    List<String> parts = parts(norm.name() + "_in", norm.groups());
    List<String> normed = parts(norm.name() + "_out", norm.groups());
    String points =
        IntStream.range(1, norm.groups())
            .mapToObj(group -> " slice_point: " + group * channels)
            .collect(Collectors.joining());
    layer(
        "Slice",
        norm.name() + "_slice",
        inputs,
        parts,
        "slice_param { axis: 1%s }".formatted(points));
    for (int group = 0; group < norm.groups(); group++) {
      layer("LRN", normed.get(group), List.of(parts.get(group)), parameters);
    }
    layer("Concat", norm.name(), normed, "concat_param { axis: 1 }");
  }

  private static List<String> parts(String name, int count) {
    return IntStream.range(0, count).mapToObj(part -> name + part).toList();
  }

  private void dropout(Dropout drop, List<String> inputs) {
    switch (drop.scaling()) {
      case TRAINING ->
          layer(
              "Dropout",
              drop.name(),
              inputs,
              "dropout_param { dropout_ratio: %s }".formatted(drop.rate()));
      case TESTING ->
          layer(
              "Power", drop.name(), inputs, "power_param { scale: %s }".formatted(1 - drop.rate()));
    }
  }

  private void sum(Sum sum, List<String> inputs) {
    if (inputs.size() == 1) {
      layer(
          "Power",
          sum.name(),
          inputs,
          "power_param { scale: %s }".formatted(sum.coefficients().getFirst()));
      return;
    }
    String coefficients =
        sum.coefficients().stream().map(c -> " coeff: " + c).collect(Collectors.joining());
    layer(
        "Eltwise",
        sum.name(),
        inputs,
        "eltwise_param { operation: SUM%s }".formatted(coefficients));
  }
}
