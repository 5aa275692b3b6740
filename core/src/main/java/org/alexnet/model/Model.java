package org.alexnet.model;

import java.util.Map;
import org.alexnet.network.Network;

/**
 * A network and the recipe it is trained by.
 *
 * @param description one line: where it comes from
 * @param otherNames names of layers in the files of other libraries, which are understood on
 *     reading, and the layers' own
 * @param fewerClassesBias what biases start from, at most, where there are fewer classes than the
 *     model has; infinite where they start as ever
 */
public record Model(
    Network network,
    Recipe recipe,
    String description,
    Map<String, String> otherNames,
    float fewerClassesBias) {

  public Model {
    otherNames = Map.copyOf(otherNames);
  }

  /** A model whose layers have no other names. */
  public Model(Network network, Recipe recipe, String description) {
    this(network, recipe, description, Map.of(), Float.POSITIVE_INFINITY);
  }

  /** What users call it. */
  public String name() {
    return network.name();
  }

  /** The same with another number of classes; with fewer, biases may start lower. */
  public Model withClasses(int classes) {
    Network other = network.withClasses(classes);
    return with(classes < network.classes() ? other.withBiasesAtMost(fewerClassesBias) : other);
  }

  private Model with(Network other) {
    return new Model(other, recipe, description, otherNames, fewerClassesBias);
  }

  /** The same without dropout. */
  public Model withoutDropout() {
    return with(network.withoutDropout());
  }
}
