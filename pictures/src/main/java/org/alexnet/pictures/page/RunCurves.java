package org.alexnet.pictures.page;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.DoubleStream;
import org.alexnet.file.Json;
import org.alexnet.file.JsonFiles;
import org.alexnet.run.RunLog;

/**
 * How a run goes: every epoch, and of the steps what a chart can show. Not safe for several threads
 * at once.
 */
public final class RunCurves {
  private static final List<String> OF_EPOCHS =
      List.of("train_loss", "val_loss", "train_error", "val_error", "rate", "images_per_second");
  private static final int DIGITS = 5;

  /** Powers up to here are exact, and so is what is rounded by them. */
  private static final int MOST_EXPONENT = 18;

  private final RunLog log;
  private final List<ObjectNode> epochs = new ArrayList<>();
  private final StepTable steps = new StepTable();

  /** The curves of a run; nothing is read yet. */
  public RunCurves(RunLog log) {
    this.log = log;
  }

  /**
   * Reads what the run has recorded since the last call.
   *
   * @return whether there is anything new
   * @throws org.alexnet.AlexNetException if a file of the run is damaged or cannot be read
   */
  public boolean update() {
    boolean epoch = log.readMetrics(lines(epochs::clear, epochs::add));
    boolean step = log.readSteps(lines(steps::clear, steps::add));
    return epoch || step;
  }

  private static RunLog.Lines lines(Runnable restart, Consumer<ObjectNode> receiver) {
    return new RunLog.Lines() {
      @Override
      public void restart() {
        restart.run();
      }

      @Override
      public void line(ObjectNode line) {
        receiver.accept(line);
      }
    };
  }

  private static double number(ObjectNode line, String field) {
    return line.path(field).asDouble(Double.NaN);
  }

  /** The line of each finished epoch. */
  public List<ObjectNode> epochs() {
    return List.copyOf(epochs);
  }

  /** The last step that is recorded; 0 where none is. */
  public long step() {
    long ofEpochs = epochs.isEmpty() ? 0 : epochs.getLast().path("step").asLong();
    return steps.rows() == 0 ? ofEpochs : Math.max(ofEpochs, (long) steps.step());
  }

  /** The newest of each number: the last epoch's, and loss and error of the last recorded step. */
  public ObjectNode latest() {
    ObjectNode latest = epochs.isEmpty() ? JsonFiles.object() : epochs.getLast().deepCopy();
    for (int i = 0; i < StepTable.FIELDS.size() && steps.rows() > 0; i++) {
      latest.put("step_" + StepTable.FIELDS.get(i), steps.last(i));
    }
    epochs.stream()
        .filter(epoch -> epoch.path("val_error").isNumber())
        .min(Comparator.comparingDouble(epoch -> epoch.path("val_error").asDouble()))
        .ifPresent(
            best -> {
              latest.set("best_error", best.get("val_error"));
              latest.set("best_epoch", best.get("epoch"));
            });
    return Json.finite(latest);
  }

  /** Lines of steps that were read. */
  public int stepLines() {
    return steps.rows();
  }

  /** How large the gradients of each layer were; empty where none are recorded. */
  public List<GradientRange> gradients() {
    return steps.gradients();
  }

  /**
   * The curves for a script: {@code {"epochs":{"x":[..],"train_loss":[..],..},"steps":{..}}}, with
   * epochs and parts of them along the axis. Neighbouring steps are averaged.
   *
   * @param stepsAnEpoch for a run that has not finished one
   * @param points of a curve of steps, at most
   */
  public ObjectNode json(double stepsAnEpoch, int points) {
    ObjectNode json = JsonFiles.object();
    ObjectNode ofEpochs = json.putObject("epochs");
    putAll(ofEpochs.putArray("x"), epochs.stream().mapToDouble(e -> number(e, "epoch")));
    for (String field : OF_EPOCHS) {
      putAll(ofEpochs.putArray(field), epochs.stream().mapToDouble(e -> number(e, field)));
    }
    double anEpoch =
        epochs.isEmpty()
            ? stepsAnEpoch
            : number(epochs.getLast(), "step") / number(epochs.getLast(), "epoch");
    json.set("steps", steps.json(anEpoch, points));
    return json;
  }

  private static void putAll(ArrayNode values, DoubleStream numbers) {
    numbers.forEach(number -> put(values, number));
  }

  /** With as many digits as a chart can show. */
  static void put(ArrayNode values, double number) {
    if (Double.isFinite(number)) {
      values.add(rounded(number));
    } else {
      values.addNull();
    }
  }

  /**
   * To five digits; thousands of numbers a second, beside a training, are too many for decimals.
   */
  static double rounded(double number) {
    double exponent = Math.floor(Math.log10(Math.abs(number)));
    if (!(Math.abs(exponent) < MOST_EXPONENT)) {
      return number; // 0, too
    }
    double power = Math.pow(10, Math.abs(DIGITS - 1 - exponent));
    return exponent < DIGITS
        ? Math.rint(number * power) / power
        : Math.rint(number / power) * power;
  }
}
