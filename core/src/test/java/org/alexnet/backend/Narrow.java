package org.alexnet.backend;

import org.alexnet.model.Model;
import org.alexnet.network.Activation;
import org.alexnet.network.Blur;
import org.alexnet.network.ChannelSelection;
import org.alexnet.network.Concatenation;
import org.alexnet.network.ContrastNorm;
import org.alexnet.network.Convolution;
import org.alexnet.network.Dropout;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.HorizontalFlip;
import org.alexnet.network.Layer;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.network.LocallyConnected;
import org.alexnet.network.Network;
import org.alexnet.network.Pooling;
import org.alexnet.network.PositionBias;
import org.alexnet.network.Relu;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.network.Subsample;
import org.alexnet.network.Sum;
import org.alexnet.network.Tanh;

/** Networks of the catalogue with fewer filters, so that a step of them is little work. */
public final class Narrow {
  private Narrow() {}

  /** The same for a model; the recipe stays as it is. */
  public static Model eighth(Model model) {
    return new Model(
        eighth(model.network()), model.recipe(), model.description(), model.fewerClasses());
  }

  /** Every hidden layer with an eighth of its outputs; sizes of images stay as they are. */
  public static Network eighth(Network network) {
    FullyConnected classifier = network.classifier();
    return network.withLayers(layer -> narrow(layer, classifier));
  }

  private static Layer narrow(Layer layer, FullyConnected classifier) {
    return switch (layer) {
      case Convolution c ->
          new Convolution(
              c.name(),
              c.filters() / 8,
              c.window(),
              c.rounding(),
              c.groups(),
              c.columns(),
              c.biases(),
              c.weight(),
              c.bias());
      case LocallyConnected c ->
          new LocallyConnected(
              c.name(),
              c.filters() / 8,
              c.window(),
              c.rounding(),
              c.groups(),
              c.columns(),
              c.weight(),
              c.bias());
      case FullyConnected fc -> fc == classifier ? fc : fc.withOutputs(fc.outputs() / 8);
      case PositionBias sum -> sum;
      case Pooling pool -> pool;
      case Relu relu -> relu;
      case Tanh tanh -> tanh;
      case Activation function -> function;
      case LocalResponseNorm norm -> norm;
      case ContrastNorm norm -> norm;
      case Blur blur -> blur;
      case Subsample kept -> kept;
      case HorizontalFlip flip -> flip;
      case ChannelSelection selection ->
          throw new IllegalArgumentException(
              selection.name() + ": its channels are not those of a narrower input");
      case Dropout drop -> drop;
      case Concatenation join -> join;
      case Sum sum -> sum;
      case SoftmaxCrossEntropy loss -> loss;
    };
  }
}
