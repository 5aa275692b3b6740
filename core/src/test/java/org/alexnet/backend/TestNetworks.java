package org.alexnet.backend;

import static org.alexnet.network.Convolution.Biases.UNSHARED;

import java.util.ArrayList;
import java.util.List;
import org.alexnet.model.Models;
import org.alexnet.network.AbsoluteValue;
import org.alexnet.network.Blur;
import org.alexnet.network.ChannelSelection;
import org.alexnet.network.Concatenation;
import org.alexnet.network.ContrastNorm;
import org.alexnet.network.Convolution;
import org.alexnet.network.Dropout;
import org.alexnet.network.FilterBounds;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.HorizontalFlip;
import org.alexnet.network.Initial;
import org.alexnet.network.Input;
import org.alexnet.network.Layer;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.network.LocalResponseNorm.Convention;
import org.alexnet.network.LocalResponseNorm.Region;
import org.alexnet.network.LocallyConnected;
import org.alexnet.network.Logistic;
import org.alexnet.network.Network;
import org.alexnet.network.Node;
import org.alexnet.network.Normalization;
import org.alexnet.network.ParameterSpec;
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

/** Small networks with what is odd about large ones. */
public final class TestNetworks {
  private static final ParameterSpec WEIGHT = ParameterSpec.of(new Initial.FanIn(2));
  private static final ParameterSpec BIAS = new ParameterSpec(new Initial.Constant(0), 2, 0);

  private TestNetworks() {}

  /** The catalogue's small network as it is. */
  static Network alexNet32() {
    return Models.named("alexnet-32").network();
  }

  /** Tanh, averages, strides that leave pixels over, groups, dropout of both scalings. */
  public static Network various() {
    return network(
        "various",
        new Input(
            3,
            15,
            17,
            new Normalization.Channels(List.of(.4f, .5f, .6f), List.of(.25f, .5f, .125f))),
        conv("conv1", 26, new Window(5, 2, 2), 1),
        new Tanh("tanh1"),
        pool("pool1", Pooling.Kind.AVERAGE, new Window(3, 2, 0), Rounding.CEIL),
        conv("conv2", 26, new Window(3, 1, 1), 13),
        new Relu("relu2"),
        new Dropout("drop2", 0.25f, Dropout.Scaling.TESTING),
        conv("conv3", 12, new Window(3, 1, 1), 2),
        new Tanh("tanh3"),
        fc("fc4", 33),
        new Relu("relu4"),
        new Dropout("drop4", 0.5f, Dropout.Scaling.TRAINING),
        fc("fc5", 5));
  }

  /** Channels of 1, 13 and 33, overlapping pools of both roundings, convolutions in a row. */
  public static Network odd() {
    return network(
        "odd",
        new Input(1, 13, 14, 1 / 128f),
        conv("conv1", 13, new Window(3, 1, 1), 1),
        new Relu("relu1"),
        pool("pool1", Pooling.Kind.MAX, new Window(3, 2, 0), Rounding.CEIL),
        conv("conv2", 33, new Window(3, 1, 1), 1),
        conv("conv3", 7, new Window(1, 1, 0), 1),
        pool("pool3", Pooling.Kind.MAX, new Window(3, 2, 1), Rounding.FLOOR),
        new Relu("relu3"),
        new Dropout("drop3", 0.3f, Dropout.Scaling.TRAINING),
        conv("conv4", 1, new Window(2, 1, 1), 1),
        new Tanh("tanh4"),
        fc("fc5", 13),
        fc("fc6", 3));
  }

  /** ReLUs before, between and after pools, three groups, a strided convolution. */
  static Network rectified() {
    return network(
        "rectified",
        new Input(3, 12, 12, 1 / 128f),
        conv("conv1", 6, new Window(4, 1, 1), 3),
        new Relu("relu1"),
        pool("pool1", Pooling.Kind.MAX, new Window(3, 2, 0), Rounding.FLOOR),
        new Relu("relu1b"),
        pool("pool1b", Pooling.Kind.AVERAGE, new Window(2, 2, 0), Rounding.CEIL),
        new Relu("relu1c"),
        conv("conv2", 48, new Window(3, 2, 2), 2),
        new Relu("relu2"),
        new Relu("relu2b"),
        pool("pool2", Pooling.Kind.MAX, new Window(2, 1, 0), Rounding.FLOOR),
        fc("fc3", 1),
        fc("fc4", 2));
  }

  /** Nothing learned before the first fully-connected layer. */
  public static Network shallow() {
    return network(
        "shallow",
        new Input(2, 7, 9, 1 / 128f),
        pool("pool1", Pooling.Kind.MAX, new Window(3, 2, 1), Rounding.CEIL),
        new Relu("relu1"),
        new Dropout("drop1", 0.1f, Dropout.Scaling.TESTING),
        fc("fc2", 17),
        new Tanh("tanh2"),
        fc("fc3", 4));
  }

  /** A layer so large that its gradient goes between devices in slices, the last a small one. */
  public static Network wide() {
    return network(
        "wide",
        new Input(1, 93, 95, 1 / 128f),
        new Dropout("drop1", 0.5f, Dropout.Scaling.TRAINING),
        fc("fc2", 70),
        new Relu("relu2"),
        fc("fc3", 3));
  }

  /** Two columns as those of 2012, with numbers of channels that fill no vector. */
  public static Network columns() {
    return network(
        "columns",
        new Input(3, 19, 21, 1 / 128f),
        columned("conv1", 26, new Window(5, 2, 0), 1),
        new Relu("relu1"),
        new LocalResponseNorm("norm1", Region.ACROSS_MAPS, 5, 1e-2f, 0.75f, 2, Convention.SUM, 2),
        pool("pool1", Pooling.Kind.MAX, new Window(3, 2, 0), Rounding.CEIL),
        columned("conv2", 20, new Window(3, 1, 1), 2),
        new Relu("relu2"),
        new Dropout("drop2", 0.25f, Dropout.Scaling.TRAINING),
        columned("conv3", 36, new Window(3, 1, 1), 1),
        new Relu("relu3"),
        columned("conv4", 24, new Window(3, 1, 1), 4),
        new Tanh("tanh4"),
        pool("pool4", Pooling.Kind.AVERAGE, new Window(2, 2, 0), Rounding.CEIL),
        new FullyConnected("fc5", 34, 2, WEIGHT, BIAS),
        new Relu("relu5"),
        new Dropout("drop5", 0.5f, Dropout.Scaling.TESTING),
        new FullyConnected("fc6", 22, 2, WEIGHT, BIAS),
        new Relu("relu6"),
        new Dropout("drop6", 0.5f, Dropout.Scaling.TESTING),
        fc("fc7", 5));
  }

  private static Layer columned(String name, int filters, Window window, int groups) {
    return columned(name, filters, window, groups, 2);
  }

  /** Filters and biases that differ by position, in two columns, with and without groups. */
  public static Network unshared() {
    return network(
        "unshared",
        new Input(3, 17, 19, 1 / 128f),
        new PositionBias("bias0", BIAS),
        new Convolution(
            "conv0", 12, new Window(3, 1, 1), Rounding.FLOOR, 1, 2, UNSHARED, WEIGHT, BIAS),
        new Relu("relu0"),
        local("local1", 10, new Window(5, 3, 1), Rounding.CEIL, 1, 2),
        new Relu("relu1"),
        local("local2", 36, new Window(3, 1, 1), Rounding.FLOOR, 2, 2),
        new Relu("relu2"),
        local("local3", 14, new Window(2, 1, 0), Rounding.FLOOR, 1, 2),
        new PositionBias("bias3", WEIGHT),
        pool("pool3", Pooling.Kind.MAX, new Window(3, 2, 0), Rounding.CEIL),
        new PositionBias("bias3b", BIAS),
        local("local4", 6, new Window(2, 2, 1), Rounding.FLOOR, 1, 1),
        new Tanh("tanh4"),
        new FullyConnected("fc5", 12, 2, WEIGHT, BIAS),
        fc("fc6", 3));
  }

  private static Layer local(
      String name, int filters, Window window, Rounding rounding, int groups, int columns) {
    return new LocallyConnected(name, filters, window, rounding, groups, columns, WEIGHT, BIAS);
  }

  /** Filters of every kind of layer within bounds, some of them at half the momentum. */
  public static Network bounded() {
    ParameterSpec deviation = bounded(FilterBounds.Measure.DEVIATION, 0.3f, 0.34f, 1);
    ParameterSpec norm = bounded(FilterBounds.Measure.NORM, 1.3f, 1.45f, 0.5f);
    return network(
        "bounded",
        new Input(2, 9, 11, 1 / 128f),
        new Convolution("conv1", 18, new Window(3, 1, 1), Rounding.FLOOR, 1, 2, deviation, BIAS),
        new Relu("relu1"),
        pool("pool1", Pooling.Kind.MAX, new Window(3, 2, 0), Rounding.FLOOR),
        new LocallyConnected("local2", 10, new Window(3, 1, 1), Rounding.FLOOR, 2, 2, norm, BIAS),
        new Tanh("tanh2"),
        new FullyConnected(
            "fc3", 14, 2, norm, new ParameterSpec(new Initial.Constant(0), 2, 0, 0, null)),
        new Relu("relu3"),
        new FullyConnected("fc4", 5, 1, deviation, BIAS));
  }

  private static ParameterSpec bounded(
      FilterBounds.Measure measure, float least, float most, float momentum) {
    return new ParameterSpec(
        new Initial.FanIn(2), 1, 1, momentum, new FilterBounds(measure, least, most));
  }

  /** Every function of single numbers, behind products and pools. */
  static Network activations() {
    return network(
        "activations",
        new Input(2, 12, 12, 1 / 128f),
        conv("conv1", 18, new Window(3, 1, 1), 1),
        new Softplus("softplus1", 0.5f),
        pool("pool1", Pooling.Kind.MAX, new Window(3, 2, 0), Rounding.CEIL),
        new AbsoluteValue("absolute1"),
        conv("conv2", 20, new Window(3, 1, 1), 2),
        new Logistic("logistic2"),
        conv("conv3", 7, new Window(3, 2, 0), 1),
        new Square("square3"),
        fc("fc4", 9),
        new Logistic("logistic4"),
        fc("fc5", 3));
  }

  /** Images blurred, subsampled and mirrored beside convolutions that read them too. */
  static Network fixed() {
    return graph(
        "fixed",
        new Input(3, 15, 16, 1 / 128f),
        new Node(new Blur("blur0", 5, 1.5f)),
        new Node(new Subsample("nails0", 4)),
        new Node(new HorizontalFlip("flip0")),
        new Node(conv("conv1", 12, new Window(3, 2, 1), 1), List.of(Network.DATA)),
        new Node(new Blur("blur1", 3, 0.8f)),
        new Node(new HorizontalFlip("flip1")),
        new Node(new Relu("relu1")),
        new Node(new Subsample("nails1", 2)),
        new Node(new Concatenation("joined"), List.of("nails1", "flip0")),
        new Node(conv("conv2", 9, new Window(3, 1, 1), 1)),
        new Node(fc("fc3", 4)));
  }

  /**
   * Channels chosen of images, of the maps of two columns and of outputs, each by several layers in
   * one column and in the other; groups that read what was chosen for them.
   */
  public static Network selected() {
    return graph(
        "selected",
        new Input(3, 13, 14, 1 / 128f),
        new Node(new ChannelSelection("colours", List.of(2, 0, 1, 2))),
        new Node(columned("conv1", 14, new Window(3, 2, 1), 1)),
        new Node(new Relu("relu1")),
        new Node(new ChannelSelection("chosen2a", List.of(9, 3, 13, 3, 0, 7, 10, 3, 5))),
        new Node(conv("conv2a", 6, new Window(3, 1, 1), 3)),
        new Node(new ChannelSelection("chosen2b", List.of(13, 6, 7, 6)), List.of("relu1"), 1),
        new Node(conv("conv2b", 6, new Window(3, 1, 1), 2), List.of(), 1),
        new Node(new ChannelSelection("turned2b", List.of(5, 4, 3, 2, 1, 0)), List.of(), 1),
        new Node(new Sum("sum2", List.of(1f, 1f)), List.of("conv2a", "turned2b")),
        new Node(new Relu("relu2")),
        new Node(new Concatenation("joined2"), List.of("relu2", "turned2b", "chosen2b")),
        new Node(columned("conv3", 10, new Window(2, 1, 0), 1)),
        new Node(pool("pool3", Pooling.Kind.MAX, new Window(3, 2, 0), Rounding.CEIL)),
        new Node(new Tanh("tanh3")),
        new Node(new FullyConnected("fc4", 12, 2, WEIGHT, BIAS)),
        new Node(new ChannelSelection("chosen4", List.of(11, 2, 2, 6, 0, 7)), List.of(), 1),
        new Node(new Relu("relu4"), List.of(), 1),
        new Node(fc("fc5", 4)));
  }

  /** What the authors' program of 2012 had: windows that overhang, and another order of layers. */
  static Network original() {
    return network(
        "original",
        new Input(3, 16, 17, 1 / 128f),
        new Convolution("conv1", 12, new Window(5, 4, 0), Rounding.CEIL, 1, 2, WEIGHT, BIAS),
        norm("norm1", Region.ACROSS_MAPS, 2),
        pool("pool1", Pooling.Kind.MAX, new Window(3, 1, 1), Rounding.FLOOR),
        new Relu("relu1"),
        new Convolution("conv2", 18, new Window(3, 1, 1), Rounding.FLOOR, 2, 2, WEIGHT, BIAS),
        new Relu("relu2"),
        norm("norm2", Region.ACROSS_MAPS, 2),
        norm("map2", Region.WITHIN_MAP, 1),
        new ContrastNorm("contrast2", 3, 0.5f, 0.75f, 1),
        pool("pool2", Pooling.Kind.MAX, new Window(2, 2, 0), Rounding.CEIL),
        fc("fc3", 4));
  }

  /** Layers that several others read, joined and summed up, of images and of outputs. */
  public static Network graph() {
    return graph(
        "graph",
        new Input(3, 14, 15, 1 / 128f),
        new Node(conv("conv1a", 14, new Window(5, 2, 2), 1)),
        new Node(new Relu("relu1a")),
        new Node(conv("conv1b", 6, new Window(3, 1, 1), 1), List.of(Network.DATA)),
        new Node(pool("pool1b", Pooling.Kind.MAX, new Window(2, 2, 0), Rounding.FLOOR)),
        new Node(new Tanh("tanh1b")),
        new Node(new Concatenation("joined"), List.of("relu1a", "tanh1b", "relu1a")),
        new Node(conv("conv2", 14, new Window(3, 1, 1), 1)),
        new Node(new Sum("residual", List.of(1f, 0.5f)), List.of("conv2", "relu1a")),
        new Node(new Dropout("drop2", 0.25f, Dropout.Scaling.TRAINING)),
        new Node(fc("fc3", 9)),
        new Node(new Relu("relu3")),
        new Node(fc("fc3b", 9), List.of("tanh1b")),
        new Node(new Sum("sum3", List.of(1f, 1f, -0.25f)), List.of("relu3", "fc3b", "relu3")),
        new Node(new Concatenation("joined3"), List.of("sum3", "fc3b")),
        new Node(fc("fc4", 4)));
  }

  /** Four columns of which two and two read each other, and a branch beside them for all. */
  public static Network fourColumns() {
    return graph(
        "four-columns",
        new Input(3, 13, 15, 1 / 128f),
        new Node(pool("small", Pooling.Kind.AVERAGE, new Window(2, 2, 0), Rounding.FLOOR)),
        new Node(columned("conv1", 12, new Window(3, 2, 0), 1, 4), List.of(Network.DATA)),
        new Node(new Relu("relu1")),
        new Node(norm("norm1", Region.ACROSS_MAPS, 4)),
        new Node(columned("conv2", 16, new Window(3, 1, 1), 4, 4)),
        new Node(columned("beside2", 16, new Window(1, 1, 0), 1, 4), List.of("small")),
        new Node(new Sum("sum2", List.of(1f, 1f)), List.of("conv2", "beside2")),
        new Node(new Relu("relu2")),
        new Node(columned("conv3", 20, new Window(3, 1, 1), 2, 4)),
        new Node(new Dropout("drop3", 0.25f, Dropout.Scaling.TESTING)),
        new Node(columned("conv4", 8, new Window(2, 1, 0), 2, 2)),
        new Node(pool("pool4", Pooling.Kind.MAX, new Window(3, 2, 0), Rounding.CEIL)),
        new Node(new FullyConnected("fc5", 8, 4, WEIGHT, BIAS)),
        new Node(new Relu("relu5")),
        new Node(fc("fc6", 3)));
  }

  /** Layers of three columns that each read others than the next: no grouped layers say this. */
  public static Network scattered() {
    return graph(
        "scattered",
        new Input(3, 11, 12, 1 / 128f),
        new Node(conv("conv1a", 6, new Window(3, 2, 1), 1)),
        new Node(new Relu("relu1a")),
        new Node(conv("conv1b", 5, new Window(3, 2, 1), 1), List.of(Network.DATA), 1),
        new Node(new Relu("relu1b"), List.of(), 1),
        new Node(conv("conv1c", 7, new Window(3, 2, 1), 1), List.of(Network.DATA), 2),
        new Node(new Concatenation("joined2a"), List.of("relu1a", "relu1b")),
        new Node(conv("conv2a", 8, new Window(3, 1, 1), 1)),
        new Node(new Concatenation("joined2b"), List.of("relu1b", "conv1c"), 1),
        new Node(conv("conv2b", 8, new Window(3, 1, 1), 1), List.of(), 1),
        new Node(new Tanh("tanh2b"), List.of(), 1),
        new Node(new Sum("sum2c", List.of(1f, 0.5f)), List.of("conv2a", "tanh2b"), 2),
        new Node(new Dropout("drop2c", 0.25f, Dropout.Scaling.TRAINING), List.of(), 2),
        new Node(fc("fc3a", 6), List.of("sum2c")),
        new Node(fc("fc3b", 6), List.of("drop2c"), 1),
        new Node(new Concatenation("joined3"), List.of("fc3a", "fc3b"), 2),
        new Node(fc("fc4", 3), List.of(), 2));
  }

  private static Layer columned(String name, int filters, Window window, int groups, int columns) {
    return new Convolution(name, filters, window, Rounding.FLOOR, groups, columns, WEIGHT, BIAS);
  }

  private static Network graph(String name, Input input, Node... nodes) {
    List<Node> all = new ArrayList<>(List.of(nodes));
    all.add(new Node(new SoftmaxCrossEntropy("softmax")));
    return new Network(name, input, all);
  }

  private static Layer norm(String name, Region region, int groups) {
    return new LocalResponseNorm(name, region, 3, 0.1f, 0.75f, 1, Convention.MEAN, groups);
  }

  /** The small ones. */
  public static List<Network> small() {
    return List.of(
        various(),
        odd(),
        rectified(),
        shallow(),
        columns(),
        unshared(),
        activations(),
        fixed(),
        selected(),
        bounded(),
        original(),
        graph(),
        fourColumns(),
        scattered());
  }

  private static Network network(String name, Input input, Layer... layers) {
    List<Layer> all = new ArrayList<>(List.of(layers));
    all.add(new SoftmaxCrossEntropy("softmax"));
    return Network.chain(name, input, all);
  }

  private static Layer conv(String name, int filters, Window window, int groups) {
    return new Convolution(name, filters, window, Rounding.FLOOR, groups, 1, WEIGHT, BIAS);
  }

  private static Layer pool(String name, Pooling.Kind kind, Window window, Rounding rounding) {
    return new Pooling(name, kind, window, rounding);
  }

  private static Layer fc(String name, int outputs) {
    return new FullyConnected(name, outputs, 1, WEIGHT, BIAS);
  }
}
