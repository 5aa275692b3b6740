package org.alexnet.cli.option;

import java.nio.file.Path;
import java.util.List;
import org.alexnet.inference.Classifier;
import org.alexnet.inference.TrainedWeights;
import picocli.CommandLine.Option;

/** A trained network: a run folder, or a model and its weights. */
public final class TrainedOptions extends ModelFileOptions {
  @Option(
      names = "--model",
      paramLabel = "M",
      completionCandidates = ModelName.class,
      description = "The network of --weights: ${COMPLETION-CANDIDATES}" + ModelName.OR_FILE + ".")
  String model;

  @Option(
      names = "--weights",
      paramLabel = "FILE",
      description = "Weights in a file of any known format, instead of a run.")
  Path weights;

  @Option(
      names = "--input",
      paramLabel = "FILE",
      description = "The input.safetensors that belongs to --weights.")
  Path input;

  @Option(
      names = "--names",
      paramLabel = "FILE",
      description =
          "Names of the classes, one a line, where neither the weights nor the run have them.")
  private Path names;

  /** Whether weights are given, so that no run is. */
  public boolean weightsGiven() {
    Require.that(
        named(model) == (weights != null),
        weights != null ? "--weights without --model" : "--model without --weights",
        "half of what is needed",
        "given together with the other, or a run folder in their place");
    Require.that(
        input == null || weights != null, "--input", input, "given together with --weights");
    return weights != null;
  }

  /**
   * The run among positional arguments; null where weights are given.
   *
   * @param arguments a run folder and image files, or the latter alone where weights are given
   */
  public Path run(List<Path> arguments) {
    boolean weights = weightsGiven();
    Require.given(weights || !arguments.isEmpty(), "RUN", "a run, or --model and --weights");
    return weights ? null : arguments.getFirst();
  }

  /** The image files among the same arguments. */
  public List<Path> images(List<Path> arguments) {
    return arguments.subList(weightsGiven() ? 0 : 1, arguments.size());
  }

  /** Refuses a run beside weights, and neither of them. */
  public void requireOne(Path run) {
    boolean weights = weightsGiven();
    Require.given(weights || run != null, "RUN", "a run, or --model and --weights");
    Require.that(!weights || run == null, "RUN", run, "left out where --weights is given");
  }

  /**
   * Opens the parameters alone.
   *
   * @param run the run folder; null where weights are given
   */
  public TrainedWeights weights(Path run) {
    return run == null ? TrainedWeights.open(model(model), weights) : TrainedWeights.open(run);
  }

  /**
   * Opens the network.
   *
   * @param run the run folder; null where weights are given
   */
  public Classifier open(Path run, Classifier.Options options) {
    return run == null
        ? Classifier.open(model(model), weights, input, classNames(), options)
        : Classifier.open(run, classNames(), options);
  }

  private List<String> classNames() {
    return NamesFile.read(names);
  }
}
