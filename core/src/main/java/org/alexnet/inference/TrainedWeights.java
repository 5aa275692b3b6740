package org.alexnet.inference;

import java.nio.file.Path;
import java.util.Optional;
import org.alexnet.AlexNetException;
import org.alexnet.model.Model;
import org.alexnet.network.Network;
import org.alexnet.run.RunConfig;
import org.alexnet.run.RunFolder;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.weights.Weights;
import org.alexnet.weights.format.SafetensorsFormat;
import org.alexnet.weights.format.WeightFiles;
import org.alexnet.weights.format.WeightSource;

/**
 * The parameters of a trained network, to be looked at: nothing is compiled and no backend is
 * opened. Close it after use.
 */
public final class TrainedWeights implements AutoCloseable {
  private final Network network;
  private final WeightSource source;
  private final RunFolder run; // null for weights alone

  private TrainedWeights(Network network, WeightSource source, RunFolder run) {
    this.network = network;
    this.source = source;
    this.run = run;
  }

  /**
   * The latest weights of a run, which may still be training.
   *
   * @param run a run folder
   * @return the weights, to be closed after use
   * @throws AlexNetException if the folder holds no run, or is damaged
   */
  public static TrainedWeights open(Path run) {
    RunFolder folder = RunFolder.openForReading(run);
    try {
      Network network = RunConfig.fromJson(folder.runJson(), run).network();
      return new TrainedWeights(network, SafetensorsFormat.source(folder.openWeights()), folder);
    } catch (RuntimeException e) {
      folder.close();
      throw e;
    }
  }

  /**
   * Weights from a file, for a model; the number of classes is that of the weights.
   *
   * @param model what the weights belong to
   * @param weights a file of any known format
   * @return the weights, to be closed after use
   * @throws AlexNetException if the file cannot be read, or holds weights of another network
   */
  public static TrainedWeights open(Model model, Path weights) {
    WeightSource source = WeightFiles.open(weights);
    try {
      int classes = Weights.classes(source, model.network());
      return new TrainedWeights(model.withClasses(classes).network(), source, null);
    } catch (RuntimeException e) {
      source.close();
      throw e;
    }
  }

  /**
   * The network that the weights belong to.
   *
   * @return with as many classes as the weights have
   */
  public Network network() {
    return network;
  }

  /**
   * Reads a parameter, in the shape that its layer declares.
   *
   * @param name such as {@code conv1.weight}
   * @return its values, a copy
   * @throws AlexNetException if the file does not hold the network's parameters, or not as they
   *     must be
   * @throws IllegalArgumentException if the network has no such parameter
   */
  public FloatTensor read(String name) {
    return Weights.read(source, network, name);
  }

  /**
   * A parameter as it was before the first step: drawn again from the seed of the run.
   *
   * @param name such as {@code conv1.weight}
   * @return empty for weights alone, and for a run that began with weights from a file
   * @throws IllegalArgumentException if the network has no such parameter
   */
  public Optional<FloatTensor> initial(String name) {
    if (run == null || run.runJson().hasNonNull("init")) {
      return Optional.empty();
    }
    long seed = RunConfig.fromJson(run.runJson(), run.dir()).seed();
    return Optional.of(Weights.initial(network, seed, name));
  }

  @Override
  public void close() {
    source.close();
    if (run != null) {
      run.close();
    }
  }
}
