package org.alexnet.model;

import java.util.List;
import org.alexnet.AlexNetException;

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
