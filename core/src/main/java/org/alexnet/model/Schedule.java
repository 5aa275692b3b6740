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

    @Override
    public String toString() {
      return "step:" + epochs.stream().map(String::valueOf).collect(Collectors.joining(","));
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
   * Reads {@code constant}, {@code plateau}, {@code plateau:PATIENCE} or {@code step:E1,E2,...}.
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
    if (text.startsWith("step:")) {
      return new Step(epochs(text, text.substring("step:".length()).split(",", -1)));
    }
    throw new IllegalArgumentException(
        "schedule \"%s\": must be constant, plateau or step:E1,E2,...".formatted(text));
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
