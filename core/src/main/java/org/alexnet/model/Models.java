package org.alexnet.model;

import java.util.List;
import java.util.Map;
import org.alexnet.AlexNetException;
import org.alexnet.network.Network;

/** The catalogue of models. */
public final class Models {
  private static final List<Model> ALL =
      List.of(
          AlexNet32.model(),
          AlexNet2012.model(),
          AlexNet2012Original.model(),
          AlexNet2012.ungrouped(),
          AlexNet2014.model(),
          CaffeNet.model());

  private Models() {}

  /** Every model. */
  public static List<Model> all() {
    return ALL;
  }

  /** Other names of a network's layers, as {@link Model#otherNames}; of any network. */
  public static Map<String, String> otherNames(Network network) {
    return ALL.stream()
        .filter(m -> m.name().equals(network.name()))
        .findFirst()
        .map(Model::otherNames)
        .orElse(Map.of());
  }

  /**
   * The model of a name.
   *
   * @throws AlexNetException listing those there are
   */
  public static Model named(String name) {
    return ALL.stream()
        .filter(m -> m.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new AlexNetException(
                    "There is no model \"%s\"; there are: %s."
                        .formatted(
                            name, String.join(", ", ALL.stream().map(Model::name).toList()))));
  }
}
