package org.alexnet.training;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.stream.Collectors;
import org.alexnet.model.Schedule;

/** The learning rate over a run, and what the plateau schedule remembers. */
final class LearningRate {
  /** Powers of ten up to which all zeros of a rate are written. */
  private static final int LONGEST_PLAIN = 9;

  private final Schedule schedule;
  private final float start;
  private int falls;
  private int waited;
  private double best = Double.POSITIVE_INFINITY;

  LearningRate(Schedule schedule, float start) {
    this.schedule = schedule;
    this.start = start;
  }

  Schedule schedule() {
    return schedule;
  }

  /** The rate in an epoch, counted from 0, of a run of so many. */
  float at(int epoch, int epochs) {
    int count =
        switch (schedule) {
          case Schedule.Constant c -> 0;
          case Schedule.Step step -> step.fallsBy(epoch);
          case Schedule.Parts parts -> parts.over(epochs).fallsBy(epoch);
          case Schedule.Plateau p -> falls;
        };
    return (float) (start * Math.pow(0.1, count));
  }

  /**
   * Is told the value of an epoch that should fall: the validation error, or the training loss.
   *
   * @return whether it is the best so far
   */
  boolean judge(double value) {
    boolean better = value < best;
    if (better) {
      best = value;
      waited = 0;
      return true;
    }
    waited++;
    if (schedule instanceof Schedule.Plateau plateau
        && waited >= plateau.patience()
        && falls < Schedule.Plateau.FALLS) {
      falls++;
      waited = 0;
    }
    return false;
  }

  /**
   * The schedule, and after which epochs the rate falls in a run of so many where that is fixed.
   */
  String describe(int epochs) {
    return switch (schedule) {
      case Schedule.Parts parts -> describe(parts, parts.over(epochs).epochs());
      case Schedule.Constant constant -> constant.toString();
      case Schedule.Step step -> step.toString();
      case Schedule.Plateau plateau -> plateau.toString();
    };
  }

  private static String describe(Schedule.Parts parts, List<Integer> falls) {
    if (falls.isEmpty()) {
      return "%s (too short a run for the rate to be reduced)".formatted(parts);
    }
    return "%s (falls after %s %s)"
        .formatted(
            parts,
            falls.size() == 1 ? "epoch" : "epochs",
            falls.stream().map(String::valueOf).collect(Collectors.joining(", ")));
  }

  /** A rate to six digits: what comes of dividing by ten is not shown to the last bit. */
  static String text(float rate) {
    BigDecimal digits = new BigDecimal(rate).round(new MathContext(6)).stripTrailingZeros();
    boolean plain = digits.signum() == 0 || Math.abs(Math.log10(rate)) < LONGEST_PLAIN;
    return plain ? digits.toPlainString() : "%.6g".formatted(rate).replaceFirst("\\.?0*e", "e");
  }

  void save(ObjectNode state) {
    state.put("rate_falls", falls);
    state.put("epochs_without_better", waited);
    state.put("best", Double.isInfinite(best) ? null : best);
  }

  void restore(ObjectNode state) {
    falls = state.path("rate_falls").asInt();
    waited = state.path("epochs_without_better").asInt();
    best = state.path("best").isNumber() ? state.path("best").asDouble() : best;
  }
}
