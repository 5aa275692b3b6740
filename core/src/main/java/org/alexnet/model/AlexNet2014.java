package org.alexnet.model;

import java.util.List;
import org.alexnet.data.Augmentation;
import org.alexnet.network.Convolution;
import org.alexnet.network.Dropout;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.Initial;
import org.alexnet.network.Input;
import org.alexnet.network.Layer;
import org.alexnet.network.Network;
import org.alexnet.network.Normalization;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Pooling;
import org.alexnet.network.Relu;
import org.alexnet.network.Rounding;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.network.Window;

/**
 * The one-column network of Krizhevsky, "One weird trick for parallelizing convolutional neural
 * networks" (2014), in the form that torchvision made common: no groups, no normalization,
 * 61,100,840 parameters.
 *
 * <p>Inputs are normalized by the mean and the deviation of each colour, and weights and biases
 * start uniformly within 1 / sqrt(fan-in), both as torchvision has them: its weights mean the same
 * here as there.
 */
final class AlexNet2014 {
  private static final ParameterSpec WEIGHT = ParameterSpec.of(new Initial.UniformFanIn(1));
  private static final ParameterSpec BIAS = ParameterSpec.of(new Initial.UniformFanIn(1));

  /** Mean and deviation of ImageNet's colours, as torchvision's weights expect them. */
  private static final Normalization NORMALIZATION =
      new Normalization.Channels(List.of(0.485f, 0.456f, 0.406f), List.of(0.229f, 0.224f, 0.225f));

  private AlexNet2014() {}

  static Model model() {
    List<Layer> layers =
        List.of(
            conv("conv1", 64, new Window(11, 4, 2)), // 64 x 55 x 55
            new Relu("relu1"),
            pool("pool1"), // 64 x 27 x 27
            conv("conv2", 192, new Window(5, 1, 2)), // 192 x 27 x 27
            new Relu("relu2"),
            pool("pool2"), // 192 x 13 x 13
            conv("conv3", 384, new Window(3, 1, 1)), // 384 x 13 x 13
            new Relu("relu3"),
            conv("conv4", 256, new Window(3, 1, 1)), // 256 x 13 x 13
            new Relu("relu4"),
            conv("conv5", 256, new Window(3, 1, 1)), // 256 x 13 x 13
            new Relu("relu5"),
            pool("pool5"), // 256 x 6 x 6
            new Dropout("drop5", 0.5f, Dropout.Scaling.TRAINING),
            new FullyConnected("fc6", 4096, 1, WEIGHT, BIAS),
            new Relu("relu6"),
            new Dropout("drop6", 0.5f, Dropout.Scaling.TRAINING),
            new FullyConnected("fc7", 4096, 1, WEIGHT, BIAS),
            new Relu("relu7"),
            new FullyConnected("fc8", 1000, 1, WEIGHT, BIAS),
            new SoftmaxCrossEntropy("softmax"));
    return new Model(
        Network.chain("alexnet-2014", new Input(3, 224, 256, NORMALIZATION), layers),
        new Recipe(90, 128, 0.01f, 0.9f, 0.0005f, new Schedule.Plateau(5), Augmentation.PAPER),
        "one column, without groups and normalization");
  }

  private static Layer conv(String name, int filters, Window window) {
    return new Convolution(name, filters, window, Rounding.FLOOR, 1, 1, WEIGHT, BIAS);
  }

  private static Layer pool(String name) {
    return new Pooling(name, Pooling.Kind.MAX, new Window(3, 2, 0), Rounding.FLOOR);
  }
}
