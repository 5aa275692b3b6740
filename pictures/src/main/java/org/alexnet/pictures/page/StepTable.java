package org.alexnet.pictures.page;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import org.alexnet.file.JsonFiles;

/** The recorded steps of a run as numbers, a row a step: what charts show, and the gradients. */
final class StepTable {
  /** What of a step is in a chart of its own. */
  static final List<String> FIELDS = List.of("loss", "error", "rate", "images_per_second");

  private static final String GRADIENTS = "gradient_norm";
  private static final int FIRST_ROWS = 1024;

  /** Those of the first step that has any: they are the same in all. */
  private final SequencedSet<String> layers = new LinkedHashSet<>();

  private double[][] columns;
  private int rows;

  StepTable() {
    clear();
  }

  void clear() {
    layers.clear();
    columns = new double[1 + FIELDS.size()][FIRST_ROWS];
    rows = 0;
  }

  int rows() {
    return rows;
  }

  /** Adds a line of {@code steps.jsonl}. */
  void add(ObjectNode line) {
    JsonNode gradients = line.path(GRADIENTS);
    if (layers.isEmpty() && !gradients.isEmpty()) {
      gradients.fieldNames().forEachRemaining(layers::add);
      int before = columns.length;
      columns = Arrays.copyOf(columns, before + layers.size());
      for (int column = before; column < columns.length; column++) {
        columns[column] = new double[columns[0].length];
        Arrays.fill(columns[column], 0, rows, Double.NaN);
      }
    }
    if (rows == columns[0].length) {
      for (int column = 0; column < columns.length; column++) {
        columns[column] = Arrays.copyOf(columns[column], 2 * rows);
      }
    }
    int column = 0;
    columns[column++][rows] = number(line, "step");
    for (String field : FIELDS) {
      columns[column++][rows] = number(line, field);
    }
    for (String layer : layers) {
      columns[column++][rows] = number(gradients, layer);
    }
    rows++;
  }

  private static double number(JsonNode line, String field) {
    return line.path(field).asDouble(Double.NaN);
  }

  /** The last step. */
  double step() {
    return columns[0][rows - 1];
  }

  /** A field of the last step. */
  double last(int field) {
    return columns[1 + field][rows - 1];
  }

  /** How far the gradients of each layer reach; empty where none are recorded. */
  List<GradientRange> gradients() {
    List<GradientRange> ranges = new ArrayList<>();
    int column = 1 + FIELDS.size();
    for (String layer : layers) {
      double[] norms = Arrays.stream(columns[column++], 0, rows).filter(Double::isFinite).toArray();
      if (norms.length > 0) {
        double first = norms[0];
        double last = norms[norms.length - 1];
        Arrays.sort(norms);
        ranges.add(
            new GradientRange(
                layer, first, norms[0], norms[norms.length / 2], norms[norms.length - 1], last));
      }
    }
    return ranges;
  }

  /**
   * The curves for a script: {@code {"x":[..],"loss":[..],..,"gradients":[{"layer":"conv1",
   * "norm":[..]},..]}}. Neighbouring steps are averaged.
   *
   * @param anEpoch steps, which is 1 along the axis
   * @param points of a curve, at most
   */
  ObjectNode json(double anEpoch, int points) {
    ObjectNode json = JsonFiles.object();
    int group = Math.max(1, Math.ceilDiv(rows, points));
    put(json.putArray("x"), 0, group, 1 / anEpoch);
    int column = 1;
    for (String field : FIELDS) {
      put(json.putArray(field), column++, group, 1);
    }
    ArrayNode gradients = json.putArray("gradients");
    for (String layer : layers) {
      put(gradients.addObject().put("layer", layer).putArray("norm"), column++, group, 1);
    }
    return json;
  }

  private void put(ArrayNode values, int column, int group, double scale) {
    for (int from = 0; from < rows; from += group) {
      RunCurves.put(values, scale * mean(column, from, Math.min(rows, from + group)));
    }
  }

  /** The mean of a column over some rows; NaN where all of them have none. */
  private double mean(int column, int from, int to) {
    double sum = 0;
    int count = 0;
    for (int row = from; row < to; row++) {
      double value = columns[column][row];
      if (!Double.isNaN(value)) {
        sum += value;
        count++;
      }
    }
    return sum / count;
  }
}
