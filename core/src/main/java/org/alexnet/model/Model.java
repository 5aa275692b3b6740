package org.alexnet.model;

import static org.alexnet.InvalidNetworkException.require;

import org.alexnet.network.Network;

/**
 * A network and the recipe it is trained by.
 *
 * @param network input and layers, with the number of classes that the model was made for
 * @param recipe how it is trained unless a run overrides it
 * @param description one line: where it comes from
 * @param fewerClasses what is different where there are fewer classes than the model has
 */
public record Model(Network network, Recipe recipe, String description, FewerClasses fewerClasses) {

  /**
   * What a network made for a thousand classes needs to learn a few: each class is then a large
   * share of a batch, and the scores of all classes move together and far.
   *
   * @param bias what biases start from, at most; null where they start as ever
   * @param rate what the recipe's learning rate is multiplied by
   */
  public record FewerClasses(Float bias, float rate) {
    /** Nothing is different. */
    public static final FewerClasses SAME = new FewerClasses(null, 1);

    /**
     * Checks both fields.
     *
     * @throws org.alexnet.InvalidNetworkException naming the field that is not allowed
     */
    public FewerClasses {
      require(bias == null || Float.isFinite(bias), null, "bias", bias, "finite, or null");
      require(rate >= 0 && Float.isFinite(rate), null, "rate", rate, "finite, at least 0");
    }
  }

  /**
   * A model that needs nothing else for fewer classes.
   *
   * @param network input and layers
   * @param recipe how it is trained
   * @param description one line: where it comes from
   */
  public Model(Network network, Recipe recipe, String description) {
    this(network, recipe, description, FewerClasses.SAME);
  }

  /** {@return what users call it} */
  public String name() {
    return network.name();
  }

  /** The same where fewer classes need something else. */
  Model with(FewerClasses other) {
    return new Model(network, recipe, description, other);
  }

  /**
   * {@return the same with another number of classes; with fewer, as {@link FewerClasses} says}
   *
   * @param classes at least 2
   */
  public Model withClasses(int classes) {
    Network other = network.withClasses(classes);
    if (classes >= network.classes()) {
      return new Model(other, recipe, description, fewerClasses);
    }
    return new Model(
        fewerClasses.bias == null ? other : other.withBiasesAtMost(fewerClasses.bias),
        recipe.withRate(recipe.rate() * fewerClasses.rate),
        description,
        FewerClasses.SAME);
  }
}
