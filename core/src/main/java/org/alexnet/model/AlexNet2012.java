package org.alexnet.model;

import java.util.List;
import org.alexnet.data.Augmentation;
import org.alexnet.network.Convolution;
import org.alexnet.network.Dropout;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.Initial;
import org.alexnet.network.Input;
import org.alexnet.network.Layer;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.network.LocalResponseNorm.Region;
import org.alexnet.network.Network;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Pooling;
import org.alexnet.network.Relu;
import org.alexnet.network.Rounding;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.network.Window;

/**
 * The network of Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional
 * neural networks" (2012), as sections 3 to 5 of the text describe it, in two columns. The second,
 * fourth and fifth convolution and the normalization keep to their column, which on one device is
 * what groups say; conv3 and the fully-connected layers read both. With fewer than its thousand
 * classes, the biases that start at 1 start at 0.1.
 */
final class AlexNet2012 {

  private AlexNet2012() {}

  /** 60,965,224 parameters. */
  static Model model() {
    return new Model(network("alexnet-2012", 2), recipe(), "the paper's network, in two columns");
  }

  /** Without groups, as most tutorials have it: 62,378,344 parameters. */
  static Model ungrouped() {
    return new Model(
        network("alexnet-2012-ungrouped", 1), recipe(), "the paper's network without groups");
  }

  /** Section 5: 90 epochs, the rate divided by ten when the validation error stops improving. */
  static Recipe recipe() {
    return new Recipe(90, 128, 0.01f, 0.9f, 0.0005f, new Schedule.Plateau(5), Augmentation.PAPER);
  }

  private static Network network(String name, int columns) {
    List<Layer> layers =
        List.of(
            conv("conv1", 96, new Window(11, 4, 0), 1, columns, 0), // 96 x 55 x 55
            new Relu("relu1"),
            norm("norm1", columns),
            pool("pool1"), // 96 x 27 x 27
            conv("conv2", 256, new Window(5, 1, 2), columns, columns, 1), // 256 x 27 x 27
            new Relu("relu2"),
            norm("norm2", columns),
            pool("pool2"), // 256 x 13 x 13
            conv("conv3", 384, new Window(3, 1, 1), 1, columns, 0), // 384 x 13 x 13
            new Relu("relu3"),
            conv("conv4", 384, new Window(3, 1, 1), columns, columns, 1), // 384 x 13 x 13
            new Relu("relu4"),
            conv("conv5", 256, new Window(3, 1, 1), columns, columns, 1), // 256 x 13 x 13
            new Relu("relu5"),
            pool("pool5"), // 256 x 6 x 6
            connected("fc6", 4096, columns, 1),
            new Relu("relu6"),
            new Dropout("drop6", 0.5f, Dropout.Scaling.TESTING),
            connected("fc7", 4096, columns, 1),
            new Relu("relu7"),
            new Dropout("drop7", 0.5f, Dropout.Scaling.TESTING),
            connected("fc8", 1000, 1, 0),
            new SoftmaxCrossEntropy("softmax"));
    return Network.chain(name, new Input(3, 227, 256, 1), layers);
  }

  /** Section 3.3; the sum stays within the maps of one column. */
  private static Layer norm(String name, int columns) {
    return new LocalResponseNorm(
        name, Region.ACROSS_MAPS, 5, 1e-4f, 0.75f, 2, LocalResponseNorm.Convention.SUM, columns);
  }

  private static Layer pool(String name) {
    return new Pooling(name, Pooling.Kind.MAX, new Window(3, 2, 0), Rounding.FLOOR);
  }

  /** Section 5: weights N(0, 0.01^2), and the given constant for every bias. */
  private static Layer conv(
      String name, int filters, Window window, int groups, int columns, float bias) {
    return new Convolution(
        name, filters, window, Rounding.FLOOR, groups, columns, weight(), constant(bias));
  }

  private static Layer connected(String name, int outputs, int columns, float bias) {
    return new FullyConnected(name, outputs, columns, weight(), constant(bias));
  }

  private static ParameterSpec weight() {
    return ParameterSpec.of(new Initial.Gaussian(0.01f));
  }

  private static ParameterSpec constant(float value) {
    return ParameterSpec.of(new Initial.Constant(value));
  }
}
