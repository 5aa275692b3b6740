package org.alexnet.formats;

import java.util.List;
import org.alexnet.data.Augmentation;
import org.alexnet.model.Model;
import org.alexnet.model.Recipe;
import org.alexnet.model.Schedule;
import org.alexnet.network.Convolution;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.Initial;
import org.alexnet.network.Input;
import org.alexnet.network.Network;
import org.alexnet.network.Normalization;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Relu;
import org.alexnet.network.Rounding;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.network.Window;

/** The network of the files in {@code src/test/resources}: 3 x 3 pixels, two filters, 3 classes. */
public final class Tiny {
  private static final ParameterSpec SPEC = ParameterSpec.of(new Initial.UniformFanIn(1));

  private Tiny() {}

  public static Model model(Normalization normalization) {
    return new Model(
        Network.chain(
            "tiny",
            new Input(3, 3, 4, normalization),
            List.of(
                new Convolution("conv1", 2, new Window(2, 1, 0), Rounding.FLOOR, 1, 1, SPEC, SPEC),
                new Relu("relu1"),
                new FullyConnected("fc2", 3, 1, SPEC, SPEC),
                new SoftmaxCrossEntropy("softmax"))),
        new Recipe(1, 8, 0.01f, 0.9f, 0, new Schedule.Constant(), Augmentation.NONE),
        "as little as there can be");
  }

  /** With constants, so that no mean image is needed. */
  public static Model model() {
    return model(new Normalization.Channels(List.of(.4f, .5f, .6f), List.of(.25f, .5f, .125f)));
  }
}
