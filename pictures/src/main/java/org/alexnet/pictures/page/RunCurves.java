package org.alexnet.pictures.page;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Arrays;
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
  private static final List<String> OF_STEPS =
      List.of("loss", "error", "rate", "images_per_second");
  private static final MathContext DIGITS = new MathContext(5);

  private final RunLog log;
  private final List<ObjectNode> epochs = new ArrayList<>();
  private final Table steps = new Table(OF_STEPS.size() + 1);

  /** The numbers of many lines, a row each. */
  private static final class Table {
    private final int columns;
    private double[] values = new double[0];
    private int rows;

    Table(int columns) {
      this.columns = columns;
    }

    void add(double... row) {
      if ((rows + 1) * columns > values.length) {
        values = Arrays.copyOf(values, Math.max(1024 * columns, 2 * values.length));
      }
      System.arraycopy(row, 0, values, rows * columns, columns);
      rows++;
    }

    double last(int column) {
      return values[(rows - 1) * columns + column];
    }

    /** The mean of a column over some rows; NaN where all of them have none. */
    double mean(int column, int from, int to) {
      double sum = 0;
      int count = 0;
      for (int row = from; row < to; row++) {
        double value = values[row * columns + column];
        if (!Double.isNaN(value)) {
          sum += value;
          count++;
        }
      }
      return sum / count;
    }
  }

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
    boolean step = log.readSteps(lines(() -> steps.rows = 0, this::addStep));
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

  private void addStep(ObjectNode line) {
    double[] row = new double[OF_STEPS.size() + 1];
    row[0] = line.path("step").asDouble();
    for (int i = 0; i < OF_STEPS.size(); i++) {
      row[i + 1] = number(line, OF_STEPS.get(i));
    }
    steps.add(row);
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
    return steps.rows == 0 ? ofEpochs : Math.max(ofEpochs, (long) steps.last(0));
  }

  /** The newest of each number: the last epoch's, and loss and error of the last recorded step. */
  public ObjectNode latest() {
    ObjectNode latest = epochs.isEmpty() ? JsonFiles.object() : epochs.getLast().deepCopy();
    for (int i = 0; i < OF_STEPS.size() && steps.rows > 0; i++) {
      latest.put("step_" + OF_STEPS.get(i), steps.last(i + 1));
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
    return steps.rows;
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
    ObjectNode ofSteps = json.putObject("steps");
    int group = Math.max(1, Math.ceilDiv(steps.rows, points));
    for (int column = 0; column <= OF_STEPS.size(); column++) {
      ArrayNode values = ofSteps.putArray(column == 0 ? "x" : OF_STEPS.get(column - 1));
      double scale = column == 0 ? 1 / anEpoch : 1;
      for (int from = 0; from < steps.rows; from += group) {
        put(values, scale * steps.mean(column, from, Math.min(steps.rows, from + group)));
      }
    }
    return json;
  }

  private static void putAll(ArrayNode values, DoubleStream numbers) {
    numbers.forEach(number -> put(values, number));
  }

  /** With as many digits as a chart can show. */
  private static void put(ArrayNode values, double number) {
    if (Double.isFinite(number)) {
      values.add(new BigDecimal(number).round(DIGITS).doubleValue());
    } else {
      values.addNull();
    }
  }
}
