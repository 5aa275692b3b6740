package org.alexnet.model;

import java.util.Map;
import org.alexnet.network.Network;

/**
 * A network and the recipe it is trained by.
 *
 * @param description one line: where it comes from
 * @param otherNames names of layers in the files of other libraries, which are understood on
 *     reading, and the layers' own
 */
public record Model(
    Network network, Recipe recipe, String description, Map<String, String> otherNames) {

  public Model {
    otherNames = Map.copyOf(otherNames);
  }

  /** A model whose layers have no other names. */
  public Model(Network network, Recipe recipe, String description) {
    this(network, recipe, description, Map.of());
  }

  /** What users call it. */
  public String name() {
    return network.name();
  }

  /** The same with another number of classes. */
  public Model withClasses(int classes) {
    return new Model(network.withClasses(classes), recipe, description, otherNames);
  }

  /** The same without dropout. */
  public Model withoutDropout() {
    return new Model(network.withoutDropout(), recipe, description, otherNames);
  }
}
