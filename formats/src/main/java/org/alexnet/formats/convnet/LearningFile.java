package org.alexnet.formats.convnet;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.alexnet.Message;
import org.alexnet.network.FilterBounds;
import org.alexnet.network.Initial;
import org.alexnet.network.ParameterSpec;

/**
 * How layers learn, as the second file says it: the rate, the decay and the momentum of each. A
 * network here has one of each, and each parameter a multiple of them; the largest are taken for
 * the network's.
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
  private static final List<String> NOT_DONE = List.of("wcNorm", "superEps", "superMom");

  /** Biases often learn at twice the rate of weights; more than this is worth a word. */
  private static final int MOST_USUAL = 20;

  private static final List<String> SCHEDULES = List.of("sched", "schedW", "schedB");

  private final ConfigFile file;
  private final Set<String> leftOut = new TreeSet<>();
  private final List<String> resting = new ArrayList<>();
  private float biasRate;
  private float rate;
  private float decay;
  private float momentum;

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
      List<Float> momenta = momenta(section, inputs);
      List<Float> decays = decays(section, inputs);
      for (int i = 0; i < inputs; i++) {
        rate = Math.max(rate, rates.get(i));
        decay = Math.max(decay, decays.get(i));
        keep(momenta.get(i), rates.get(i));
      }
      float ofBiases = section.number("epsB");
      keep(momentum(section), ofBiases);
      biasRate = Math.max(biasRate, ofBiases);
      if (ofBiases == 0 && Collections.max(rates) == 0) {
        resting.add(layer.name());
      }
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

  /** The largest momentum of all that learn is the network's. */
  private void keep(float own, float rate) {
    if (rate > 0) {
      momentum = Math.max(momentum, own);
    }
  }

  private static List<Float> momenta(Section section, int inputs) {
    return atLeastZero(section, "momW", section.numbers("momW", inputs));
  }

  private static float momentum(Section section) {
    return atLeastZero(section, "momB", section.numbers("momB", 1)).getFirst();
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

  /**
   * What of the rates a reader of the file would want to know: files of the end of a training have
   * layers that rest, and biases whose rate was never lowered.
   */
  List<String> remarks() {
    List<String> remarks = new ArrayList<>();
    if (!resting.isEmpty()) {
      remarks.add("%s at a rate of 0".formatted(String.join(", ", resting)));
    }
    if (biasRate > MOST_USUAL * rate) {
      remarks.add(
          Message.of("biases at up to %,.0f times the rate of weights", biasRate / rate)
              .toString());
    }
    return remarks;
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
    return momentum;
  }

  /** Names of values that say how rates fall. */
  Set<String> schedules() {
    return leftOut;
  }

  /**
   * How the weights of each input learn.
   *
   * @param deviations standard deviations that they start with
   * @param sizes weights of one filter
   */
  List<ParameterSpec> weights(Section layer, List<Float> deviations, List<Integer> sizes) {
    Section section = required(layer);
    int inputs = deviations.size();
    List<Float> rates = section.numbers("epsW", inputs);
    List<Float> momenta = momenta(section, inputs);
    List<Float> decays = decays(section, inputs);
    List<ParameterSpec> specs = new ArrayList<>();
    for (int i = 0; i < inputs; i++) {
      FilterBounds bounds = bounds(section, layer.text("type"), inputs, i, sizes.get(i));
      specs.add(
          new ParameterSpec(
              new Initial.Gaussian(deviations.get(i)),
              part(rates.get(i), rate),
              part(decays.get(i), decay),
              partOfMomentum(momenta.get(i), rates.get(i)),
              rates.get(i) > 0 ? bounds : null)); // what does not learn, they leave as it is
    }
    return specs;
  }

  /**
   * The bounds of filters: the norm of their n weights is n wball at most, and the root of the sum
   * of the squares about their mean n wcNormMin at least and n wcNormMax at most.
   */
  private static FilterBounds bounds(Section section, String type, int inputs, int i, int n) {
    float ball = atLeastZero(section, "wball", section.numbers("wball", inputs, 0)).get(i);
    float least = atLeastZero(section, "wcNormMin", section.numbers("wcNormMin", inputs, 0)).get(i);
    float most = section.numbers("wcNormMax", inputs, 0).get(i);
    if (most < least) {
      throw section.wrong(
          "wcNormMax", "is %s, must be at least that of wcNormMin, %s".formatted(most, least));
    }
    if (ball > 0 && type.equals("local")) {
      throw section.wrong(
          "wball",
          "is %s, must be 0: what it does to a local layer is not known here"
              .formatted(section.text("wball")));
    }
    if (most > 0 && !type.equals("conv")) {
      throw section.wrong(
          "wcNormMax",
          "is %s, must be 0: only layers of type conv have it"
              .formatted(section.text("wcNormMax")));
    }
    if (ball > 0 && most > 0) {
      throw section.wrong("wball", "and wcNormMax are both there, must be one of them");
    }
    double root = Math.sqrt(n);
    return ball > 0
        ? new FilterBounds(FilterBounds.Measure.NORM, 0, (float) ((double) ball * n))
        : most > 0
            ? new FilterBounds(
                FilterBounds.Measure.DEVIATION, (float) (least * root), (float) (most * root))
            : null;
  }

  /** How biases learn, which do not decay. */
  ParameterSpec bias(Section layer, float value) {
    Section section = required(layer);
    float own = atLeastZero(section, "epsB", section.numbers("epsB", 1)).getFirst();
    if (own > 0 && rate == 0) {
      throw section.wrong("epsB", "is %s, but no weights learn".formatted(own));
    }
    return new ParameterSpec(
        new Initial.Constant(value),
        part(own, rate),
        0,
        partOfMomentum(momentum(section), own),
        null);
  }

  private float partOfMomentum(float own, float rate) {
    return rate == 0 || own == momentum ? 1 : part(own, momentum);
  }

  private static float part(float own, float whole) {
    return whole == 0 ? 0 : (float) ((double) own / whole);
  }
}
