package org.alexnet.cli.option;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.alexnet.Message;
import org.alexnet.backend.Backend;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.BackendProvider;
import org.alexnet.backend.Backends;
import org.alexnet.backend.ConvolutionMethod;
import org.alexnet.backend.DeviceInfo;
import org.alexnet.backend.Precision;
import org.alexnet.data.ProgressListener;
import org.alexnet.inference.Classifier;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Placement;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** On what a command computes. */
public class DeviceOptions {
  @Option(
      names = "--backend",
      paramLabel = "NAME",
      converter = BackendName.class,
      description = "auto, cuda, cpu or reference. Default: auto, the best that can be used.")
  public String backend = "auto";

  @Option(
      names = "--devices",
      paramLabel = "D",
      split = ",",
      description =
          "One device, or one for each part of the work, such as cpu:0,cpu:1; the same may be named"
              + " several times. Default: the backend's first.")
  public List<String> devices = List.of();

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads in all. Default: one per core.")
  private Integer threads;

  @Option(
      names = "--no-cuda-graph",
      description =
          "On a GPU, launches the kernels of a step one by one; the results are the same.")
  public boolean noCudaGraph;

  public int threads() {
    return Require.threads(threads);
  }

  /** Threads in all; null if that is not said. */
  public Integer threadsAsked() {
    threads(); // is refused if it cannot be
    return threads;
  }

  /** The arithmetic. */
  Precision precision() {
    return Precision.FP32;
  }

  /** How convolutions are computed. */
  ConvolutionMethod convolution() {
    return ConvolutionMethod.AUTO;
  }

  /** Opens the backend asked for. */
  public Backend open(Consumer<String> say) {
    BackendOptions options =
        new BackendOptions(threads(), devices, precision(), false, !noCudaGraph)
            .with(convolution());
    return Backends.choose(backend, say).open(options);
  }

  /** The devices that a backend computes on, in the order of their numbers. */
  public List<String> names(String name) {
    return devices.isEmpty()
        ? Backends.named(name).probe().devices().stream()
            .filter(DeviceInfo::usable)
            .limit(1)
            .map(DeviceInfo::name)
            .toList()
        : devices.stream().distinct().toList();
  }

  /** Refuses devices that the columns of a network cannot be spread over. */
  public void requireColumns(Network network) {
    Placement.of(network, devices, false);
  }

  /** A network's programs on these devices. */
  public CompiledNetwork programs(Network network, int batch) {
    return CompiledNetwork.of(network, batch, Placement.of(network, devices, false), List.of());
  }

  /**
   * How to use a trained network.
   *
   * @param leftOut receives images that cannot be read
   */
  public Classifier.Options classifier(
      int batch, Consumer<Message> say, Consumer<String> leftOut, ProgressListener progress) {
    return new Classifier.Options(backend, devices, threads(), batch, say, leftOut, progress);
  }

  /** A backend that nobody ever heard of is wrong usage; one that cannot serve here is not. */
  static final class BackendName implements ITypeConverter<String> {
    @Override
    public String convert(String name) {
      Set<String> known = new LinkedHashSet<>(List.of("auto", "cuda", "cpu", "reference"));
      if (!known.contains(name)) {
        Backends.providers().stream().map(BackendProvider::name).forEach(known::add);
      }
      if (!known.contains(name)) {
        throw new TypeConversionException(
            "There is no backend \"%s\"; there are: %s".formatted(name, String.join(", ", known)));
      }
      return name;
    }
  }
}
