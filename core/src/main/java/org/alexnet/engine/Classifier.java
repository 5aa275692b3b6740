package org.alexnet.engine;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.alexnet.AlexNetException;
import org.alexnet.backend.Backend;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.Backends;
import org.alexnet.backend.Executable;
import org.alexnet.data.DataSets;
import org.alexnet.data.FolderOptions;
import org.alexnet.data.FolderSource;
import org.alexnet.data.ImageSource;
import org.alexnet.data.OpenOptions;
import org.alexnet.data.Sources;
import org.alexnet.model.Model;
import org.alexnet.model.Models;
import org.alexnet.network.Input;
import org.alexnet.network.Network;
import org.alexnet.program.Placement;
import org.alexnet.program.Programs;
import org.alexnet.run.RunFolder;
import org.alexnet.safetensors.FloatTensor;
import org.alexnet.safetensors.SafetensorsFile;

/**
 * A trained network, ready to judge images. Close it after use. Not safe for several threads at
 * once; it uses several itself.
 *
 * <pre>{@code
 * try (Classifier classifier = Classifier.open(Path.of("runs/pets"))) {
 *   Prediction p = classifier.predict(List.of(Path.of("cat.jpg")), 3).getFirst();
 * }
 * }</pre>
 */
public final class Classifier implements AutoCloseable {

  /**
   * How to run a network.
   *
   * @param backend {@code auto} or a name
   * @param devices devices by name, one or one a column; empty for the backend's first
   * @param threads threads in all
   * @param batch images a step
   * @param say receives what the user should know, such as the backend chosen
   */
  public record Options(
      String backend, List<String> devices, int threads, int batch, Consumer<String> say) {

    /** The best backend, all cores, 128 images a step, silently. */
    public static Options defaults() {
      return new Options(
          "auto", List.of(), Runtime.getRuntime().availableProcessors(), 128, text -> {});
    }
  }

  private final Network network;
  private final List<String> classNames;
  private final long seed;
  private final boolean bytes;
  private final Options options;
  private final Programs programs;
  private final Backend backend;
  private final Executable executable;

  private Classifier(
      Network network,
      List<String> classNames,
      long seed,
      SequencedMap<String, FloatTensor> weights,
      InputStatistics mean,
      Options options) {
    this.network = network;
    this.classNames = classNames;
    this.seed = seed;
    this.bytes = mean != null;
    this.options = options;
    Placement placement = Placement.of(network, options.devices, false);
    this.programs = Programs.of(network, options.batch, placement, List.of());
    this.backend =
        Backends.choose(options.backend, options.say)
            .open(new BackendOptions(options.threads, options.devices));
    try {
      this.executable = backend.compile(programs);
      Weights.put(executable, programs, weights);
      if (mean != null) {
        executable.write(programs.persistent().get(Programs.MEAN), mean.mean());
      }
    } catch (RuntimeException e) {
      backend.close();
      throw e;
    }
  }

  /** The latest weights of a run, with {@link Options#defaults}. */
  public static Classifier open(Path run) {
    return open(run, Options.defaults());
  }

  /**
   * The latest weights of a run, which may still be training.
   *
   * @throws AlexNetException if the folder holds no run, or the backend cannot serve
   */
  public static Classifier open(Path run, Options options) {
    try (RunFolder folder = RunFolder.openForReading(run);
        SafetensorsFile file = folder.openWeights()) {
      RunConfig config = RunConfig.fromJson(folder.runJson());
      Network network = config.resolve().network();
      var weights = Weights.read(file, network, Programs.of(network, 1).parameters());
      InputStatistics mean;
      try (SafetensorsFile input =
          folder
              .openInput()
              .orElseThrow(
                  () ->
                      new AlexNetException(
                          "%s: input.safetensors, the mean image, is missing.".formatted(run)))) {
        mean = InputStatistics.load(input, network.input());
      }
      return new Classifier(network, config.classNames(), config.seed(), weights, mean, options);
    }
  }

  /**
   * Weights from a file, for a model of the catalogue; the number of classes is that of the
   * weights.
   *
   * @param input the {@code input.safetensors} of the run they come from, or null: then only
   *     floating-point images can be judged
   */
  public static Classifier open(String model, Path weights, Path input, Options options) {
    Model named = Models.named(model);
    int classes = Weights.classes(weights, named.network());
    Network network = named.withClasses(classes).network();
    InputStatistics mean = input == null ? null : InputStatistics.load(input, network.input());
    return new Classifier(network, List.of(), 42, Weights.load(weights, network), mean, options);
  }

  /** Names of the classes by number; empty where the network's classes have no names. */
  public List<String> classNames() {
    return classNames;
  }

  /** Number of classes. */
  public int classes() {
    return network.classes();
  }

  /** The name of the backend that it runs on. */
  public String backend() {
    return backend.name();
  }

  /**
   * Loss and errors over labelled images.
   *
   * @param source a data source as for {@link Training#data}; of {@code shapes} the validation
   *     images
   */
  public Evaluation evaluate(String source) {
    return evaluate(source, Views.CENTRE);
  }

  /** As {@link #evaluate(String)}, by other views of each image. */
  public Evaluation evaluate(String source, Views views) {
    try (ImageSource images = open(source)) {
      ImageSource labelled = Sources.withClasses(images, classNames);
      Sources.checkLabels(labelled, network.classes());
      return new Evaluator(executable, programs, options.threads).evaluate(labelled, views);
    }
  }

  /** The {@code top} most probable classes of each image file. */
  public List<Prediction> predict(List<Path> images, int top) {
    return predictions(scores(images), top);
  }

  /** The {@code top} most probable classes of each image of a data source. */
  public List<Prediction> predict(String source, int top) {
    return predictions(scores(source), top);
  }

  /**
   * Scores of images, [images, classes] each.
   *
   * @param inputs what the images are called
   */
  public record Scores(List<String> inputs, int classes, float[] logits, float[] probabilities) {

    /** As they are kept in files. */
    public SequencedMap<String, FloatTensor> tensors() {
      List<Long> shape = List.of((long) inputs.size(), (long) classes);
      SequencedMap<String, FloatTensor> tensors = new LinkedHashMap<>();
      tensors.put("logits", new FloatTensor(shape, logits));
      tensors.put("probabilities", new FloatTensor(shape, probabilities));
      return tensors;
    }
  }

  /** The scores of every image of a data source. */
  public Scores scores(String source) {
    try (ImageSource images = open(source)) {
      return scores(images);
    }
  }

  /** The scores of image files. */
  public Scores scores(List<Path> images) {
    Input input = network.input();
    try (ImageSource source =
        checked(
            FolderSource.files(
                images,
                new FolderOptions(
                    input.channels(),
                    input.stored(),
                    input.stored(),
                    options.threads,
                    false,
                    null)))) {
      return scores(source);
    }
  }

  private Scores scores(ImageSource source) {
    int classes = network.classes();
    float[] logits = new float[Math.multiplyExact(source.size(), classes)];
    float[] probabilities = new float[logits.length];
    new Evaluator(executable, programs, options.threads)
        .scores(
            source,
            (first, count, z, p) -> {
              System.arraycopy(z, 0, logits, first * classes, count * classes);
              System.arraycopy(p, 0, probabilities, first * classes, count * classes);
            });
    List<String> names = IntStream.range(0, source.size()).mapToObj(source::name).toList();
    return new Scores(names, classes, logits, probabilities);
  }

  /** The {@code top} most probable classes of each image that was scored. */
  public List<Prediction> predictions(Scores scores, int top) {
    List<Prediction> predictions = new ArrayList<>();
    for (int i = 0; i < scores.inputs.size(); i++) {
      int from = i * scores.classes;
      List<Prediction.Guess> guesses =
          IntStream.range(0, scores.classes)
              .boxed()
              .sorted(
                  Comparator.comparingDouble((Integer c) -> -scores.probabilities[from + c])
                      .thenComparing(c -> c))
              .limit(top)
              .map(c -> new Prediction.Guess(name(c), c, scores.probabilities[from + c]))
              .toList();
      predictions.add(new Prediction(scores.inputs.get(i), guesses));
    }
    return predictions;
  }

  private String name(int index) {
    return index < classNames.size() ? classNames.get(index) : Integer.toString(index);
  }

  private ImageSource open(String source) {
    Input input = network.input();
    return checked(
        DataSets.openForEvaluation(
            source,
            new OpenOptions(
                input.channels(),
                input.stored(),
                input.stored(),
                input.size(),
                options.threads,
                seed,
                false,
                null)));
  }

  /** Pixels need the mean image of the run that the weights come from. */
  private ImageSource checked(ImageSource source) {
    if (!bytes && !source.format().floats()) {
      source.close();
      throw new MissingInputException(
          "%s holds pixels, and weights alone do not say what to subtract from them; give the run's input.safetensors (--input FILE), or the run itself."
              .formatted(source.description()));
    }
    return source;
  }

  @Override
  public void close() {
    executable.close();
    backend.close();
  }
}
