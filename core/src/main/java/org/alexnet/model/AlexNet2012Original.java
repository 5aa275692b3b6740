package org.alexnet.model;

import java.util.List;
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
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Pooling;
import org.alexnet.network.Relu;
import org.alexnet.network.Rounding;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.network.Window;

/**
 * The network of 2012 as the authors' program had it (the source released by the Computer History
 * Museum, {@code layers-145.cfg}), where it differs from their text: images of 224 x 224 that the
 * last windows of conv1 overhang by three pixels; normalization and pooling before the ReLU in
 * layer 1, pooling before it in layer 5; a second normalization, within each map, in layer 2; alpha
 * divided by the number of terms; weights of conv3 to conv5 that start from N(0, 0.03^2); biases
 * that learn at twice the rate and do not decay. k is the paper's 2. 60,965,224 parameters.
 */
final class AlexNet2012Original {
  private static final int COLUMNS = 2;

  private AlexNet2012Original() {}

  static Model model() {
    List<Layer> layers =
        List.of(
            conv("conv1", 96, new Window(11, 4, 0), 1, 0.01f, 0), // 96 x 55 x 55
            norm("norm1"),
            pool("pool1"), // 96 x 27 x 27
            new Relu("relu1"),
            conv("conv2", 256, new Window(5, 1, 2), COLUMNS, 0.01f, 1), // 256 x 27 x 27
            new Relu("relu2"),
            norm("norm2"),
            new LocalResponseNorm(
                "map2", Region.WITHIN_MAP, 5, 1e-3f, 0.75f, 1, Convention.MEAN, 1),
            pool("pool2"), // 256 x 13 x 13
            conv("conv3", 384, new Window(3, 1, 1), 1, 0.03f, 0), // 384 x 13 x 13
            new Relu("relu3"),
            conv("conv4", 384, new Window(3, 1, 1), COLUMNS, 0.03f, 1), // 384 x 13 x 13
            new Relu("relu4"),
            conv("conv5", 256, new Window(3, 1, 1), COLUMNS, 0.03f, 1), // 256 x 13 x 13
            pool("pool5"), // 256 x 6 x 6
            new Relu("relu5"),
            new FullyConnected("fc6", 4096, COLUMNS, weight(0.01f), bias(1)),
            new Relu("relu6"),
            new Dropout("drop6", 0.5f, Dropout.Scaling.TESTING),
            new FullyConnected("fc7", 4096, COLUMNS, weight(0.01f), bias(1)),
            new Relu("relu7"),
            new Dropout("drop7", 0.5f, Dropout.Scaling.TESTING),
            new FullyConnected("fc8", 1000, 1, weight(0.01f), bias(0)),
            new SoftmaxCrossEntropy("softmax"));
    return new Model(
        Network.chain("alexnet-2012-original", new Input(3, 224, 256, 1), layers),
        AlexNet2012.recipe(),
        "the network as its authors' program had it");
  }

  /** Windows that overhang the image are kept: 1 + ceil((2 pad + size - kernel) / stride). */
  private static Layer conv(
      String name, int filters, Window window, int groups, float sigma, float bias) {
    return new Convolution(
        name, filters, window, Rounding.CEIL, groups, COLUMNS, weight(sigma), bias(bias));
  }

  private static Layer norm(String name) {
    return new LocalResponseNorm(
        name, Region.ACROSS_MAPS, 5, 1e-4f, 0.75f, 2, Convention.MEAN, COLUMNS);
  }

  private static Layer pool(String name) {
    return new Pooling(name, Pooling.Kind.MAX, new Window(3, 2, 0), Rounding.CEIL);
  }

  private static ParameterSpec weight(float sigma) {
    return ParameterSpec.of(new Initial.Gaussian(sigma));
  }

  private static ParameterSpec bias(float value) {
    return new ParameterSpec(new Initial.Constant(value), 2, 0);
  }
}
