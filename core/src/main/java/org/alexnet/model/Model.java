package org.alexnet.model;

import java.util.Map;
import org.alexnet.network.Network;

/**
 * A network and the recipe it is trained by.
 *
 * @param description one line: where it comes from
 * @param otherNames names of layers in the files of other libraries, which are understood on
 *     reading, and the layers' own
 * @param fewerClasses what is different where there are fewer classes than the model has
 */
public record Model(
    Network network,
    Recipe recipe,
    String description,
    Map<String, String> otherNames,
    FewerClasses fewerClasses) {

  /**
   * What a network made for a thousand classes needs to learn a few: each class is then a large
   * share of a batch, and the scores of all classes move together and far.
   *
   * @param bias what biases start from, at most; infinite where they start as ever
   * @param rate what the recipe's learning rate is multiplied by
   */
  public record FewerClasses(float bias, float rate) {
    /** Nothing is different. */
    public static final FewerClasses SAME = new FewerClasses(Float.POSITIVE_INFINITY, 1);
  }

  public Model {
    otherNames = Map.copyOf(otherNames);
  }

  /** A model whose layers have no other names. */
  public Model(Network network, Recipe recipe, String description) {
    this(network, recipe, description, Map.of(), FewerClasses.SAME);
  }

  /** What users call it. */
  public String name() {
    return network.name();
  }

  /** The same where fewer classes need something else. */
  Model with(FewerClasses other) {
    return new Model(network, recipe, description, otherNames, other);
  }

  /** The same with another number of classes; with fewer, as {@link FewerClasses} says. */
  public Model withClasses(int classes) {
    Network other = network.withClasses(classes);
    if (classes >= network.classes()) {
      return new Model(other, recipe, description, otherNames, fewerClasses);
    }
    return new Model(
        other.withBiasesAtMost(fewerClasses.bias),
        recipe.withRate(recipe.rate() * fewerClasses.rate),
        description,
        otherNames,
        FewerClasses.SAME);
  }

  /** The same without dropout. */
  public Model withoutDropout() {
    return new Model(network.withoutDropout(), recipe, description, otherNames, fewerClasses);
  }
}
