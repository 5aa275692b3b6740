package org.alexnet.weights;

import java.util.Map;
import java.util.Optional;
import org.alexnet.AlexNetException;
import org.alexnet.network.Network;
import org.alexnet.network.Parameter;
import org.alexnet.weights.format.StoredAs;

/** How other libraries keep the parameters of networks that are theirs as well, in any format. */
public final class OtherNames {
  /** What torchvision calls the layers of its network. */
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

  private static final Map<String, Map<String, String>> BY_NETWORK =
      Map.of("alexnet-2014", TORCHVISION);

  private OtherNames() {}

  /**
   * torchvision's name of a parameter.
   *
   * @throws AlexNetException if the network is not one of torchvision's
   */
  public static String require(Network network, Parameter parameter) {
    return of(network, parameter)
        .map(StoredAs::tensor)
        .orElseThrow(
            () ->
                new AlexNetException(
                    "%s is no network of torchvision, so that its parameters have no names there; %s is one."
                        .formatted(network.name(), String.join(", ", BY_NETWORK.keySet()))));
  }

  /** Whether torchvision has names for the parameters of a network. */
  public static boolean known(Network network) {
    return BY_NETWORK.containsKey(network.name());
  }

  static Optional<StoredAs> of(Network network, Parameter parameter) {
    return Optional.ofNullable(
            BY_NETWORK.getOrDefault(network.name(), Map.of()).get(parameter.layer()))
        .map(layer -> new StoredAs(parameter.nameIn(layer)));
  }
}
