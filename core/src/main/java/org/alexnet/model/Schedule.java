package org.alexnet.model;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** How the learning rate falls. Each fall divides it by ten. */
public sealed interface Schedule {

  /** It does not. */
  record Constant() implements Schedule {
    @Override
    public String toString() {
      return "constant";
    }
  }

  /**
   * It falls after fixed epochs.
   *
   * @param epochs numbers of whole epochs, rising
   */
  record Step(List<Integer> epochs) implements Schedule {
    /**
     * Checks the epochs.
     *
     * @throws IllegalArgumentException if they do not rise from above 0
     */
    public Step {
      epochs = List.copyOf(epochs);
      int before = 0;
      for (int epoch : epochs) {
        if (epoch <= before) {
          throw new IllegalArgumentException(
              "schedule step: epochs must be above 0 and rise, got " + epochs);
        }
        before = epoch;
      }
    }

    /**
     * {@return how often the rate has fallen by the beginning of an epoch}
     *
     * @param epoch from 0
     */
    public int fallsBy(int epoch) {
      return (int) epochs.stream().filter(e -> epoch >= e).count();
    }

    @Override
    public String toString() {
      return "step:" + epochs.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
  }

  /**
   * It falls after parts of the run, however long that is.
   *
   * @param parts of the run's epochs, above 0, below 1 and rising
   */
  record Parts(List<Double> parts) implements Schedule {
    /**
     * Checks the parts.
     *
     * @throws IllegalArgumentException if they do not rise, or one is not above 0 and below 1
     */
    public Parts {
      parts = List.copyOf(parts);
      double before = 0;
      for (double part : parts) {
        if (!(part > before && part < 1)) {
          throw new IllegalArgumentException(
              "schedule parts: parts of the run must be above 0, below 1 and rise, got " + parts);
        }
        before = part;
      }
    }

    /**
     * {@return the same for a run of so many epochs; a fall that comes to no epoch of its own is
     * left out}
     *
     * @param epochs passes over the training images
     */
    public Step over(int epochs) {
      return new Step(
          parts.stream()
              .map(part -> (int) Math.round(part * epochs))
              .filter(epoch -> epoch > 0 && epoch < epochs)
              .distinct()
              .toList());
    }

    @Override
    public String toString() {
      return "parts:" + parts.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
  }

  /**
   * It falls when the validation error has not improved for a while (the training loss, where there
   * are no validation images), three times at most.
   *
   * @param patience epochs without a better value
   */
  record Plateau(int patience) implements Schedule {
    /** The falls of the paper (section 5). */
    public static final int FALLS = 3;

    /** Patience where none is given. */
    public static final int PATIENCE = 5;

    /**
     * Checks the patience.
     *
     * @throws IllegalArgumentException if it is below 1
     */
    public Plateau {
      if (patience < 1) {
        throw new IllegalArgumentException(
            "schedule plateau: patience must be at least 1 epoch, got " + patience);
      }
    }

    @Override
    public String toString() {
      return patience == PATIENCE ? "plateau" : "plateau:" + patience;
    }
  }

  /**
   * Reads {@code constant}, {@code plateau}, {@code plateau:PATIENCE}, {@code step:E1,E2,...} or
   * {@code parts:P1,P2,...}.
   *
   * @param text as a user writes it
   * @return the schedule that it names
   */
  static Schedule parse(String text) {
    if (text.equals("constant")) {
      return new Constant();
    }
    if (text.equals("plateau")) {
      return new Plateau(Plateau.PATIENCE);
    }
    if (text.startsWith("plateau:")) {
      return new Plateau(epochs(text, text.substring("plateau:".length())).getFirst());
    }
    if (text.startsWith("parts:")) {
      return new Parts(parts(text));
    }
    if (text.startsWith("step:")) {
      return new Step(epochs(text, text.substring("step:".length()).split(",", -1)));
    }
    throw new IllegalArgumentException(
        "schedule \"%s\": must be constant, plateau, plateau:N, step:E1,E2,... or parts:P1,P2,..."
            .formatted(text));
  }

  private static List<Double> parts(String schedule) {
    List<Double> parts = new ArrayList<>();
    for (String number : schedule.substring("parts:".length()).split(",", -1)) {
      try {
        parts.add(Double.parseDouble(number.strip()));
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            "schedule \"%s\": \"%s\" is not a part of the run".formatted(schedule, number), e);
      }
    }
    return parts;
  }

  private static List<Integer> epochs(String schedule, String... numbers) {
    List<Integer> epochs = new ArrayList<>();
    for (String number : numbers) {
      try {
        epochs.add(Integer.parseInt(number.strip()));
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            "schedule \"%s\": \"%s\" is no epoch number".formatted(schedule, number), e);
      }
    }
    return epochs;
  }
}
