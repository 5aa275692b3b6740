package org.alexnet.inference;

import java.nio.file.Path;
import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.Words;
import org.alexnet.data.ClassNames;
import org.alexnet.data.source.Sources;
import org.alexnet.model.Model;
import org.alexnet.network.Network;
import org.alexnet.run.RunConfig;
import org.alexnet.run.RunFolder;
import org.alexnet.safetensors.SafetensorsFile;
import org.alexnet.weights.InputStatistics;
import org.alexnet.weights.Weights;
import org.alexnet.weights.format.WeightSource;

/**
 * What is known of trained weights apart from themselves.
 *
 * @param network with as many classes as the weights have
 * @param classNames by number; empty where they are not known
 * @param statistics what becomes of pixels; null where that is not known
 * @param run what they were trained by; null where that is not known
 */
record TrainedModel(
    Network network, List<String> classNames, InputStatistics statistics, RunConfig run) {

  /** Of generated data, where there is no run that says. */
  static final long SEED = 42;

  /**
   * The model of a run.
   *
   * @param names of the classes of a run whose data named none; empty for those of the run
   */
  static TrainedModel of(RunFolder folder, List<String> names) {
    RunConfig config = RunConfig.fromJson(folder.runJson(), folder.dir());
    Network network = config.network();
    requireNumber(folder.dir(), network.classes(), names);
    List<String> own = config.classNames();
    if (!names.isEmpty() && !own.isEmpty() && !names.equals(own)) {
      throw new AlexNetException(
          "%s already names its classes (%s); they cannot be renamed."
              .formatted(folder.dir(), Sources.listed(own)));
    }
    try (SafetensorsFile input = folder.requireInput()) {
      return new TrainedModel(
          network,
          names.isEmpty() ? own : names,
          InputStatistics.load(input, network.input()),
          config);
    }
  }

  private static void requireNumber(Path weights, int classes, List<String> names) {
    if (!names.isEmpty() && names.size() != classes) {
      throw new AlexNetException(
          "%s has %d classes, and the list of names has %s; one a class is required."
              .formatted(weights, classes, Words.count(names.size(), "name")));
    }
  }

  /**
   * A model with weights from a file.
   *
   * @param input what becomes of pixels; null for what the model itself says
   * @param names of the classes; empty for those of the file
   */
  static TrainedModel of(Model model, WeightSource weights, Path input, List<String> names) {
    int classes = Weights.classes(weights, model.network());
    Network network = model.withClasses(classes).network();
    requireNumber(weights.path(), classes, names);
    List<String> own = names.isEmpty() ? weights.classNames() : names;
    return new TrainedModel(
        network,
        ClassNames.requireDistinct(own, "the list of class names"),
        input == null
            ? InputStatistics.constant(network.input())
            : InputStatistics.load(input, network.input()),
        null);
  }

  /** Whether the run was told to leave out images that cannot be read. */
  boolean skipsBad() {
    return run != null && run.skipBad();
  }

  /** Whether it is known how pixels become what the network reads. */
  boolean takesPixels() {
    return statistics != null && !statistics.floats();
  }

  /** Why pixels cannot be used. */
  AlexNetException noPixels(String source) {
    if (statistics != null) {
      return new AlexNetException(
          "%s holds pixels, and the network was trained on floating-point images that were used as given: bring the images to the same numbers and give them as a .safetensors file."
              .formatted(source));
    }
    return new UsageException(
        Message.of(
            "%s holds pixels, and weights alone do not say what to subtract from them; give the"
                + " run's input.safetensors (%s), or the run itself, which import makes of the"
                + " weights of other programs.",
            source, Setting.INPUT));
  }
}
