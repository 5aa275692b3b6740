package org.alexnet.model;

import java.util.ArrayList;
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
import org.alexnet.network.Normalization;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Pooling;
import org.alexnet.network.Relu;
import org.alexnet.network.Resize;
import org.alexnet.network.Rounding;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.network.Window;

/**
 * Caffe's replication of the 2012 network in one column (Jia et al., "Caffe", 2014): pooling before
 * normalization, which sums over all maps with k = 1 and alpha divided by n, dropout scaled while
 * training, and biases of 0.1 where the paper has 1, with which it stalled. Biases learn at twice
 * the rate and do not decay. 60,965,224 parameters.
 */
final class CaffeNet {
  private static final ParameterSpec WEIGHT = ParameterSpec.of(new Initial.Gaussian(0.01f));

  private CaffeNet() {}

  static Model model() {
    List<Layer> layers =
        List.of(
            conv("conv1", 96, new Window(11, 4, 0), 1, 0), // 96 x 55 x 55
            new Relu("relu1"),
            pool("pool1"), // 96 x 27 x 27
            norm("norm1"),
            conv("conv2", 256, new Window(5, 1, 2), 2, 0.1f), // 256 x 27 x 27
            new Relu("relu2"),
            pool("pool2"), // 256 x 13 x 13
            norm("norm2"));
    layers = followed(layers, WEIGHT, "softmax");
    return new Model(
        Network.chain("caffenet", new Input(3, 227, 256, 1), layers),
        new Recipe(90, 128, 0.01f, 0.9f, 0.0005f, new Schedule.Plateau(5), Augmentation.PAPER),
        "Caffe's replication in one column");
  }

  /**
   * Caffe's other replication ({@code bvlc_alexnet}), with normalization before pooling as the
   * paper has it. Its pictures are stretched to 256 x 256, as Caffe's tools store them.
   */
  static Model alexNet() {
    List<Layer> layers =
        List.of(
            conv("conv1", 96, new Window(11, 4, 0), 1, 0), // 96 x 55 x 55
            new Relu("relu1"),
            norm("norm1"),
            pool("pool1"), // 96 x 27 x 27
            conv("conv2", 256, new Window(5, 1, 2), 2, 0.1f), // 256 x 27 x 27
            new Relu("relu2"),
            norm("norm2"),
            pool("pool2")); // 256 x 13 x 13
    layers = followed(layers, ParameterSpec.of(new Initial.Gaussian(0.005f)), "prob");
    Input input = new Input(3, 227, 256, Resize.STRETCH, new Normalization.MeanImage(1));
    return new Model(
        Network.chain("bvlc_alexnet", input, layers),
        new Recipe(90, 256, 0.01f, 0.9f, 0.0005f, new Schedule.Plateau(5), Augmentation.PAPER),
        "Caffe's replication in one column, normalized before pooling");
  }

  /**
   * Both replications from the third convolution on.
   *
   * @param first the layers before it
   * @param wide how the weights of fc6 and fc7 start
   * @param loss what the last layer is called
   */
  private static List<Layer> followed(List<Layer> first, ParameterSpec wide, String loss) {
    List<Layer> layers = new ArrayList<>(first);
    layers.addAll(
        List.of(
            conv("conv3", 384, new Window(3, 1, 1), 1, 0), // 384 x 13 x 13
            new Relu("relu3"),
            conv("conv4", 384, new Window(3, 1, 1), 2, 0.1f), // 384 x 13 x 13
            new Relu("relu4"),
            conv("conv5", 256, new Window(3, 1, 1), 2, 0.1f), // 256 x 13 x 13
            new Relu("relu5"),
            pool("pool5"), // 256 x 6 x 6
            new FullyConnected("fc6", 4096, 1, wide, bias(0.1f)),
            new Relu("relu6"),
            new Dropout("drop6", 0.5f, Dropout.Scaling.TRAINING),
            new FullyConnected("fc7", 4096, 1, wide, bias(0.1f)),
            new Relu("relu7"),
            new Dropout("drop7", 0.5f, Dropout.Scaling.TRAINING),
            new FullyConnected("fc8", 1000, 1, WEIGHT, bias(0)),
            new SoftmaxCrossEntropy(loss)));
    return layers;
  }

  private static Layer norm(String name) {
    return new LocalResponseNorm(
        name, Region.ACROSS_MAPS, 5, 1e-4f, 0.75f, 1, LocalResponseNorm.Convention.MEAN, 1);
  }

  private static Layer pool(String name) {
    return new Pooling(name, Pooling.Kind.MAX, new Window(3, 2, 0), Rounding.CEIL);
  }

  private static Layer conv(String name, int filters, Window window, int groups, float value) {
    return new Convolution(name, filters, window, Rounding.FLOOR, groups, 1, WEIGHT, bias(value));
  }

  private static ParameterSpec bias(float value) {
    return new ParameterSpec(new Initial.Constant(value), 2, 0);
  }
}
