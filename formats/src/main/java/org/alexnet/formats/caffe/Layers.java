package org.alexnet.formats.caffe;

import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.alexnet.InvalidNetworkException;
import org.alexnet.network.AbsoluteValue;
import org.alexnet.network.Concatenation;
import org.alexnet.network.Convolution;
import org.alexnet.network.Dropout;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.Initial;
import org.alexnet.network.Layer;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.network.Logistic;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Pooling;
import org.alexnet.network.Relu;
import org.alexnet.network.Rounding;
import org.alexnet.network.Softplus;
import org.alexnet.network.Square;
import org.alexnet.network.Sum;
import org.alexnet.network.Tanh;
import org.alexnet.network.Window;

/** The record of each of Caffe's layers that means the same here. */
final class Layers {
  private final String name;
  private final Prototxt layer;

  private Layers(String name, Prototxt layer) {
    this.name = name;
    this.layer = layer;
  }

  /**
   * A layer.
   *
   * @param type in small letters, as of the second generation
   * @param name its name here
   * @param layer what Caffe says of it
   * @param inputs how many layers it reads
   * @throws InvalidNetworkException if there is none that means the same
   */
  static Layer of(String type, String name, Prototxt layer, int inputs) {
    Layers made = new Layers(name, layer);
    return switch (type) {
      case "convolution" -> made.convolution();
      case "innerproduct" -> made.innerProduct();
      case "pooling" -> made.pooling();
      case "lrn" -> made.norm();
      case "relu" -> made.relu();
      case "tanh" -> new Tanh(name);
      case "sigmoid" -> new Logistic(name);
      case "bnll" -> new Softplus(name, 20); // log(1 + exp(x)), exact to single precision
      case "absval" -> new AbsoluteValue(name);
      case "dropout" ->
          new Dropout(
              name,
              layer.message("dropout_param").real("dropout_ratio", 0.5f),
              Dropout.Scaling.TRAINING);
      case "concat" -> made.concatenation();
      case "eltwise" -> made.sum(inputs);
      case "power" -> made.power();
      default ->
          throw made.no("type " + layer.text("type", "missing"), "a layer that this program has");
    };
  }

  private InvalidNetworkException no(String got, String required) {
    return new InvalidNetworkException(
        name, "%s; %s is required".formatted(InvalidNetworkException.shortened(got), required));
  }

  private void require(boolean good, String got, String required) {
    if (!good) {
      throw no(got, required);
    }
  }

  private Convolution convolution() {
    Prototxt p = layer.message("convolution_param");
    require(p.integers("dilation").stream().allMatch(d -> d == 1), "dilation", "none");
    require(p.integer("axis", 1) == 1, "axis " + p.integer("axis", 1), "axis 1");
    require(!p.text("bias_term", "true").equals("false"), "no biases", "bias_term: true");
    return new Convolution(
        name,
        p.integer("num_output", 0),
        window(p),
        Rounding.FLOOR,
        p.integer("group", 1),
        1,
        spec(p, "weight_filler", 0),
        spec(p, "bias_filler", 1));
  }

  private FullyConnected innerProduct() {
    Prototxt p = layer.message("inner_product_param");
    require(!p.text("bias_term", "true").equals("false"), "no biases", "bias_term: true");
    require(!p.text("transpose", "false").equals("true"), "transposed weights", "transpose: false");
    require(p.integer("axis", 1) == 1, "axis " + p.integer("axis", 1), "axis 1");
    return new FullyConnected(
        name,
        p.integer("num_output", 0),
        1,
        spec(p, "weight_filler", 0),
        spec(p, "bias_filler", 1));
  }

  private Pooling pooling() {
    Prototxt p = layer.message("pooling_param");
    require(!p.text("global_pooling", "false").equals("true"), "global pooling", "a window");
    String kind = p.text("pool", "MAX");
    Window window = window(p);
    boolean average = kind.equals("AVE");
    require(average || kind.equals("MAX"), "pool " + kind, "MAX or AVE");
    // With padding Caffe's average counts what lies outside of the image.
    require(!average || window.pad() == 0, "an average with padding", "none");
    return new Pooling(
        name,
        average ? Pooling.Kind.AVERAGE : Pooling.Kind.MAX,
        window,
        p.text("round_mode", "CEIL").equals("FLOOR") ? Rounding.FLOOR : Rounding.CEIL);
  }

  /** A square window, in one number or in two equal ones. */
  private Window window(Prototxt p) {
    return new Window(
        edge(p, "kernel_size", "kernel_h", "kernel_w", 0),
        edge(p, "stride", "stride_h", "stride_w", 1),
        edge(p, "pad", "pad_h", "pad_w", 0));
  }

  private int edge(Prototxt p, String both, String high, String wide, int otherwise) {
    int rows = p.integer(high, p.integer(both, otherwise));
    int columns = p.integer(wide, p.has(both) ? p.integers(both).getLast() : rows);
    rows = p.has(both) ? p.integers(both).getFirst() : rows;
    require(rows == columns, "%s of %d by %d".formatted(both, rows, columns), "a square");
    return rows;
  }

  private LocalResponseNorm norm() {
    Prototxt p = layer.message("lrn_param");
    boolean within = p.text("norm_region", "ACROSS_CHANNELS").equals("WITHIN_CHANNEL");
    return new LocalResponseNorm(
        name,
        within ? LocalResponseNorm.Region.WITHIN_MAP : LocalResponseNorm.Region.ACROSS_MAPS,
        p.integer("local_size", 5),
        p.real("alpha", 1),
        p.real("beta", 0.75f),
        within ? 1 : p.real("k", 1), // of the same map Caffe adds 1, whatever it is told
        LocalResponseNorm.Convention.MEAN,
        1);
  }

  private Relu relu() {
    float slope = layer.message("relu_param").real("negative_slope", 0);
    require(slope == 0, "negative_slope " + slope, "0");
    return new Relu(name);
  }

  private Concatenation concatenation() {
    Prototxt p = layer.message("concat_param");
    int axis = p.integer("axis", p.integer("concat_dim", 1));
    require(axis == 1, "axis " + axis, "the channels, 1,");
    return new Concatenation(name);
  }

  private Sum sum(int inputs) {
    Prototxt p = layer.message("eltwise_param");
    String operation = p.text("operation", "SUM");
    require(operation.equals("SUM"), "operation " + operation, "SUM");
    List<Float> coefficients = p.reals("coeff");
    return new Sum(name, coefficients.isEmpty() ? Collections.nCopies(inputs, 1f) : coefficients);
  }

  /** A power of 1 without a shift is a multiple. */
  private Layer power() {
    Prototxt p = layer.message("power_param");
    float power = p.real("power", 1);
    float scale = p.real("scale", 1);
    require(p.real("shift", 0) == 0, "a shift", "shift: 0");
    require(power == 1 || (power == 2 && scale == 1), "a power", "power: 1, or 2 with scale: 1");
    return power == 1 ? new Sum(name, List.of(scale)) : new Square(name);
  }

  /** How weights (0) or biases (1) start and learn. */
  private ParameterSpec spec(Prototxt p, String filler, int index) {
    List<Prototxt> params =
        layer.messages("param").stream()
            .filter(m -> m.has("lr_mult") || m.has("decay_mult"))
            .toList();
    List<Float> rates = layer.reals("blobs_lr");
    List<Float> decays = layer.reals("weight_decay");
    float rate = rates.size() > index ? rates.get(index) : 1;
    float decay = decays.size() > index ? decays.get(index) : 1;
    if (params.size() > index) {
      rate = params.get(index).real("lr_mult", 1);
      decay = params.get(index).real("decay_mult", 1);
    }
    return new ParameterSpec(initial(p.message(filler)), rate, decay);
  }

  private Initial initial(Prototxt filler) {
    String type = filler.text("type", "constant").toLowerCase(Locale.ROOT);
    return switch (type) {
      case "constant" -> new Initial.Constant(filler.real("value", 0));
      case "gaussian" -> {
        float mean = filler.real("mean", 0);
        require(mean == 0, "gaussian weights of mean " + mean, "mean 0");
        yield new Initial.Gaussian(filler.real("std", 1));
      }
      // Uniform within sqrt(3 / fan-in), and normal of variance 2 / fan-in.
      case "xavier" -> new Initial.UniformFanIn(3);
      case "msra" -> new Initial.FanIn(2);
      default -> throw no("filler " + type, "constant, gaussian, xavier or msra");
    };
  }
}
