package org.alexnet;

/**
 * What a user can set, as {@linkplain Message messages} name it: to a program by the method or the
 * argument that sets it, to a user of the command line by the option.
 */
public enum Setting {
  ALL_IMAGES("all"),
  BACKEND("backend"),
  BATCH("batch"),
  CENTRE_VIEW("Views.CENTRE"),
  CHECKPOINT_EVERY("checkpointEvery"),
  CLASSES("classes"),
  CLASS_NAMES("classNames"),
  DATA("data"),
  EPOCHS("epochs"),
  INIT("init"),
  INPUT("input"),
  MEMORY("-Xmx8g"),
  MOMENTUM("momentum"),
  OUT("out"),
  PRECISION("precision"),
  RATE("rate"),
  RESUME("Training.resume"),
  SIZE("size"),
  SKIP_BAD("skipBad"),
  THREADS("threads"),
  VALIDATION("validation"),
  VALIDATION_FRACTION("validationFraction"),
  WEIGHTS("weights"),
  WEIGHT_DECAY("weightDecay");

  private final String name;

  Setting(String name) {
    this.name = name;
  }

  /**
   * A setting and what to set it to, for a message.
   *
   * @param value as a user writes it
   */
  public record Value(Setting setting, String value) {}

  /** This setting with a value. */
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
