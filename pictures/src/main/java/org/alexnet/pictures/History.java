package org.alexnet.pictures;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.pictures.chart.Marker;
import org.alexnet.pictures.chart.Series;
import org.alexnet.pictures.drawing.Stroke;
import org.alexnet.run.RunLog;

/**
 * What a run recorded, also beyond its last checkpoint.
 *
 * @param epochs one object a finished epoch
 * @param steps one object every so many steps; there is at least one of either
 * @param stepsAnEpoch of which the last may have fewer images
 */
record History(List<JsonNode> epochs, List<JsonNode> steps, double stepsAnEpoch) {
  private static final int MOST_DOTS = 30;

  /**
   * Reads a run.
   *
   * @throws AlexNetException if it is none, or has recorded nothing yet
   */
  static History of(Path run) {
    RunLog log = new RunLog(run);
    List<JsonNode> epochs = new ArrayList<>();
    List<JsonNode> steps = new ArrayList<>();
    log.readMetrics(into(epochs));
    log.readSteps(into(steps));
    if (epochs.isEmpty() && steps.isEmpty()) {
      throw new AlexNetException(
          Message.of(
              "%s has neither finished an epoch nor recorded a step yet, so that there are no"
                  + " curves; wait for the first, or train it further (%s).",
              run, Setting.RESUME.to(run)));
    }
    return new History(epochs, steps, stepsAnEpoch(log.settings(), epochs));
  }

  private static RunLog.Lines into(List<JsonNode> list) {
    return new RunLog.Lines() {
      @Override
      public void restart() {
        list.clear();
      }

      @Override
      public void line(ObjectNode line) {
        list.add(line);
      }
    };
  }

  private static double stepsAnEpoch(ObjectNode settings, List<JsonNode> epochs) {
    if (epochs.isEmpty()) {
      double images = settings.path("images").asDouble();
      return Math.max(1, Math.ceil(images / settings.path("batch").asDouble(1)));
    }
    JsonNode last = epochs.getLast();
    return last.path("step").asDouble() / last.path("epoch").asDouble();
  }

  boolean validated() {
    return !epochs.isEmpty() && epochs.getFirst().path("val_loss").isNumber();
  }

  /** A field of the epochs, by epoch. */
  Series epochs(String field, double scale, Stroke stroke, Marker marker) {
    boolean dots = epochs.size() <= MOST_DOTS;
    return series(epochs, e -> e.path("epoch").asDouble(), field, scale, stroke)
        .with(marker != Marker.NONE || !dots ? marker : Marker.DOT);
  }

  /** A field of the steps, by epochs and parts of them. */
  Series steps(String field, double scale, Stroke stroke) {
    return series(steps, s -> s.path("step").asDouble() / stepsAnEpoch, field, scale, stroke);
  }

  private static Series series(
      List<JsonNode> lines,
      ToDoubleFunction<JsonNode> x,
      String field,
      double scale,
      Stroke stroke) {
    double[] ys =
        lines.stream()
            .mapToDouble(
                e -> e.path(field).isNumber() ? scale * e.path(field).asDouble() : Double.NaN)
            .toArray();
    return new Series(lines.stream().mapToDouble(x).toArray(), ys, stroke, Marker.NONE);
  }
}
