package org.alexnet.engine;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.stream.Collectors;
import org.alexnet.model.Schedule;

/** The learning rate over a run, and what the plateau schedule remembers. */
final class LearningRate {
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
      case Schedule.Parts parts ->
          "%s (falls after epochs %s)"
              .formatted(
                  parts,
                  parts.over(epochs).epochs().stream()
                      .map(String::valueOf)
                      .collect(Collectors.joining(", ")));
      case Schedule.Constant constant -> constant.toString();
      case Schedule.Step step -> step.toString();
      case Schedule.Plateau plateau -> plateau.toString();
    };
  }

  /** A rate to six digits: what comes of dividing by ten is not shown to the last bit. */
  static String text(float rate) {
    return new BigDecimal(rate).round(new MathContext(6)).stripTrailingZeros().toPlainString();
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
