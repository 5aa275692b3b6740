package org.alexnet.exchange;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.Words;
import org.alexnet.backend.ConvolutionMethod;
import org.alexnet.backend.Precision;
import org.alexnet.backend.Sync;
import org.alexnet.data.ClassNames;
import org.alexnet.file.FileStart;
import org.alexnet.model.Model;
import org.alexnet.model.Models;
import org.alexnet.network.Input;
import org.alexnet.network.Network;
import org.alexnet.network.Normalization;
import org.alexnet.network.Parameter;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Parallelism;
import org.alexnet.run.DataIdentity;
import org.alexnet.run.RunConfig;
import org.alexnet.run.RunFolder;
import org.alexnet.tensor.DType;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.tensor.TensorInfo;
import org.alexnet.weights.InputStatistics;
import org.alexnet.weights.Weights;
import org.alexnet.weights.format.SafetensorsFormat;
import org.alexnet.weights.format.WeightFiles;
import org.alexnet.weights.format.WeightSource;

/**
 * Makes a run of weights that another program trained: a folder that evaluation, prediction and
 * pictures take like any other.
 *
 * <pre>{@code
 * Import.of(List.of(Path.of("alexnet.pth"))).names(names).run(Path.of("runs/torchvision"));
 * }</pre>
 */
public final class Import {
  /** Of generated data, as for weights alone. */
  private static final long SEED = 42;

  /** The tensor that a file of a mean image holds, and no other. */
  private static final String MEAN = "mean";

  private final List<Path> files;
  private Model model;
  private List<String> names = List.of();
  private Path mean;
  private Consumer<Message> say = message -> {};

  private Import(List<Path> files) {
    this.files = List.copyOf(files);
  }

  /**
   * What was imported.
   *
   * @param run the folder
   * @param network with as many classes as the weights have
   * @param parameters how many numbers were read
   */
  public record Result(Path run, Network network, long parameters) {}

  /**
   * Weights, and beside them a network or a mean image, each told by its content.
   *
   * @param files one of weights; one of a network, which may be the same; one of a mean image
   * @return an import to set up and {@link #run}
   */
  public static Import of(List<Path> files) {
    return new Import(files);
  }

  /**
   * What the weights belong to, where the files do not say.
   *
   * @param value a network and its recipe
   * @return this import
   */
  public Import model(Model value) {
    model = value;
    return this;
  }

  /**
   * Names of the classes, in the order of their numbers.
   *
   * @param value as many as the weights have classes, or none
   * @return this import
   */
  public Import names(List<String> value) {
    names = List.copyOf(value);
    return this;
  }

  /**
   * The mean image, or the means of the channels.
   *
   * @param file another program's, or the {@code input.safetensors} of a run
   * @return this import
   */
  public Import mean(Path file) {
    mean = file;
    return this;
  }

  /**
   * Whom to tell what the user should know.
   *
   * @param listener receives each message
   * @return this import
   */
  public Import say(Consumer<Message> listener) {
    say = listener;
    return this;
  }

  /** What each file is. */
  private static final class Sorted {
    private Path weights;
    private Path mean;
    private Model model;
  }

  /**
   * Reads the files and makes the run. Nothing is made before they have been compared with each
   * other; if values turn out damaged after that, the folder is removed.
   *
   * @param out a new or empty folder
   * @return what was imported
   * @throws AlexNetException if a file cannot be read, or they do not fit together
   */
  public Result run(Path out) {
    RunFolder.requireUnused(out);
    Sorted sorted = sort();
    if (sorted.weights == null) {
      throw new UsageException("None of these files holds weights: %s.".formatted(joined(files)));
    }
    try (WeightSource weights = WeightFiles.open(sorted.weights)) {
      Model chosen = model != null ? model : sorted.model != null ? sorted.model : match(weights);
      Model fitted = chosen.withClasses(Weights.classes(weights, chosen.network()));
      Weights.check(weights, fitted.network());
      Weights.requireMemory(fitted.network());
      InputStatistics statistics =
          statistics(fitted.network().input(), mean != null ? mean : sorted.mean, weights);
      weights.remarks().forEach(remark -> say.accept(Message.of("%s", remark)));
      return write(out, weights, fitted, statistics);
    }
  }

  private Sorted sort() {
    Sorted sorted = new Sorted();
    for (Path file : files) {
      Optional<Model> described = Models.inFile(file);
      if (described.isPresent()) {
        requireFirst(sorted.model, "networks");
        sorted.model = described.get();
      }
      if (described.isPresent() && !WeightFiles.recognizes(file)) {
        continue;
      }
      try (WeightSource source = WeightFiles.open(file)) {
        if (source.tensors().keySet().equals(Set.of(MEAN))) {
          requireFirst(sorted.mean, "mean images");
          sorted.mean = file;
        } else if (!source.tensors().isEmpty()) {
          requireFirst(sorted.weights, "files of weights");
          sorted.weights = file;
        }
      }
    }
    return sorted;
  }

  private void requireFirst(Object before, String what) {
    if (before != null) {
      throw new UsageException(
          "There are two %s among %s; one can be imported.".formatted(what, joined(files)));
    }
  }

  private static String joined(List<Path> files) {
    return files.stream().map(Path::toString).collect(Collectors.joining(", "));
  }

  /** The model of the catalogue that has these parameters. */
  private Model match(WeightSource weights) {
    List<Model> fitting = new ArrayList<>();
    for (Model candidate : Models.all()) {
      try {
        int classes = Weights.classes(weights, candidate.network());
        Weights.check(weights, candidate.withClasses(classes).network());
        fitting.add(candidate);
      } catch (AlexNetException _) {
        // It is another one's.
      }
    }
    Optional<String> said = weights.networkName();
    Optional<Model> named =
        fitting.stream().filter(m -> said.equals(Optional.of(m.name()))).findFirst();
    if (named.isPresent() || fitting.size() == 1) {
      Model found = named.orElseGet(fitting::getFirst);
      say.accept(Message.of("%s has the weights of %s.", weights.path(), found.name()));
      return found;
    }
    String fit = fitting.stream().map(Model::name).collect(Collectors.joining(", "));
    throw new UsageException(
        fit.isEmpty()
            ? Message.of(
                "%s has the weights of no network of the catalogue: give the file of its network"
                    + " (%s).",
                weights.path(), Setting.MODEL)
            : Message.of(
                "%s has the weights of %s alike: say which of them it is (%s).",
                weights.path(), fit, Setting.MODEL));
  }

  private InputStatistics statistics(Input input, Path file, WeightSource weights) {
    boolean image = input.normalization() instanceof Normalization.MeanImage;
    if (!image) {
      if (file != null) {
        throw new UsageException(
            Message.of(
                "%s cannot be used: the network says itself what is subtracted from pixels (leave"
                    + " %s out).",
                file, Setting.MEAN));
      }
      return InputStatistics.constant(input);
    }
    List<Long> shape =
        List.of((long) input.channels(), (long) input.stored(), (long) input.stored());
    Optional<FloatTensor> own = weights.mean().filter(mean -> mean.shape().equals(shape));
    if (file == null && own.isPresent()) {
      return new InputStatistics(shape, own.get().values(), null, false);
    }
    if (file == null) {
      throw new UsageException(
          Message.of(
              "A mean image is subtracted from what this network reads: give its file (%s), or a"
                  + " network that says what else becomes of pixels (%s).",
              Setting.MEAN, Setting.MODEL));
    }
    if (new SafetensorsFormat().recognizes(FileStart.of(file))) {
      return InputStatistics.load(file, input);
    }
    try (WeightSource source = WeightFiles.open(file)) {
      return InputStatistics.mean(source, input);
    }
  }

  private Result write(Path out, WeightSource weights, Model fitted, InputStatistics statistics) {
    Network network = fitted.network();
    List<String> own = names.isEmpty() ? weights.classNames() : names;
    if (!own.isEmpty() && own.size() != network.classes()) {
      throw new AlexNetException(
          "%s has %d classes, and the list of names has %s; one a class is required."
              .formatted(weights.path(), network.classes(), Words.count(own.size(), "name")));
    }
    ClassNames.requireDistinct(own, "the list of class names");
    SequencedMap<String, TensorInfo> tensors = new LinkedHashMap<>();
    long parameters = 0;
    for (Parameter parameter : CompiledNetwork.declared(network).sequencedValues()) {
      List<Long> shape = parameter.shape().stream().map(Integer::longValue).toList();
      tensors.put(parameter.name(), new TensorInfo(DType.F32, shape));
      parameters += parameter.elements();
    }
    boolean made = !Files.exists(out);
    try (RunFolder folder = RunFolder.create(out, settings(weights, fitted, own))) {
      folder.writeInput(statistics.tensors(), statistics.metadata(network.input()));
      folder.commitWeights(
          SafetensorsFormat.metadata(own),
          tensors,
          writer ->
              Weights.readPieces(
                  weights, network, (tensor, values) -> writer.append(tensor.name(), values)),
          state(fitted));
    } catch (RuntimeException e) {
      RunFolder.discard(out, made);
      throw e;
    }
    return new Result(out, network, parameters);
  }

  private ObjectNode settings(WeightSource weights, Model fitted, List<String> own) {
    RunConfig config =
        new RunConfig(
            fitted.network(),
            own,
            null,
            null,
            0,
            new DataIdentity(0, "", 0, ""),
            SEED,
            fitted.recipe().over(0),
            true,
            true,
            false,
            false,
            Precision.FP32,
            ConvolutionMethod.AUTO,
            Parallelism.COLUMNS,
            1,
            Sync.STEP);
    ObjectNode json = config.toJson();
    json.put("init", weights.path().toAbsolutePath().toString());
    json.putNull("backend");
    return json;
  }

  /** Where a run stands of which no step was trained. */
  private static ObjectNode state(Model fitted) {
    ObjectNode state = JsonNodeFactory.instance.objectNode();
    state.put("epochs", 0);
    state.put("epoch", 0);
    state.put("step", 0);
    state.put("schedule", fitted.recipe().schedule().toString());
    return state;
  }
}
