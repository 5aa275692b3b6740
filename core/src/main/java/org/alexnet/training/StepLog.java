package org.alexnet.training;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alexnet.backend.Executable;
import org.alexnet.backend.StepResult;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Tensor;
import org.alexnet.run.RunStore;

/**
 * Writes {@code steps.jsonl}. What is not yet in a line is kept in the run's state, so that a run
 * that is resumed goes on as if it had never stopped.
 */
final class StepLog {
  /** Steps between two lines where nothing else is asked for. */
  static final int DEFAULT = 10;

  private static final String SETTING = "log_every";

  private final int every; // 0 for never
  private final RunStore run;
  private final Executable executable;
  private final Map<String, List<Tensor>> squares;
  private final RunState state;

  private StepLog(
      int every,
      RunStore run,
      Executable executable,
      Map<String, List<Tensor>> squares,
      RunState state) {
    this.every = every;
    this.run = run;
    this.executable = executable;
    this.squares = squares;
    this.state = state;
  }

  /**
   * As often as is asked for, or as the run did before; the run's settings remember it.
   *
   * @param asked steps between two lines, 0 for none; null if nothing is asked for
   */
  static StepLog of(
      Integer asked,
      RunStore run,
      Executable executable,
      CompiledNetwork programs,
      RunState state) {
    ObjectNode settings = run.runJson();
    int before = settings.path(SETTING).asInt(DEFAULT);
    int every = asked == null ? before : asked;
    if (run.writable() && (every != before || !settings.has(SETTING))) {
      run.replaceSettings(settings.put(SETTING, every));
    }
    return new StepLog(every, run, executable, programs.gradientSquares(), state);
  }

  /**
   * Whether there is a line for a step, whose gradients must then be there when it is counted.
   *
   * @param step training steps of the run, that one included
   */
  boolean due(long step) {
    return every > 0 && step % every == 0;
  }

  /**
   * Whether there is a line for a step or for one of those before it.
   *
   * @param steps how many, that one included
   */
  boolean due(long step, int steps) {
    return every > 0 && step / every > (step - steps) / every;
  }

  /**
   * Counts the step that the state has just counted.
   *
   * @param seconds since the step before
   * @param waited of them, waiting for data
   */
  void count(StepResult result, double seconds, double waited) {
    if (every == 0) {
      return;
    }
    RunState.Window window = state.window;
    window.images += result.images();
    window.lossSum += result.lossSum();
    window.errors += result.errors();
    window.seconds += seconds;
    window.waited += waited;
  }

  /**
   * Writes the line of the step that was counted last.
   *
   * @param scale of gradients
   */
  StepMetrics write(double scale) {
    RunState.Window window = state.window;
    double seconds = Math.max(1e-9, window.seconds);
    StepMetrics metrics =
        new StepMetrics(
            state.step,
            state.epoch + 1,
            window.lossSum / window.images,
            window.errors / (double) window.images,
            state.rate.at(state.epoch, state.epochs),
            window.images / seconds,
            Math.min(1, window.waited / seconds),
            Instant.now().truncatedTo(ChronoUnit.MILLIS),
            gradientNorms(scale));
    window.clear();
    if (run.writable()) {
      run.appendStep(metrics.toJson());
    }
    return metrics;
  }

  private Map<String, Float> gradientNorms(double scale) {
    Map<String, Float> norms = new LinkedHashMap<>();
    squares.forEach(
        (layer, parts) -> {
          double sum = 0;
          for (Tensor part : parts) {
            sum += executable.read(part)[0];
          }
          norms.put(layer, (float) (scale * Math.sqrt(sum)));
        });
    return norms;
  }
}
