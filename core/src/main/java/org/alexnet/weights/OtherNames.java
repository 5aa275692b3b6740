package org.alexnet.weights;

import java.util.Map;
import org.alexnet.network.Network;

/** What other libraries call the layers of networks that are theirs as well. */
final class OtherNames {
  private static final Map<String, String> TORCHVISION =
      Map.of(
          "conv1", "features.0",
          "conv2", "features.3",
          "conv3", "features.6",
          "conv4", "features.8",
          "conv5", "features.10",
          "fc6", "classifier.1",
          "fc7", "classifier.4",
          "fc8", "classifier.6");

  private OtherNames() {}

  /** Names by the layers' own; of any network. */
  static Map<String, String> of(Network network) {
    return network.name().equals("alexnet-2014") ? TORCHVISION : Map.of();
  }
}
