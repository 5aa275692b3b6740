package org.alexnet.training;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SequencedMap;
import org.alexnet.network.Network;
import org.alexnet.run.RunFolder;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.weights.Weights;
import org.alexnet.weights.format.SafetensorsFormat;
import org.alexnet.weights.format.WeightFiles;
import org.alexnet.weights.format.WeightSource;

/**
 * Weights from a file that a run starts from.
 *
 * @param file they come from
 * @param classes outputs of their last layer
 * @param classNames names of those; empty where the file has none
 * @param weights all of them, by parameter
 */
record InitialWeights(
    Path file, int classes, List<String> classNames, SequencedMap<String, FloatTensor> weights) {

  /** Reads and checks the weights of {@link Training#init}. */
  static InitialWeights load(Training training) {
    Network network = training.model.network();
    if (Files.isDirectory(training.init)) {
      try (RunFolder run = RunFolder.openForReading(training.init)) {
        return load(training.init, SafetensorsFormat.source(run.openWeights()), network);
      }
    }
    try (WeightSource file = WeightFiles.open(training.init)) {
      return load(training.init, file, network);
    }
  }

  private static InitialWeights load(Path from, WeightSource weights, Network network) {
    try (WeightSource file = weights) {
      int classes = Weights.classes(file, network);
      return new InitialWeights(
          from, classes, file.classNames(), Weights.load(file, network.withClasses(classes)));
    }
  }

  /** The weights for a network whose last layer is started anew if its outputs are others. */
  SequencedMap<String, FloatTensor> fitted(Network network, long seed, TrainingListener listener) {
    if (classes != network.classes()) {
      String last = network.classifier().name();
      listener.message(
          "%s has %d classes and this run %d: layer %s starts anew."
              .formatted(file, classes, network.classes(), last));
      SequencedMap<String, FloatTensor> fresh =
          Weights.initial(network, seed, Weights.Overrides.NONE);
      Weights.classifier(network)
          .forEach(parameter -> weights.put(parameter.name(), fresh.get(parameter.name())));
    }
    return weights;
  }
}
