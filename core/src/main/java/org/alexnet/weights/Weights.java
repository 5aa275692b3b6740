package org.alexnet.weights;

import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.backend.Executable;
import org.alexnet.network.Initial;
import org.alexnet.network.Network;
import org.alexnet.network.Parameter;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Tensor;
import org.alexnet.random.Philox;
import org.alexnet.safetensors.SafetensorsWriter;
import org.alexnet.tensor.DType;
import org.alexnet.tensor.DeferredTensor;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.tensor.TensorInfo;
import org.alexnet.weights.format.StoredAs;
import org.alexnet.weights.format.WeightSource;

/**
 * A network's parameters outside a backend: made, read from files, put into an executable and taken
 * out. Filters are {@code [out, in / groups, kernel, kernel]}, fully-connected weights {@code [out,
 * in]}, biases {@code [out]}.
 */
public final class Weights {
  private Weights() {}

  /** What {@code init} may change of the initial values. Null leaves the model's own. */
  public record Overrides(Float sigma, Float bias) {
    /** Nothing is changed. */
    public static final Overrides NONE = new Overrides(null, null);
  }

  /**
   * Checks, before any work is done, that the parameters of a network fit in memory.
   *
   * @throws AlexNetException saying how much they need and how much there is
   */
  public static void requireMemory(Network network) {
    long parameters =
        CompiledNetwork.declared(network).sequencedValues().stream()
            .mapToLong(Parameter::elements)
            .sum();
    long most = Runtime.getRuntime().maxMemory();
    if (parameters > most / Float.BYTES) {
      throw new AlexNetException(
          Message.of(
              "%s has %,d parameters, which need %,d MB, and Java may use %,d MB; make it smaller,"
                  + " or allow Java more memory (%s).",
              network.name(),
              parameters,
              parameters * Float.BYTES >> 20,
              most >> 20,
              Setting.MEMORY));
    }
  }

  /** The initial parameters of a network, which depend on the seed alone. */
  public static SequencedMap<String, FloatTensor> initial(
      Network network, long seed, Overrides overrides) {
    requireMemory(network);
    SequencedMap<String, FloatTensor> weights = new LinkedHashMap<>();
    for (Parameter parameter : CompiledNetwork.declared(network).sequencedValues()) {
      Initial changed =
          switch (parameter.kind()) {
            case BIAS -> overrides.bias == null ? null : new Initial.Constant(overrides.bias);
            case WEIGHT -> overrides.sigma == null ? null : new Initial.Gaussian(overrides.sigma);
          };
      Initial initial = changed == null ? parameter.spec().initial() : changed;
      weights.put(
          parameter.name(), new FloatTensor(shape(parameter), values(parameter, initial, seed)));
    }
    return weights;
  }

  /**
   * One of the initial parameters of a network.
   *
   * @throws IllegalArgumentException if there is none of that name
   */
  public static FloatTensor initial(Network network, long seed, String name) {
    Parameter parameter =
        CompiledNetwork.declared(network).sequencedValues().stream()
            .filter(p -> p.name().equals(name))
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("no parameter " + name));
    return new FloatTensor(shape(parameter), values(parameter, parameter.spec().initial(), seed));
  }

  private static float[] values(Parameter parameter, Initial initial, long seed) {
    Philox random = new Philox(seed, 0, Philox.stream("init/" + parameter.name()));
    int count = Math.toIntExact(parameter.elements());
    int fanIn = parameter.fanIn();
    return switch (initial) {
      case Initial.Constant(float value) -> filled(count, i -> value);
      case Initial.Gaussian(float sigma) -> filled(count, i -> sigma * random.normal((long) i));
      case Initial.FanIn(float gain) -> {
        double sigma = Math.sqrt(gain / fanIn);
        yield filled(count, i -> sigma * random.normal((long) i));
      }
      case Initial.UniformFanIn(float gain) -> {
        double bound = Math.sqrt(gain / fanIn);
        yield filled(count, i -> bound * (2 * random.uniform((long) i) - 1));
      }
    };
  }

  private static float[] filled(int count, IntToDoubleFunction value) {
    float[] values = new float[count];
    int piece = 1 << 14;
    IntStream.range(0, Math.ceilDiv(values.length, piece))
        .parallel()
        .forEach(
            part -> {
              int end = Math.min(values.length, (part + 1) * piece);
              for (int i = part * piece; i < end; i++) {
                values[i] = (float) value.applyAsDouble(i);
              }
            });
    return values;
  }

  private static List<Long> shape(Parameter parameter) {
    return parameter.shape().stream().map(Integer::longValue).toList();
  }

  /** Receives the parameters of a file, one at a time, or pieces of them. */
  @FunctionalInterface
  public interface Receiver {
    void accept(Tensor parameter, float[] values);
  }

  /**
   * Reads parameters of a network from a file, each as it must be. They may be stored under the
   * names of another library or with their axes in another order ({@link StoredAs}).
   *
   * @throws AlexNetException if a parameter is missing, of another shape or not finite, or if there
   *     are more
   */
  public static SequencedMap<String, FloatTensor> load(WeightSource file, Network network) {
    SequencedMap<String, FloatTensor> weights = new LinkedHashMap<>();
    Map<Tensor, Parameter> declared = CompiledNetwork.declared(network);
    read(
        file,
        network,
        (tensor, values) ->
            weights.put(tensor.name(), new FloatTensor(shape(declared.get(tensor)), values)));
    return weights;
  }

  /** As {@link #load}, but that only one parameter at a time is in memory. */
  public static void read(WeightSource file, Network network, Receiver receiver) {
    SequencedMap<Tensor, Parameter> declared = CompiledNetwork.declared(network);
    checkNames(file, network, declared.sequencedValues());
    declared.forEach(
        (tensor, parameter) -> receiver.accept(tensor, values(file, network, parameter)));
  }

  /**
   * As {@link #read(WeightSource, Network, Receiver)}, in pieces that follow each other: no
   * parameter is in memory as a whole. The array of one piece may be that of the next.
   */
  public static void readPieces(WeightSource file, Network network, Receiver receiver) {
    SequencedMap<Tensor, Parameter> declared = CompiledNetwork.declared(network);
    checkNames(file, network, declared.sequencedValues());
    declared.forEach(
        (tensor, parameter) ->
            pieces(file, network, parameter, piece -> receiver.accept(tensor, piece)));
  }

  /**
   * As {@link #load}, of one parameter alone.
   *
   * @throws IllegalArgumentException if the network has no parameter of this name
   */
  public static FloatTensor read(WeightSource file, Network network, String name) {
    Collection<Parameter> declared = CompiledNetwork.declared(network).sequencedValues();
    checkNames(file, network, declared);
    Parameter parameter =
        declared.stream()
            .filter(p -> p.name().equals(name))
            .findFirst()
            .orElseThrow(
                () -> new IllegalArgumentException(network.name() + " has no parameter " + name));
    return new FloatTensor(shape(parameter), values(file, network, parameter));
  }

  /**
   * Compares the names and shapes of a file with those of a network, and reads no values.
   *
   * @throws AlexNetException if a parameter is missing or of another shape, or if there are more
   */
  public static void check(WeightSource file, Network network) {
    checkNames(file, network, CompiledNetwork.declared(network).sequencedValues());
  }

  /** All values of a parameter. */
  private static float[] values(WeightSource file, Network network, Parameter parameter) {
    int elements = Math.toIntExact(parameter.elements());
    var whole =
        new Consumer<float[]>() {
          private float[] values; // made once the file has shown that it holds some
          private int count;

          @Override
          public void accept(float[] piece) {
            if (values == null) {
              values = piece.length == elements ? piece : new float[elements];
            }
            if (values != piece) {
              System.arraycopy(piece, 0, values, count, piece.length);
            }
            count += piece.length;
          }
        };
    pieces(file, network, parameter, whole);
    return whole.values;
  }

  private static void pieces(
      WeightSource file, Network network, Parameter parameter, Consumer<float[]> receiver) {
    StoredAs stored = stored(file, network, parameter);
    var checked =
        new Consumer<float[]>() {
          private long count;

          @Override
          public void accept(float[] piece) {
            for (int i = 0; i < piece.length; i++) {
              if (!Float.isFinite(piece[i])) {
                throw new AlexNetException(
                    "%s: tensor %s has %s at element %d of %s; weights must be finite: these are of a training that failed."
                        .formatted(
                            file.path(), stored.tensor(), piece[i], count + i, parameter.name()));
              }
            }
            count += piece.length;
            receiver.accept(piece);
          }
        };
    file.read(stored, shape(parameter), checked);
  }

  private static void checkNames(
      WeightSource file, Network network, Collection<Parameter> parameters) {
    Set<String> known = new HashSet<>();
    for (Parameter parameter : parameters) {
      StoredAs stored = stored(file, network, parameter);
      check(file, network, stored, shape(parameter));
      known.add(stored.tensor());
    }
    file.tensors()
        .forEach(
            (name, info) -> {
              // What is no floating-point tensor, such as a counter, is no parameter of a network.
              if (!known.contains(name) && info.dtype().floatingPoint()) {
                throw new AlexNetException(
                    "%s: tensor %s is not a parameter of %s; these are the weights of another network."
                        .formatted(file.path(), name, network.name()));
              }
            });
  }

  /** How a file keeps a parameter: as it says, by its own name, or by another library's. */
  private static StoredAs stored(WeightSource file, Network network, Parameter parameter) {
    StoredAs own = new StoredAs(parameter.name());
    StoredAs said = file.stored().getOrDefault(parameter.name(), own);
    if (file.tensors().containsKey(said.tensor())) {
      return said;
    }
    return OtherNames.of(network, parameter)
        .filter(other -> file.tensors().containsKey(other.tensor()))
        .orElse(said);
  }

  /** What the last layer learns, its weights first. */
  public static List<Parameter> classifier(Network network) {
    String layer = network.classifier().name();
    return CompiledNetwork.declared(network).sequencedValues().stream()
        .filter(parameter -> parameter.layer().equals(layer))
        .toList();
  }

  private static void check(
      WeightSource file, Network network, StoredAs stored, List<Long> parameter) {
    String name = stored.tensor();
    List<Long> shape = stored.inFile(parameter);
    TensorInfo got = file.tensors().get(name);
    if (got == null) {
      throw new AlexNetException(
          "%s: %s needs tensor %s %s, and there is none; these are the weights of another network."
              .formatted(file.path(), network.name(), name, shape));
    }
    if (got.dtype() != DType.F32 || !got.shape().equals(shape)) {
      throw new AlexNetException(
          "%s: tensor %s is %s %s, but %s needs F32 %s; these are the weights of another network."
              .formatted(file.path(), name, got.dtype(), got.shape(), network.name(), shape));
    }
  }

  /**
   * Number of classes of the weights in a file: the outputs of the network's last layer.
   *
   * @throws AlexNetException if the file lacks that layer
   */
  public static int classes(WeightSource file, Network network) {
    StoredAs stored = stored(file, network, classifier(network).getFirst());
    TensorInfo info = file.tensors().get(stored.tensor());
    if (info == null
        || info.shape().size() != 2
        || info.shape().get(stored.inFile(0)) < 1
        || info.shape().get(stored.inFile(0)) > Integer.MAX_VALUE) {
      throw new AlexNetException(
          "%s: %s needs tensor %s [classes, inputs], got %s; these are the weights of another network."
              .formatted(
                  file.path(),
                  network.name(),
                  stored.tensor(),
                  info == null ? "no such tensor" : info.shape()));
    }
    return Math.toIntExact(info.shape().get(stored.inFile(0)));
  }

  /** Writes parameters to a file. */
  public static void save(Path file, SequencedMap<String, FloatTensor> weights) {
    SafetensorsWriter.save(file, Map.of(), weights);
  }

  /** Puts parameters into an executable. */
  public static void put(
      Executable executable, CompiledNetwork programs, Map<String, FloatTensor> weights) {
    for (Tensor tensor : programs.parameters()) {
      executable.write(tensor, weights.get(tensor.name()).values());
    }
  }

  /** Takes the parameters, or what {@code of} makes of each, out of an executable. */
  public static SequencedMap<String, FloatTensor> take(
      Executable executable, CompiledNetwork programs, Function<Tensor, Tensor> of) {
    SequencedMap<String, FloatTensor> weights = new LinkedHashMap<>();
    deferred(programs, tensor -> executable.read(of.apply(tensor)))
        .forEach((name, tensor) -> weights.put(name, tensor.make()));
    return weights;
  }

  /**
   * What {@code read} makes of the parameters, each when it is asked for.
   *
   * @param read the values that stand in the place of a parameter's
   */
  public static SequencedMap<String, DeferredTensor> deferred(
      CompiledNetwork programs, Function<Tensor, float[]> read) {
    SequencedMap<String, DeferredTensor> weights = new LinkedHashMap<>();
    CompiledNetwork.declared(programs.network())
        .forEach(
            (tensor, parameter) ->
                weights.put(
                    parameter.name(),
                    new DeferredTensor(shape(parameter), () -> read.apply(tensor))));
    return weights;
  }
}
