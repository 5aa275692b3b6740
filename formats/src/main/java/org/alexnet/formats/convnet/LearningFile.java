package org.alexnet.formats.convnet;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.alexnet.network.Initial;
import org.alexnet.network.ParameterSpec;

/**
 * How layers learn, as the second file says it: the rate, the decay and the momentum of each. A
 * network here has one rate and one decay, and each parameter a multiple of them; the largest are
 * taken for the network's.
 */
final class LearningFile {
  private static final List<String> OF_WEIGHTS =
      List.of(
          "epsW",
          "epsB",
          "momW",
          "momB",
          "wc",
          "wball",
          "wcNorm",
          "wcNormMin",
          "wcNormMax",
          "superEps",
          "superMom",
          "sched",
          "schedW",
          "schedB",
          "quantF",
          "quantB");

  /** Values that must be zero, since what they would do is not done here. */
  private static final List<String> NOT_DONE =
      List.of("wball", "wcNorm", "wcNormMin", "wcNormMax", "superEps", "superMom");

  private static final List<String> SCHEDULES = List.of("sched", "schedW", "schedB");

  private final ConfigFile file;
  private final Set<String> leftOut = new TreeSet<>();
  private float rate;
  private float decay;
  private Float momentum;

  /**
   * Reads what is of the whole network.
   *
   * @param layers those with weights
   */
  LearningFile(ConfigFile file, List<Section> layers) {
    this.file = file;
    for (Section layer : layers) {
      Section section = required(layer);
      int inputs = layer.texts("inputs").size();
      section.requireKnown(OF_WEIGHTS);
      NOT_DONE.forEach(key -> requireZero(section, key));
      SCHEDULES.stream()
          .filter(key -> section.has(key) && !section.text(key).equals("default"))
          .forEach(leftOut::add);
      requirePlain(section, "quantF");
      requirePlain(section, "quantB");
      List<Float> rates = atLeastZero(section, "epsW", section.numbers("epsW", inputs));
      List<Float> momenta = section.numbers("momW", inputs);
      List<Float> decays = decays(section, inputs);
      for (int i = 0; i < inputs; i++) {
        rate = Math.max(rate, rates.get(i));
        decay = Math.max(decay, decays.get(i));
        keep(section, "momW", momenta.get(i), rates.get(i));
      }
      keep(section, "momB", section.number("momB"), section.number("epsB"));
    }
  }

  private static List<Float> decays(Section section, int inputs) {
    return atLeastZero(section, "wc", section.numbers("wc", inputs, 0));
  }

  private static List<Float> atLeastZero(Section section, String key, List<Float> values) {
    if (values.stream().anyMatch(value -> value < 0)) {
      throw section.wrong(key, "is %s, must be at least 0".formatted(section.text(key)));
    }
    return values;
  }

  private static void requireZero(Section section, String key) {
    if (section.has(key)) {
      int values = section.texts(key).size();
      if (section.numbers(key, values).stream().anyMatch(value -> value != 0)) {
        throw section.wrong(
            key,
            "is %s, must be 0: this program has no such constraint".formatted(section.text(key)));
      }
    }
  }

  private static void requirePlain(Section section, String key) {
    if (!section.text(key, "default").equals("default")) {
      throw section.wrong(
          key,
          "is %s, must be default: values are not rounded here"
              .formatted(ConfigFile.shown(section.text(key))));
    }
  }

  /** One momentum is that of all which learn. */
  private void keep(Section section, String key, float value, float rate) {
    if (rate == 0) {
      return;
    }
    if (momentum == null) {
      momentum = value;
    }
    if (momentum != value) {
      throw section.wrong(
          key,
          "is %s, must be %s as that of the parameters before: a network here has one momentum"
              .formatted(value, momentum));
    }
  }

  /** The section of a layer that cannot do without one. */
  Section required(Section layer) {
    return of(layer)
        .orElseThrow(() -> layer.wrong("%s has no section of this name".formatted(file.path())));
  }

  /** The section of a layer. */
  Optional<Section> of(Section layer) {
    return Optional.ofNullable(file.sections().get(layer.name()));
  }

  /** The learning rate of the network. */
  float rate() {
    return rate;
  }

  /** The weight decay of the network. */
  float decay() {
    return decay;
  }

  /** The momentum of the network. */
  float momentum() {
    return momentum == null ? 0 : momentum;
  }

  /** Names of values that say how rates fall. */
  Set<String> schedules() {
    return leftOut;
  }

  /**
   * How the weights of each input learn.
   *
   * @param deviations standard deviations that they start with
   */
  List<ParameterSpec> weights(Section layer, List<Float> deviations) {
    Section section = required(layer);
    int inputs = deviations.size();
    List<Float> rates = section.numbers("epsW", inputs);
    List<Float> decays = decays(section, inputs);
    List<ParameterSpec> specs = new ArrayList<>();
    for (int i = 0; i < inputs; i++) {
      specs.add(
          new ParameterSpec(
              new Initial.Gaussian(deviations.get(i)),
              part(rates.get(i), rate),
              part(decays.get(i), decay)));
    }
    return specs;
  }

  /** How biases learn, which do not decay. */
  ParameterSpec bias(Section layer, float value) {
    Section section = required(layer);
    float own = atLeastZero(section, "epsB", section.numbers("epsB", 1)).getFirst();
    if (own > 0 && rate == 0) {
      throw section.wrong("epsB", "is %s, but no weights learn".formatted(own));
    }
    return new ParameterSpec(new Initial.Constant(value), part(own, rate), 0);
  }

  private static float part(float own, float whole) {
    return whole == 0 ? 0 : (float) ((double) own / whole);
  }
}
