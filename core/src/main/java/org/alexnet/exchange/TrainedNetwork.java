package org.alexnet.exchange;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.model.Model;
import org.alexnet.network.Input;
import org.alexnet.network.Network;
import org.alexnet.network.Parameter;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Shape;
import org.alexnet.run.RunConfig;
import org.alexnet.run.RunFolder;
import org.alexnet.safetensors.SafetensorsFile;
import org.alexnet.tensor.DType;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.tensor.TensorInfo;
import org.alexnet.weights.InputStatistics;
import org.alexnet.weights.OtherNames;
import org.alexnet.weights.Weights;
import org.alexnet.weights.format.SafetensorsFormat;
import org.alexnet.weights.format.WeightFiles;
import org.alexnet.weights.format.WeightSource;

/** A network and its weights, to be written for another program. Close it after use. */
public final class TrainedNetwork implements AutoCloseable {
  private final Network network;
  private final List<String> classNames;
  private final InputStatistics statistics; // null where it is not known what becomes of pixels
  private final WeightSource weights;
  private final RunFolder run; // null for weights alone

  private TrainedNetwork(
      Network network,
      List<String> classNames,
      InputStatistics statistics,
      WeightSource weights,
      RunFolder run) {
    this.network = network;
    this.classNames = classNames;
    this.statistics = statistics;
    this.weights = weights;
    this.run = run;
  }

  /**
   * Opens a run.
   *
   * @param run its folder
   * @return its network with the latest weights
   * @throws org.alexnet.AlexNetException if the folder holds no run, or is damaged
   */
  public static TrainedNetwork open(Path run) {
    RunFolder folder = RunFolder.openForReading(run);
    try {
      RunConfig config = RunConfig.fromJson(folder.runJson(), run);
      InputStatistics statistics;
      try (SafetensorsFile input = folder.requireInput()) {
        statistics = InputStatistics.load(input, config.network().input());
      }
      WeightSource weights = SafetensorsFormat.source(folder.openWeights());
      Weights.check(weights, config.network());
      return new TrainedNetwork(config.network(), config.classNames(), statistics, weights, folder);
    } catch (RuntimeException e) {
      folder.close();
      throw e;
    }
  }

  /**
   * Opens weights from a file.
   *
   * @param model what they belong to
   * @param file of any known format
   * @param input the {@code input.safetensors} that belongs to them, or null
   * @return the model's network, with as many classes as the weights have
   * @throws org.alexnet.AlexNetException if the file cannot be read, or holds weights of another
   *     network
   */
  public static TrainedNetwork open(Model model, Path file, Path input) {
    WeightSource weights = WeightFiles.open(file);
    try {
      Network network = model.withClasses(Weights.classes(weights, model.network())).network();
      Weights.check(weights, network);
      InputStatistics statistics =
          input == null
              ? InputStatistics.constant(network.input())
              : InputStatistics.load(input, network.input());
      return new TrainedNetwork(network, weights.classNames(), statistics, weights, null);
    } catch (RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  /**
   * Weights in memory. There is nothing to close, and it can be read by several threads.
   *
   * @param network input and layers
   * @param classNames names of the classes by number; empty where they have none
   * @param statistics what becomes of pixels
   * @param weights every parameter by its name; not copied
   * @return the network with these weights
   */
  @SuppressWarnings("exports") // for this engine's own training
  public static TrainedNetwork of(
      Network network,
      List<String> classNames,
      InputStatistics statistics,
      SequencedMap<String, FloatTensor> weights) {
    return new TrainedNetwork(network, classNames, statistics, new MemoryWeights(weights), null);
  }

  /** Weights by the names of their parameters. */
  private record MemoryWeights(SequencedMap<String, FloatTensor> weights) implements WeightSource {
    @Override
    public Path path() {
      return Path.of("memory");
    }

    @Override
    public Map<String, TensorInfo> tensors() {
      Map<String, TensorInfo> tensors = new LinkedHashMap<>();
      weights.forEach(
          (name, tensor) -> tensors.put(name, new TensorInfo(DType.F32, tensor.shape())));
      return tensors;
    }

    @Override
    public float[] floats(String name) {
      return weights.get(name).values().clone();
    }

    @Override
    public void close() {
      // It stays in memory.
    }
  }

  /** {@return input and layers} */
  public Network network() {
    return network;
  }

  /** {@return names of the classes by number; empty where they have none} */
  public List<String> classNames() {
    return classNames;
  }

  /** {@return what becomes of pixels; null where that is not known} */
  @SuppressWarnings("exports") // for this engine's own inference
  public InputStatistics statistics() {
    return statistics;
  }

  /**
   * {@return what is subtracted from pixels that were scaled, [channels, stored, stored] on the
   * scale of the network's input; empty where it is not known what becomes of pixels, or the
   * network was trained on floating-point images}
   */
  public Optional<FloatTensor> mean() {
    return statistics == null || statistics.floats()
        ? Optional.empty()
        : Optional.of(new FloatTensor(statistics.shape(), statistics.mean()));
  }

  /**
   * Reads one parameter.
   *
   * @param name of a parameter that a layer declares
   * @return its values, in the shape that the layer declares
   * @throws org.alexnet.AlexNetException if the file is damaged or a value is not finite
   */
  public FloatTensor read(String name) {
    return Weights.read(weights, network, name);
  }

  /** {@return what the network learns, in the order of files} */
  public List<Parameter> parameters() {
    return List.copyOf(CompiledNetwork.declared(network).sequencedValues());
  }

  /**
   * {@return what a layer makes of an image: [channels, height, width]}
   *
   * @param layer its name; {@link Network#DATA} for the image itself
   */
  public List<Integer> shape(String layer) {
    if (layer.equals(Network.DATA)) {
      int size = network.input().size();
      return List.of(network.input().channels(), size, size);
    }
    Shape shape = CompiledNetwork.outputs(network).get(layer).shape();
    return List.of(shape.c(), shape.h(), shape.w());
  }

  /**
   * What is subtracted from pixels that were scaled: [channels, stored, stored], of which the
   * network looks at the centre, or [channels, 1, 1] where it is the same in all pixels.
   *
   * @return the mean on the scale of the network's input
   * @throws UsageException if it is not known what becomes of pixels
   */
  public FloatTensor requireMean() {
    FloatTensor mean =
        mean()
            .orElseThrow(
                () ->
                    new UsageException(
                        Message.of(
                            "It is not known what becomes of pixels: give the input.safetensors of"
                                + " these weights (%s), or write a network that takes what is left"
                                + " of them (%s).",
                            Setting.INPUT, Setting.RAW)));
    Input input = network.input();
    int channels = input.channels();
    int stored = input.stored();
    if (input.normalization().offset(0).isPresent()) {
      float[] values = new float[channels];
      for (int c = 0; c < channels; c++) {
        values[c] = mean.values()[c * stored * stored];
      }
      return new FloatTensor(List.of((long) channels, 1L, 1L), values);
    }
    return mean;
  }

  /**
   * {@return whether a network is torchvision's, so that its parameters have names there}
   *
   * @param network by its name
   */
  public static boolean hasTorchvisionNames(Network network) {
    return OtherNames.known(network);
  }

  /**
   * {@return torchvision's name of a parameter}
   *
   * @param network that it belongs to
   * @param parameter of the network
   * @throws org.alexnet.AlexNetException if the network is not torchvision's
   */
  public static String torchvisionName(Network network, Parameter parameter) {
    return OtherNames.require(network, parameter);
  }

  @Override
  public void close() {
    weights.close();
    if (run != null) {
      run.close();
    }
  }
}
