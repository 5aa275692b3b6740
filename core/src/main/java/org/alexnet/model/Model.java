package org.alexnet.model;

import org.alexnet.network.Network;

/**
 * A network and the recipe it is trained by.
 *
 * @param description one line: where it comes from
 */
public record Model(Network network, Recipe recipe, String description) {

  /** What users call it. */
  public String name() {
    return network.name();
  }

  /** The same with another number of classes. */
  public Model withClasses(int classes) {
    return new Model(network.withClasses(classes), recipe, description);
  }

  /** The same without dropout. */
  public Model withoutDropout() {
    return new Model(network.withoutDropout(), recipe, description);
  }
}
