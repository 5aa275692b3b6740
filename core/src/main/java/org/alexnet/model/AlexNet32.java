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
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Pooling;
import org.alexnet.network.Relu;
import org.alexnet.network.Rounding;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.network.Window;

/**
 * A small relative for images of 32x32 pixels: three convolutions and two fully-connected layers,
 * 1,147,466 parameters.
 *
 * <p>Weights start with deviation sqrt(2 / fan-in). The N(0, 0.01^2) of the big network is too
 * small here: the signal fades from layer to layer and the network never leaves ln 10.
 */
final class AlexNet32 {
  private static final ParameterSpec WEIGHT = ParameterSpec.of(new Initial.FanIn(2));
  private static final ParameterSpec BIAS = new ParameterSpec(new Initial.Constant(0), 1, 0);

  private AlexNet32() {}

  static Model model() {
    List<Layer> layers =
        List.of(
            conv("conv1", 32),
            new Relu("relu1"),
            pool("pool1"), // 32 x 16 x 16
            conv("conv2", 64),
            new Relu("relu2"),
            pool("pool2"), // 64 x 8 x 8
            conv("conv3", 128),
            new Relu("relu3"),
            pool("pool3"), // 128 x 4 x 4
            new FullyConnected("fc1", 512, 1, WEIGHT, BIAS),
            new Relu("relu4"),
            new Dropout("drop1", 0.5f, Dropout.Scaling.TRAINING),
            new FullyConnected("fc2", 10, 1, WEIGHT, BIAS),
            new SoftmaxCrossEntropy("softmax"));
    return new Model(
        Network.chain("alexnet-32", new Input(3, 32, 32, 1 / 255f), layers),
        new Recipe(
            12,
            128,
            0.02f,
            0.9f,
            0.0005f,
            new Schedule.Parts(List.of(0.8, 0.925)),
            Augmentation.SHAPES),
        "three convolutions for images of 32x32 pixels");
  }

  private static Layer conv(String name, int filters) {
    return new Convolution(name, filters, new Window(3, 1, 1), Rounding.FLOOR, 1, 1, WEIGHT, BIAS);
  }

  private static Layer pool(String name) {
    return new Pooling(name, Pooling.Kind.MAX, new Window(2, 2, 0), Rounding.FLOOR);
  }
}
