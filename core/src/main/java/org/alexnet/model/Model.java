package org.alexnet.model;

import static org.alexnet.InvalidNetworkException.require;

import java.util.List;
import org.alexnet.network.Initial;
import org.alexnet.network.Network;
import org.alexnet.network.Parameter;
import org.alexnet.network.ParameterSpec;
import org.alexnet.program.CompiledNetwork;

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
   * <p>Biases of 1 make all 4096 inputs of the last layer about 1, so that each step moves the
   * scores of all classes by 4096 times the rate times what the classes' shares of the batch are
   * off. Of a thousand classes these are small; with ten, the scores swing ever further. Caffe's
   * biases of 0.1 train with any number. Where biases learn at twice the rate, with four classes
   * and the whole rate, the loss of Caffe's network fell to 0.7 in twenty steps and jumped to 3.9;
   * at half the rate it falls on.
   *
   * @param bias what biases start from, at most; null where they start as ever
   * @param rate what the recipe's learning rate is multiplied by
   */
  public record FewerClasses(Float bias, float rate) {
    /** Nothing is different. */
    public static final FewerClasses SAME = new FewerClasses(null, 1);

    /** Networks of no fewer classes than this were made for many. */
    private static final int MANY = 100;

    private static final float LARGEST_BIAS = 0.1f;

    /**
     * {@return what a network needs, whether it comes from the catalogue, a file or a program: of
     * one for many classes, biases that start from 0.1 at most, and half the rate where biases
     * learn faster than the network}
     *
     * @param network with the number of classes that it was made for
     */
    public static FewerClasses of(Network network) {
      if (network.classes() < MANY) {
        return SAME;
      }
      List<ParameterSpec> biases =
          CompiledNetwork.declared(network).values().stream()
              .filter(parameter -> parameter.kind() == Parameter.Kind.BIAS)
              .map(Parameter::spec)
              .toList();
      boolean large =
          biases.stream()
              .anyMatch(
                  spec ->
                      spec.initial() instanceof Initial.Constant(float value)
                          && value > LARGEST_BIAS);
      boolean fast = biases.stream().anyMatch(spec -> spec.rate() > 1);
      return new FewerClasses(large ? LARGEST_BIAS : null, fast ? 0.5f : 1);
    }

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
   * A model that needs for fewer classes what {@link FewerClasses#of} says.
   *
   * @param network input and layers
   * @param recipe how it is trained
   * @param description one line: where it comes from
   */
  public Model(Network network, Recipe recipe, String description) {
    this(network, recipe, description, FewerClasses.of(network));
  }

  /** {@return what users call it} */
  public String name() {
    return network.name();
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
