package org.alexnet;

/**
 * What a user can set, as {@linkplain Message messages} name it: to a program by the method or the
 * argument that sets it, to a user of the command line by the option.
 */
public enum Setting {
  /** Whether to evaluate on the images that a run was trained on as well. */
  ALL_IMAGES("all"),
  /** What computes. */
  BACKEND("backend"),
  /** Images a step. */
  BATCH("batch"),
  /** To evaluate by the centre of each image alone. */
  CENTRE_VIEW("Views.CENTRE"),
  /** Minutes between checkpoints. */
  CHECKPOINT_EVERY("checkpointEvery"),
  /** Number of classes. */
  CLASSES("classes"),
  /** Names of the classes in the order of their labels. */
  CLASS_NAMES("classNames"),
  /** The images. */
  DATA("data"),
  /** To keep images in the memory of devices. */
  DATA_ON_DEVICE("dataOnDevice"),
  /** Passes over the images. */
  EPOCHS("epochs"),
  /** Weights to start from. */
  INIT("init"),
  /** The mean image, or the means of the channels. */
  MEAN("mean"),
  /** The network that weights belong to. */
  MODEL("model"),
  /** How a step is cut. */
  PARALLEL("parallel"),
  /** The file of learning rates beside a layer file of cuda-convnet. */
  PARAMS("params"),
  /** The {@code input.safetensors} that belongs to weights. */
  INPUT("input"),
  /** What it is computed on. */
  DEVICES("devices"),
  /** The layer whose output is wanted. */
  LAYER("layer"),
  /** Steps from one line of {@code steps.jsonl} to the next. */
  LOG_EVERY("logEvery"),
  /** Memory that Java may use. */
  MEMORY("-Xmx8g"),
  /** Images nearest to another that are wanted. */
  NEIGHBOURS("k"),
  /** Images or maps that are wanted. */
  NUMBER("n"),
  /** Images whose neighbours are wanted. */
  QUERIES("queries"),
  /** Share of the last update that is kept. */
  MOMENTUM("momentum"),
  /** The folder or the file to make. */
  OUT("out"),
  /** The port of the live page. */
  PORT("port"),
  /** The arithmetic. */
  PRECISION("precision"),
  /** The learning rate at the start. */
  RATE("rate"),
  /** To write a network that takes what it reads, and no pixels. */
  RAW("raw"),
  /** Whether pictures are brought to their size by both sides, ahead of training. */
  RESIZE("stretched"),
  /** The run to resume. */
  RESUME("Training.resume"),
  /** Rows and columns that images are kept with, or that a network sees. */
  SIZE("size"),
  /** The file beside a network of Caffe that says how it is trained. */
  SOLVER("solver"),
  /** Whether to leave out images that cannot be read. */
  SKIP_BAD("skipBad"),
  /** When workers bring together what they have learned. */
  SYNC("sync"),
  /** Threads in all. */
  THREADS("threads"),
  /** Images to validate with. */
  VALIDATION("validation"),
  /** The share of the images to validate with. */
  VALIDATION_FRACTION("validationFraction"),
  /** Weights instead of a run. */
  WEIGHTS("weights"),
  /** The weight decay. */
  WEIGHT_DECAY("weightDecay"),
  /** Processes that train together. */
  WORKERS("workers");

  private final String name;

  Setting(String name) {
    this.name = name;
  }

  /**
   * A setting and what to set it to, for a message.
   *
   * @param setting to name
   * @param value as a user writes it
   */
  public record Value(Setting setting, String value) {}

  /**
   * {@return this setting with a value}
   *
   * @param value what to set it to
   */
  public Value to(Object value) {
    return new Value(this, value.toString());
  }

  /**
   * As a program writes it: {@code batch}, {@code batch(64)}.
   *
   * @param value empty for the setting alone
   */
  String inPrograms(String value) {
    return value.isEmpty() ? name : "%s(%s)".formatted(name, value);
  }
}
