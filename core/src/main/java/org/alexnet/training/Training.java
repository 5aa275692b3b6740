package org.alexnet.training;

import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.backend.ConvolutionMethod;
import org.alexnet.backend.Peers;
import org.alexnet.backend.Precision;
import org.alexnet.backend.Sync;
import org.alexnet.data.Augmentation;
import org.alexnet.data.ImageSource;
import org.alexnet.data.source.Data;
import org.alexnet.model.Model;
import org.alexnet.model.Models;
import org.alexnet.model.Recipe;
import org.alexnet.model.Schedule;
import org.alexnet.program.Parallelism;
import org.alexnet.run.OwnThread;

/**
 * A training run: what to train, on what and how. Everything but the model has a default, and what
 * the model's recipe says is used unless it is overridden.
 *
 * <pre>{@code
 * TrainingResult result = Training.of("alexnet-32").data("photos").validationFraction(0.1).run();
 * }</pre>
 *
 * <p>Setters check their argument at once and throw {@link UsageException}; {@link #run} throws
 * {@link org.alexnet.AlexNetException} for data, files or devices that cannot be used.
 */
public final class Training implements ResumedTraining {
  final Model model;
  final Path resumed;
  Data data; // null only for a resumed run that keeps its own
  Data validation;
  double validationFraction;
  String backend = "auto";
  List<String> devices = List.of();
  Parallelism parallelism; // null for what suits the network
  Peers peers = Peers.NONE;
  Sync sync = Sync.STEP;
  int threads = Runtime.getRuntime().availableProcessors();
  Integer epochs;
  Integer batch;
  Float rate;
  Float momentum;
  Float decay;
  Schedule schedule;
  Augmentation augmentation;
  long seed = 42;
  boolean shuffle = true;
  boolean dropout = true;
  boolean skipBad;
  boolean deterministic;
  Precision precision = Precision.FP32;
  ConvolutionMethod convolution = ConvolutionMethod.AUTO;
  boolean graphs = true;
  boolean dataOnDevice;
  Integer classes;
  Path init;
  double checkpointMinutes = 10;
  Integer logEvery;
  Path out;
  boolean inMemory;
  TrainingListener listener = new TrainingListener() {};
  private volatile boolean stop;

  private Training(Model model, Path resumed) {
    this.model = model;
    this.resumed = resumed;
    this.data = resumed == null ? Data.named("shapes") : null;
  }

  /**
   * A new run of a model by its name in the catalogue, or by the file of a network.
   *
   * @param model a name of {@link Models}, or the path of a file
   * @return a run to set up and {@link #run}
   */
  public static Training of(String model) {
    return of(Models.named(model));
  }

  /**
   * A new run of a model.
   *
   * @param model a network and its recipe
   * @return a run to set up and {@link #run}
   */
  public static Training of(Model model) {
    return new Training(model, null);
  }

  /**
   * Resumes a run from its last checkpoint.
   *
   * @param run its folder
   * @return the run, of which little can be changed
   */
  public static ResumedTraining resume(Path run) {
    return new Training(null, run);
  }

  /** Training images: {@code shapes}, a folder, or a {@code .safetensors} file. */
  @Override
  public Training data(String source) {
    data = Data.named(source);
    return this;
  }

  /** Training images that the program has. */
  @Override
  public Training data(ImageSource source) {
    data = Data.given(source);
    return this;
  }

  /** Validation images, a source as for {@link #data}. */
  @Override
  public Training validation(String source) {
    validation = Data.named(source);
    return this;
  }

  /** Validation images that the program has. */
  @Override
  public Training validation(ImageSource source) {
    validation = Data.given(source);
    return this;
  }

  /**
   * Holds the last part of each class out of the training images to validate with.
   *
   * @param fraction above 0 and below 1
   * @return this run
   */
  public Training validationFraction(double fraction) {
    require(fraction > 0 && fraction < 1, Setting.VALIDATION_FRACTION, fraction, "between 0 and 1");
    validationFraction = fraction;
    return this;
  }

  /** {@code auto}, {@code cuda}, {@code cpu} or {@code reference}. */
  @Override
  public Training backend(String name) {
    backend = name;
    return this;
  }

  /**
   * Devices by name: {@code cpu:0}, or one for each column or shard, {@code cpu:0} and {@code
   * cpu:1}. The same may be named several times.
   */
  @Override
  public Training devices(List<String> names) {
    devices = List.copyOf(names);
    return this;
  }

  /**
   * How a step is cut for several devices: {@code columns}, those of the network; {@code data},
   * each device a part of the batch; {@code hybrid}, fully-connected layers by their outputs and
   * what is before them by the batch; or {@code auto}, whichever sends least. A batch is cut into
   * as many shards as devices are named, and what is computed depends on their number, not on the
   * devices: a run keeps it, and may be resumed on any number of devices that divides it. By
   * default the network's own columns, where the devices divide them, else as {@code auto}.
   *
   * @param name one of these
   * @return this run
   */
  public Training parallel(String name) {
    parallelism = Parallelism.named(name);
    return this;
  }

  /**
   * Trains together with other workers, each of which is told the same: this one computes the
   * shards of its own devices, as many as are named or one, and results are those of one process
   * with the shards of all. The first worker writes the run folder, which all must see.
   *
   * @param others the other workers
   * @return this run
   */
  @Override
  @SuppressWarnings("exports")
  public Training peers(Peers others) {
    peers = others;
    return this;
  }

  /**
   * When workers bring together what they have learned: {@code step}, the default, adds up their
   * gradients in every step, which gives what one process gives; {@code average:K} has each of them
   * make the updates of its own images, and averages parameters and momentum every K steps and at
   * the end of an epoch. What that gives depends on K and on the number of workers, and the run
   * keeps both.
   *
   * @param way {@code step} or {@code average:K}
   * @return this run
   */
  public Training sync(String way) {
    sync = Sync.named(way);
    return this;
  }

  /** Threads in all. Results do not depend on it. */
  @Override
  public Training threads(int count) {
    require(count >= 1, Setting.THREADS, count, "at least 1");
    threads = count;
    return this;
  }

  /** Passes over the training images; 0 only writes the initial checkpoint. */
  @Override
  public Training epochs(int count) {
    require(count >= 0, Setting.EPOCHS, count, "at least 0");
    epochs = count;
    return this;
  }

  /**
   * Images a step.
   *
   * @param images at least 1
   * @return this run
   */
  public Training batch(int images) {
    require(images >= 1, Setting.BATCH, images, "at least 1");
    batch = images;
    return this;
  }

  /**
   * Learning rate at the start.
   *
   * @param value finite, at least 0
   * @return this run
   */
  public Training rate(float value) {
    require(value >= 0 && Float.isFinite(value), Setting.RATE, value, "finite, at least 0");
    rate = value;
    return this;
  }

  /**
   * Share of the last update that is kept.
   *
   * @param value at least 0 and below 1
   * @return this run
   */
  public Training momentum(float value) {
    require(value >= 0 && value < 1, Setting.MOMENTUM, value, "at least 0 and below 1");
    momentum = value;
    return this;
  }

  /**
   * Weight decay.
   *
   * @param value finite, at least 0
   * @return this run
   */
  public Training weightDecay(float value) {
    require(value >= 0 && Float.isFinite(value), Setting.WEIGHT_DECAY, value, "finite, at least 0");
    decay = value;
    return this;
  }

  /** How the rate falls. */
  @Override
  public Training schedule(Schedule value) {
    schedule = value;
    return this;
  }

  /**
   * How images are varied.
   *
   * @param value crops, mirror images, shifts of colours
   * @return this run
   */
  public Training augmentation(Augmentation value) {
    augmentation = value;
    return this;
  }

  /**
   * Fixes everything random.
   *
   * @param value 42 by default
   * @return this run
   */
  public Training seed(long value) {
    seed = value;
    return this;
  }

  /**
   * Whether each epoch has an order of its own; true by default.
   *
   * @param on false to read the images in the order of the source
   * @return this run
   */
  public Training shuffle(boolean on) {
    shuffle = on;
    return this;
  }

  /**
   * Whether the network's dropout layers are there; true by default.
   *
   * @param on false to leave them out
   * @return this run
   */
  public Training dropout(boolean on) {
    dropout = on;
    return this;
  }

  /**
   * Leaves out images that cannot be read instead of refusing the folder.
   *
   * @param on false, the default, to refuse
   * @return this run
   */
  public Training skipBad(boolean on) {
    skipBad = on;
    return this;
  }

  /**
   * Computes on one device as on several, a column at a time: the same bits on one device as on
   * two. On a GPU, takes only algorithms that give the same bits every time. False by default,
   * which is faster.
   *
   * @param on whether equal bits matter more than speed
   * @return this run
   */
  public Training deterministic(boolean on) {
    deterministic = on;
    return this;
  }

  /**
   * {@code fp32}, the default, or on a GPU {@code tf32}, {@code bf16} or {@code fp16}.
   *
   * @param name of a precision that the backend has
   * @return this run
   */
  public Training precision(String name) {
    precision = Precision.named(name);
    return this;
  }

  /**
   * {@code auto}, the default, or {@code direct}: the CPU then computes convolutions product by
   * product, which is slower and rounds less. A run keeps its way when it is resumed.
   *
   * @param name {@code auto} or {@code direct}
   * @return this run
   */
  public Training convolution(String name) {
    convolution = ConvolutionMethod.named(name);
    return this;
  }

  /** Whether a GPU may record a step once and replay it; true by default. The bits are the same. */
  @Override
  public Training graphs(boolean on) {
    graphs = on;
    return this;
  }

  /**
   * Keeps all images in the memory of each GPU that reads them, as far as they fit: those to train
   * on must, those to validate with may travel. Images are bytes, and not augmented as shapes.
   */
  @Override
  public Training dataOnDevice(boolean on) {
    dataOnDevice = on;
    return this;
  }

  /**
   * Number of classes, where the data does not say or not all occur.
   *
   * @param count at least 2
   * @return this run
   */
  public Training classes(int count) {
    require(count >= 2, Setting.CLASSES, count, "at least 2");
    classes = count;
    return this;
  }

  /**
   * Starts from the weights of a file.
   *
   * @param file of any known format, or a run; if it has another number of classes, the last layer
   *     starts anew
   * @return this run
   */
  public Training init(Path file) {
    init = file;
    return this;
  }

  /** Minutes between checkpoints within an epoch; 0 writes one after every step. */
  @Override
  public Training checkpointEvery(double minutes) {
    require(minutes >= 0, Setting.CHECKPOINT_EVERY, minutes, "at least 0 minutes");
    checkpointMinutes = minutes;
    return this;
  }

  /**
   * Steps from one line of the run's {@code steps.jsonl} to the next, 0 for no lines; 10 by
   * default, and for a resumed run as before. Nothing that is computed depends on it.
   *
   * @param steps at least 0
   * @return this run
   */
  @Override
  public Training logEvery(int steps) {
    require(steps >= 0, Setting.LOG_EVERY, steps, "at least 0");
    logEvery = steps;
    return this;
  }

  /**
   * The run folder; by default {@code runs/MODEL-DATE-TIME}.
   *
   * @param folder which holds no run yet
   * @return this run
   */
  public Training out(Path folder) {
    out = folder;
    return this;
  }

  /**
   * Keeps the run in memory and writes nothing: no folder, no checkpoints. The result has the
   * trained network; if training fails, nothing of it remains.
   *
   * @return this run
   */
  public Training inMemory() {
    inMemory = true;
    return this;
  }

  /** Is told how it goes. */
  @Override
  public Training listener(TrainingListener value) {
    listener = value;
    return this;
  }

  /** Asks a run to finish its step, write a checkpoint and end. From any thread. */
  @Override
  public void stop() {
    stop = true;
  }

  boolean stopping() {
    return stop;
  }

  /** Trains to the end, or until {@link #stop} or an interrupt. */
  @Override
  public TrainingResult run() {
    if (validation != null && validationFraction > 0) {
      throw new UsageException(
          Message.of(
              "%s and %s exclude each other: give one of them.",
              Setting.VALIDATION, Setting.VALIDATION_FRACTION));
    }
    if (inMemory && out != null) {
      throw new UsageException(
          Message.of("inMemory and %s exclude each other: give one of them.", Setting.OUT));
    }
    return OwnThread.run("training", new TrainingSetup(this)::run, this::stop);
  }

  /** The recipe of the model, with as many classes as it will have, and what was overridden. */
  Recipe recipe(Model fitted) {
    Recipe own = epochs == null ? fitted.recipe() : fitted.recipe().over(epochs);
    return new Recipe(
        own.epochs(),
        batch != null ? batch : own.batch(),
        rate != null ? rate : own.rate(),
        momentum != null ? momentum : own.momentum(),
        decay != null ? decay : own.decay(),
        schedule != null ? schedule : own.schedule(),
        augmentation != null ? augmentation : own.augmentation());
  }

  /**
   * What a run folder is called where no name is given, unless there is one of that name.
   *
   * @param model what the network calls itself
   * @return a folder of the time it is now
   */
  public static Path defaultOut(String model) {
    String time = LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss"));
    return Path.of("runs", model + "-" + time);
  }

  private static void require(boolean good, Setting what, Object got, String required) {
    if (!good) {
      throw UsageException.value(what, got, required);
    }
  }
}
