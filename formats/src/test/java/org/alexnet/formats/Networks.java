package org.alexnet.formats;

import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.alexnet.network.Blur;
import org.alexnet.network.ChannelSelection;
import org.alexnet.network.Concatenation;
import org.alexnet.network.Convolution;
import org.alexnet.network.Dropout;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.Initial;
import org.alexnet.network.Input;
import org.alexnet.network.Layer;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.network.LocalResponseNorm.Convention;
import org.alexnet.network.LocalResponseNorm.Region;
import org.alexnet.network.Network;
import org.alexnet.network.Node;
import org.alexnet.network.Normalization;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Pooling;
import org.alexnet.network.PositionBias;
import org.alexnet.network.Relu;
import org.alexnet.network.Resize;
import org.alexnet.network.Rounding;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.network.Softplus;
import org.alexnet.network.Sum;
import org.alexnet.network.Tanh;
import org.alexnet.network.Window;

/** Small networks that have every layer, and each of its fields other than usual. */
public final class Networks {
  private static final ParameterSpec SPEC = ParameterSpec.of(new Initial.UniformFanIn(2));

  private Networks() {}

  public static Stream<Network> all() {
    return Stream.of(columns(), withinMaps(), branches(), behindProducts(), selections());
  }

  private static Layer conv(String name, int filters, Window window, int groups, int columns) {
    return new Convolution(name, filters, window, Rounding.FLOOR, groups, columns, SPEC, SPEC);
  }

  /** The network of 2012 in small: columns, groups, sums within a column, dropout of its kind. */
  public static Network columns() {
    return Network.chain(
        "columns",
        new Input(3, 19, 23, 0.5f),
        List.of(
            conv("conv1", 8, new Window(5, 2, 0), 1, 2),
            new Relu("relu1"),
            new LocalResponseNorm(
                "norm1", Region.ACROSS_MAPS, 3, 0.01f, 0.75f, 2, Convention.SUM, 2),
            new Pooling("pool1", Pooling.Kind.MAX, new Window(3, 2, 0), Rounding.CEIL),
            conv("conv2", 8, new Window(3, 1, 1), 2, 2),
            new Tanh("tanh2"),
            new LocalResponseNorm(
                "norm2", Region.ACROSS_MAPS, 5, 0.02f, 0.5f, 1, Convention.MEAN, 1),
            new FullyConnected("fc3", 10, 2, SPEC, SPEC),
            new Relu("relu3"),
            new Dropout("drop3", 0.25f, Dropout.Scaling.TESTING),
            new FullyConnected("fc4", 5, 1, SPEC, SPEC),
            new SoftmaxCrossEntropy("softmax")));
  }

  /** Few bytes, for files that are damaged in every way. */
  public static Network tiny() {
    return Network.chain(
        "tiny",
        new Input(3, 4, 6, 1),
        List.of(
            conv("conv1", 2, new Window(2, 2, 0), 1, 1),
            new Relu("relu1"),
            new FullyConnected("fc2", 2, 1, SPEC, SPEC),
            new SoftmaxCrossEntropy("softmax")));
  }

  /** Norms within a map, averages that overhang, dropout that does nothing in tests. */
  public static Network withinMaps() {
    return Network.chain(
        "within",
        new Input(
            3,
            16,
            16,
            Resize.STRETCH,
            new Normalization.ChannelMeans(0.25f, List.of(120f, 110f, 100f))),
        List.of(
            conv("conv1", 6, new Window(3, 1, 1), 1, 1),
            new LocalResponseNorm(
                "norm1", Region.WITHIN_MAP, 3, 0.05f, 0.75f, 1, Convention.MEAN, 1),
            new Pooling("pool1", Pooling.Kind.AVERAGE, new Window(3, 2, 0), Rounding.CEIL),
            new Relu("relu1"),
            new Pooling("pool2", Pooling.Kind.AVERAGE, new Window(2, 2, 0), Rounding.FLOOR),
            new Dropout("drop2", 0.5f, Dropout.Scaling.TRAINING),
            new FullyConnected("fc3", 4, 1, SPEC, SPEC),
            new SoftmaxCrossEntropy("prob")));
  }

  /** Branches that are joined and summed. */
  public static Network branches() {
    return new Network(
        "branches",
        new Input(3, 12, 12, 1),
        List.of(
            new Node(conv("conv1", 6, new Window(3, 1, 1), 1, 1)),
            new Node(new Relu("relu1")),
            new Node(conv("conv2a", 6, new Window(3, 1, 1), 1, 1), List.of("relu1")),
            new Node(conv("conv2b", 6, new Window(1, 1, 0), 1, 1), List.of("relu1")),
            new Node(new Sum("sum2", List.of(0.5f, 1f)), List.of("conv2a", "conv2b")),
            new Node(new Concatenation("join2"), List.of("sum2", "relu1")),
            new Node(new Pooling("pool2", Pooling.Kind.MAX, new Window(3, 3, 0), Rounding.FLOOR)),
            new Node(new FullyConnected("fc3", 4, 1, SPEC, SPEC)),
            new Node(new SoftmaxCrossEntropy("prob"))));
  }

  /** Groups that read channels drawn at random, most of them several times; outputs turned. */
  public static Network selections() {
    List<Integer> drawn = new Random(5).ints(100, 0, 6).boxed().toList();
    return Network.chain(
        "selections",
        new Input(3, 9, 9, 1),
        List.of(
            new ChannelSelection("colours", List.of(2, 1, 0)),
            conv("conv1", 6, new Window(3, 2, 1), 1, 1),
            new ChannelSelection("drawn", drawn),
            conv("conv2", 8, new Window(3, 1, 1), 4, 1),
            new Relu("relu2"),
            new FullyConnected("fc3", 7, 1, SPEC, SPEC),
            new ChannelSelection("turned", List.of(6, 5, 4, 3, 2, 1, 0, 6)),
            new FullyConnected("fc4", 5, 1, SPEC, SPEC),
            new SoftmaxCrossEntropy("softmax")));
  }

  /** Layers of images behind a fully-connected one, and sums of one term. */
  public static Network behindProducts() {
    return new Network(
        "behind",
        new Input(3, 8, 8, new Normalization.ChannelMeans(0.25f, List.of(120f, 110f, 100f))),
        List.of(
            new Node(new FullyConnected("fc1", 9, 1, SPEC, SPEC)),
            new Node(new Softplus("softplus1", 20)),
            new Node(new PositionBias("bias1", SPEC)),
            new Node(
                new LocalResponseNorm(
                    "norm1", Region.WITHIN_MAP, 5, 0.01f, 0.75f, 2, Convention.SUM, 1)),
            new Node(conv("conv2", 6, new Window(2, 2, 1), 3, 1)),
            new Node(new Blur("blur2", 3, 0.05f)),
            new Node(new Sum("twice2", List.of(2f))),
            new Node(new Sum("once2", List.of(1f))),
            new Node(
                new LocalResponseNorm(
                    "norm1b", Region.ACROSS_MAPS, 3, 0.01f, 0.75f, 2, Convention.SUM, 1),
                List.of("softplus1")),
            new Node(new Pooling("pool1b", Pooling.Kind.MAX, new Window(1, 1, 0), Rounding.CEIL)),
            new Node(new Concatenation("joined"), List.of("once2", "softplus1", "pool1b")),
            new Node(new FullyConnected("fc3", 4, 1, SPEC, SPEC)),
            new Node(new SoftmaxCrossEntropy("prob"))));
  }
}
