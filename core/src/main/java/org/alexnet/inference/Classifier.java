package org.alexnet.inference;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.backend.Backend;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.Backends;
import org.alexnet.backend.Executable;
import org.alexnet.data.ImageSource;
import org.alexnet.data.ProgressListener;
import org.alexnet.data.source.MemoryImages;
import org.alexnet.data.source.Sources;
import org.alexnet.exchange.TrainedNetwork;
import org.alexnet.model.Model;
import org.alexnet.model.Models;
import org.alexnet.network.Input;
import org.alexnet.network.Network;
import org.alexnet.network.Resize;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Placement;
import org.alexnet.run.RunFolder;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.training.Training;
import org.alexnet.weights.Weights;
import org.alexnet.weights.format.SafetensorsFormat;
import org.alexnet.weights.format.WeightFiles;
import org.alexnet.weights.format.WeightSource;

/**
 * A trained network, ready to evaluate and to classify images. Close it after use.
 *
 * <pre>{@code
 * try (Classifier classifier = Classifier.open(Path.of("runs/pets"))) {
 *   Prediction p = classifier.predict(List.of(Path.of("cat.jpg")), 3).getFirst();
 * }
 * }</pre>
 *
 * <p>It may be used from several threads: their images are computed one call after the other, for
 * each call uses {@linkplain Options#threads several threads} itself. What receives scores must not
 * ask the same classifier for more. A thread that is interrupted while it waits for images gets an
 * {@link AlexNetException} with its interrupt flag set, and the classifier remains usable.
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
   * @param leftOut receives each image that cannot be read, with the reason; null if such an image
   *     is a failure
   * @param progress is told how far an evaluation is
   * @param layers whose outputs are kept for {@link Scored#outputs}, which takes memory for a batch
   *     of them
   */
  public record Options(
      String backend,
      List<String> devices,
      int threads,
      int batch,
      Consumer<Message> say,
      Consumer<String> leftOut,
      ProgressListener progress,
      List<String> layers) {
    /**
     * Checks the batch.
     *
     * @throws UsageException if the batch is below 1
     */
    public Options {
      layers = List.copyOf(layers);
      if (batch < 1) {
        throw UsageException.value(Setting.BATCH, batch, "at least 1");
      }
    }

    /**
     * Options that keep the output of no layer.
     *
     * @param backend name of a backend, or "auto"
     * @param devices the backend's devices; empty for its first
     * @param threads threads in all; 0 for one a core
     * @param batch images a step, at least 1
     * @param say takes what a user should know
     * @param leftOut takes images that cannot be read; null if they are errors
     * @param progress is told of each step
     */
    public Options(
        String backend,
        List<String> devices,
        int threads,
        int batch,
        Consumer<Message> say,
        Consumer<String> leftOut,
        ProgressListener progress) {
      this(backend, devices, threads, batch, say, leftOut, progress, List.of());
    }

    /**
     * The same, with the outputs of some layers kept.
     *
     * @param names names of the layers
     * @return the options
     */
    public Options observing(List<String> names) {
      return new Options(backend, devices, threads, batch, say, leftOut, progress, names);
    }

    /**
     * The same with another number of images a step: 1 for a program that asks for one at a time.
     *
     * @param images at least 1
     * @return the options
     */
    public Options withBatch(int images) {
      return new Options(backend, devices, threads, images, say, leftOut, progress, layers);
    }

    /**
     * The best backend, all cores, 128 images a step, silently; every image must be readable.
     *
     * @return options for a program that sets none
     */
    public static Options defaults() {
      return new Options(
          "auto",
          List.of(),
          Runtime.getRuntime().availableProcessors(),
          128,
          message -> {},
          null,
          ProgressListener.NONE);
    }
  }

  /**
   * The scores of an image.
   *
   * @param index number of the image in its source
   * @param input what the image is called
   * @param logits one a class
   * @param probabilities one a class
   * @param outputs of the {@linkplain Options#layers layers} asked for, by layer, each of the
   *     {@linkplain Classifier#outputShape shape} of its layer with the last extent fastest
   */
  public record Scored(
      int index,
      String input,
      float[] logits,
      float[] probabilities,
      Map<String, float[]> outputs) {}

  /** Receives the scores of images, in their order, as soon as they are known. */
  public interface ScoreReceiver {
    /**
     * Is told before the first how many images there are, those that cannot be read included.
     *
     * @param images how many there are
     */
    default void begin(int images) {}

    /**
     * Called for each image that can be read.
     *
     * @param image its number, name and scores
     */
    void accept(Scored image);
  }

  private final TrainedModel model;
  private final Options options;
  private final TrainedSources sources;
  private final LayerOutputs outputs;
  private final CompiledNetwork programs;
  private final Backend backend;
  private final Executable executable;
  private final ReentrantLock lock = new ReentrantLock();
  private boolean closed; // guarded by the lock

  /** Writes weights into what computes with them. */
  private interface WeightWriter {
    void write(Executable executable, CompiledNetwork programs);
  }

  private Classifier(TrainedModel model, Options options, WeightWriter weights) {
    this.model = model;
    this.options = options;
    this.sources = new TrainedSources(model, options);
    Network network = model.network();
    Placement placement = Placement.of(network, options.devices, false);
    this.outputs = new LayerOutputs(network, options.layers);
    this.programs =
        CompiledNetwork.forInference(network, options.batch, placement, outputs.tensors());
    this.backend =
        Backends.choose(options.backend, text -> options.say.accept(Message.of(text)))
            .open(new BackendOptions(options.threads, options.devices));
    Executable compiled = null;
    try {
      compiled = backend.compile(programs);
      weights.write(compiled, programs);
      if (model.takesPixels()) {
        compiled.write(programs.persistent().get(CompiledNetwork.MEAN), model.statistics().mean());
      }
      this.executable = compiled;
    } catch (RuntimeException e) {
      if (compiled != null) {
        compiled.close();
      }
      backend.close();
      throw e;
    }
  }

  private static Classifier open(TrainedModel model, Options options, WeightSource weights) {
    return new Classifier(
        model,
        options,
        (executable, programs) -> Weights.read(weights, programs.network(), executable::write));
  }

  /**
   * {@return a classifier with the latest weights of a run, and with {@link Options#defaults}}
   *
   * @param run a run folder
   */
  public static Classifier open(Path run) {
    return open(run, Options.defaults());
  }

  /**
   * {@return a classifier with the latest weights of a run, which may still be training}
   *
   * @param run a run folder
   * @param options how to compute
   * @throws AlexNetException if the folder holds no run, or the backend cannot serve
   */
  public static Classifier open(Path run, Options options) {
    return open(run, List.of(), options);
  }

  /**
   * {@return a classifier as of {@link #open(Path, Options)}, with names for the classes of a run
   * whose data named none}
   *
   * @param run a run folder
   * @param classNames names of the classes in the order of their labels, or an empty list for those
   *     of the run
   * @param options how to compute
   * @throws AlexNetException if the run has other names, or another number of classes
   */
  public static Classifier open(Path run, List<String> classNames, Options options) {
    try (RunFolder folder = RunFolder.openForReading(run);
        WeightSource weights = SafetensorsFormat.source(folder.openWeights())) {
      return open(TrainedModel.of(folder, classNames), options, weights);
    }
  }

  /**
   * {@return a classifier with the weights of a trained network, such as a run in memory results
   * in, and with {@link Options#defaults}}
   *
   * @param network is read now and may be closed then
   */
  public static Classifier open(TrainedNetwork network) {
    return open(network, Options.defaults());
  }

  /**
   * {@return a classifier with the weights of a trained network}
   *
   * @param network is read now and may be closed then
   * @param options how to compute
   * @throws AlexNetException if the backend cannot serve
   */
  public static Classifier open(TrainedNetwork network, Options options) {
    TrainedModel model =
        new TrainedModel(network.network(), network.classNames(), network.statistics(), null);
    SequencedMap<String, FloatTensor> weights = new LinkedHashMap<>();
    network.parameters().forEach(p -> weights.put(p.name(), network.read(p.name())));
    return new Classifier(
        model, options, (executable, programs) -> Weights.put(executable, programs, weights));
  }

  /**
   * As {@link #open(Model, Path, Path, List, Options)}, for a model that is named.
   *
   * @param model a name in the catalogue, or the file of a network
   * @param weights a file of any known format
   * @param input the {@code input.safetensors} of the run they come from, or null
   * @param classNames names of the classes, or an empty list for those of the file
   * @param options how to compute
   * @return the classifier, to be closed after use
   * @throws AlexNetException if the weights are not those of the model, or the backend cannot serve
   */
  public static Classifier open(
      String model, Path weights, Path input, List<String> classNames, Options options) {
    return open(Models.named(model), weights, input, classNames, options);
  }

  /**
   * Weights from a file, for a model; the number of classes is that of the weights, and so are
   * their names if the file has any.
   *
   * @param model what the weights belong to
   * @param weights a file of any known format
   * @param input the {@code input.safetensors} of the run they come from, or null: then only
   *     floating-point images can be used, unless the model itself says what becomes of pixels
   * @param classNames names of the classes, or an empty list for those of the file
   * @param options how to compute
   * @return the classifier, to be closed after use
   * @throws AlexNetException if the weights are not those of the model, or the backend cannot serve
   */
  public static Classifier open(
      Model model, Path weights, Path input, List<String> classNames, Options options) {
    try (WeightSource file = WeightFiles.open(weights)) {
      return open(TrainedModel.of(model, file, input, classNames), options, file);
    }
  }

  /** {@return names of the classes by number; empty where the network's classes have no names} */
  public List<String> classNames() {
    return model.classNames();
  }

  /** {@return the names of the layers, whose outputs can be asked for, from first to loss} */
  public List<String> layers() {
    return outputs.layers();
  }

  /**
   * What a layer makes of an image: [channels, height, width], or [outputs] from the first
   * fully-connected layer on. The output of the loss are the probabilities; dropout gives what it
   * gives in an evaluation.
   *
   * @param layer name of a layer
   * @return the sizes of the output of one image
   * @throws UsageException listing the layers if there is none of that name
   */
  public List<Integer> outputShape(String layer) {
    return outputs.shape(layer);
  }

  /** {@return number of classes} */
  public int classes() {
    return model.network().classes();
  }

  /** {@return the name of the backend that it runs on} */
  public String backend() {
    return backend.name();
  }

  /** {@return whether the run was told to leave out images that cannot be read} */
  public boolean skipsBad() {
    return model.skipsBad();
  }

  /**
   * {@return loss and errors over what the run held out of its training data or was validated with}
   *
   * @param views how each image is seen
   * @throws AlexNetException if that is nothing, or if there is no run
   */
  public Evaluation evaluate(Views views) {
    try (ImageSource images = heldOut()) {
      return evaluate(images, views);
    }
  }

  /**
   * Loss and errors over labelled images. Where they are the images that the run was trained on,
   * only those count that it held out, if it did.
   *
   * @param source a data source as for {@link Training#data}; of {@code shapes} the validation
   *     images
   * @return loss and errors of the images that count
   */
  public Evaluation evaluate(String source) {
    return evaluate(source, Views.CENTRE, false);
  }

  /**
   * As {@link #evaluate(String)}, by other views of each image.
   *
   * @param source a data source
   * @param views how each image is seen
   * @param all whether to count the images that the run was trained on as well
   * @return loss and errors of the images that count
   */
  public Evaluation evaluate(String source, Views views, boolean all) {
    if (all) {
      try (ImageSource images = sources.all(source)) {
        return evaluate(images, views);
      }
    }
    try (ImageSource images = unseen(source)) {
      return evaluate(images, views);
    }
  }

  /**
   * Loss and errors over labelled images of a program's own. Their classes are matched by name with
   * those that the network knows, where both have names.
   *
   * @param source pixels of any size, or numbers as the network takes them; not closed
   * @param views how each image is seen
   * @return loss and errors
   * @throws AlexNetException if the network cannot take these images, or does not know their
   *     classes
   */
  public Evaluation evaluate(ImageSource source, Views views) {
    ImageSource images = sources.givenLabelled(source);
    Sources.checkLabels(images, model.network().classes());
    return exclusively(
        () -> {
          Evaluator evaluator = evaluator();
          Evaluation result = evaluator.evaluate(images, views).orElseThrow();
          evaluator.leftOut().forEach(this::leftOut);
          return result;
        });
  }

  /** Has one thread at a time use what computes. */
  private <T> T exclusively(Supplier<T> work) {
    requireNotWithin();
    lock.lock();
    try {
      if (closed) {
        throw new IllegalStateException("the classifier is closed");
      }
      return work.get();
    } finally {
      lock.unlock();
    }
  }

  private void requireNotWithin() {
    if (lock.isHeldByCurrentThread()) {
      throw new IllegalStateException(
          "what receives scores of a classifier must neither ask it for more nor close it");
    }
  }

  private void leftOut(String image) {
    if (options.leftOut != null) {
      options.leftOut.accept(image);
    }
  }

  private Evaluator evaluator() {
    return new Evaluator(
        executable,
        programs,
        new Evaluator.Options(
            options.threads, options.leftOut != null, options.progress, () -> false));
  }

  /**
   * {@return the {@code top} most probable classes of each image file}
   *
   * @param images files of pictures
   * @param top classes to name, at least 1
   */
  public List<Prediction> predict(List<Path> images, int top) {
    List<Prediction> predictions = new ArrayList<>();
    score(images, image -> predictions.add(prediction(image, top)));
    return predictions;
  }

  /**
   * {@return the {@code top} most probable classes of each image of a data source}
   *
   * @param source a data source
   * @param top classes to name, at least 1
   */
  public List<Prediction> predict(String source, int top) {
    List<Prediction> predictions = new ArrayList<>();
    score(source, image -> predictions.add(prediction(image, top)));
    return predictions;
  }

  /**
   * {@return the {@code top} most probable classes of each image of a program's own}
   *
   * @param source pixels of any size, or numbers as the network takes them; not closed
   * @param top classes to name, at least 1
   * @throws AlexNetException if the network cannot take these images
   */
  public List<Prediction> predict(ImageSource source, int top) {
    List<Prediction> predictions = new ArrayList<>();
    score(source, image -> predictions.add(prediction(image, top)));
    return predictions;
  }

  /**
   * {@return the {@code top} most probable classes of a picture in memory} A step computes as many
   * images as {@link Options#batch} says, so that a program that asks for one at a time sets that
   * to 1.
   *
   * @param picture of any size and colour model
   * @param top classes to name, at least 1
   * @throws AlexNetException if the network was trained on numbers that no pixels become
   */
  public Prediction predict(BufferedImage picture, int top) {
    Input input = model.network().input();
    return predict(
            MemoryImages.pictures(
                input.channels(),
                input.stored(),
                input.resize() == Resize.STRETCH,
                List.of(picture)),
            top)
        .getFirst();
  }

  /**
   * Hands on the scores of every image of a data source, of which only a few are in memory. Those
   * that cannot be read count among the images, also where the run left such out.
   *
   * @param source a data source
   * @param receiver is told in the order of the source
   */
  public void score(String source, ScoreReceiver receiver) {
    try (ImageSource images = sources.each(source)) {
      score(images, receiver);
    }
  }

  /**
   * Hands on the scores of image files.
   *
   * @param files pictures
   * @param receiver is told in the order of the files
   */
  public void score(List<Path> files, ScoreReceiver receiver) {
    try (ImageSource source = images(files)) {
      score(source, receiver);
    }
  }

  /**
   * Hands on the scores of images that are open already and stay so.
   *
   * @param source pixels of any size, or numbers as the network takes them
   * @param receiver is told in the order of the source, on this thread
   * @throws AlexNetException if the network cannot take these images
   */
  public void score(ImageSource source, ScoreReceiver receiver) {
    ImageSource images = sources.given(source);
    exclusively(
        () -> {
          receiver.begin(images.size());
          Evaluator evaluator = evaluator();
          evaluator.outputs(
              images,
              outputs.tensors(),
              (image, row, values) -> {
                List<float[]> own = values.stream().map(batch -> row(batch, row)).toList();
                receiver.accept(
                    new Scored(
                        image, images.name(image), own.get(0), own.get(1), outputs.byLayer(own)));
              });
          evaluator.leftOut().forEach(this::leftOut);
          return null;
        });
  }

  private float[] row(float[] batch, int row) {
    int length = batch.length / programs.batch();
    return Arrays.copyOfRange(batch, row * length, (row + 1) * length);
  }

  /**
   * {@return the {@code top} most probable classes of an image that was scored}
   *
   * @param image what a {@link ScoreReceiver} was given
   * @param top classes to name, at least 1
   */
  public Prediction prediction(Scored image, int top) {
    float[] probabilities = image.probabilities;
    List<Prediction.Guess> guesses =
        IntStream.range(0, probabilities.length)
            .boxed()
            .sorted(
                Comparator.comparingDouble((Integer c) -> -probabilities[c]).thenComparing(c -> c))
            .limit(top)
            .map(c -> new Prediction.Guess(name(c), c, probabilities[c]))
            .toList();
    return new Prediction(image.input, guesses);
  }

  private String name(int index) {
    List<String> names = model.classNames();
    return index < names.size() ? names.get(index) : Integer.toString(index);
  }

  /**
   * The images that the run held out of its training data or was validated with. The caller closes
   * them.
   *
   * @return the images, which the caller closes
   * @throws AlexNetException if that is nothing, or if there is no run
   */
  public ImageSource heldOut() {
    return sources.heldOut();
  }

  /**
   * The images of a data source, as the network takes them, with labels by the network's classes.
   * The caller closes them.
   *
   * @param source a data source
   * @return the images, which the caller closes
   */
  public ImageSource images(String source) {
    return sources.labelled(source);
  }

  /**
   * As {@link #images(String)}, with the source's own classes, whether or not the network knows
   * them.
   *
   * @param source a data source
   * @return the images, which the caller closes
   */
  public ImageSource imagesOfAnyClass(String source) {
    return sources.named(source);
  }

  /**
   * As {@link #images(String)}, of a source that has both all images to train on and to evaluate
   * on.
   *
   * @param source a data source
   * @return the images, which the caller closes
   */
  public ImageSource all(String source) {
    return sources.all(source);
  }

  /**
   * As {@link #images(String)}, without those that the run was trained on.
   *
   * @param source a data source
   * @return the images, which the caller closes
   */
  public ImageSource unseen(String source) {
    return sources.unseen(source);
  }

  /**
   * Image files, as the network takes them, without labels. The caller closes them.
   *
   * @param files pictures
   * @return the images, which the caller closes
   */
  public ImageSource images(List<Path> files) {
    return sources.files(files);
  }

  /**
   * Frees what the network occupies, once calls of other threads that are under way are done. May
   * be called more than once; other methods that compute then throw {@link IllegalStateException}.
   */
  @Override
  public void close() {
    requireNotWithin();
    lock.lock();
    try {
      if (!closed) {
        closed = true;
        executable.close();
        backend.close();
      }
    } finally {
      lock.unlock();
    }
  }
}
