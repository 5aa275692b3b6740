package org.alexnet.pictures;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.pictures.chart.Series;
import org.alexnet.pictures.drawing.Stroke;
import org.alexnet.run.RunFolder;

/**
 * What a run recorded.
 *
 * @param epochs one object a finished epoch, at least one
 * @param steps one object every so many steps
 */
record History(List<JsonNode> epochs, List<JsonNode> steps) {
  private static final int MOST_DOTS = 30;

  /**
   * Reads a run.
   *
   * @throws AlexNetException if it is none, or has not finished an epoch
   */
  static History of(Path run) {
    try (RunFolder folder = RunFolder.openForReading(run)) {
      List<JsonNode> epochs = folder.metrics();
      if (epochs.isEmpty()) {
        throw new AlexNetException(
            Message.of(
                "%s has not finished an epoch yet, so that there are no curves; wait for the first,"
                    + " or train it further (%s).",
                run, Setting.RESUME.to(run)));
      }
      return new History(epochs, folder.steps());
    }
  }

  boolean validated() {
    return epochs.getFirst().path("val_loss").isNumber();
  }

  /** A field of the epochs, by epoch. */
  Series epochs(String field, double scale, Stroke stroke) {
    boolean dots = epochs.size() <= MOST_DOTS;
    return series(epochs, e -> e.path("epoch").asDouble(), field, scale, stroke, dots);
  }

  /** A field of the steps, by epochs and parts of them. */
  Series steps(String field, double scale, Stroke stroke) {
    JsonNode last = epochs.getLast();
    double anEpoch = last.path("step").asDouble() / last.path("epoch").asDouble();
    return series(steps, s -> s.path("step").asDouble() / anEpoch, field, scale, stroke, false);
  }

  private static Series series(
      List<JsonNode> lines,
      ToDoubleFunction<JsonNode> x,
      String field,
      double scale,
      Stroke stroke,
      boolean dots) {
    double[] ys =
        lines.stream()
            .mapToDouble(
                e -> e.path(field).isNumber() ? scale * e.path(field).asDouble() : Double.NaN)
            .toArray();
    return new Series(lines.stream().mapToDouble(x).toArray(), ys, stroke, dots);
  }
}
