package org.alexnet.pictures.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.alexnet.pictures.page.GradientRange;
import org.alexnet.pictures.page.Html;
import org.alexnet.pictures.page.RunCurves;

/** Loss, error, rate, speed and gradients: charts for a script, and the same numbers as tables. */
final class CurveSection {
  private static final int POINTS = 500;
  private static final int MOST_ROWS = 500;
  private static final int STEP_ROWS = 50;

  private final RunCurves curves;

  CurveSection(RunCurves curves) {
    this.curves = curves;
  }

  /**
   * @param stepsAnEpoch for a run that has not finished one
   */
  void write(Html html, double stepsAnEpoch) {
    if (curves.epochs().isEmpty()) {
      html.element(
          "p",
          curves.stepLines() == 0
              ? "The run has not finished an epoch and recorded no step, so that there are no"
                  + " curves yet."
              : "The run has not finished an epoch yet; the curves are those of its steps.",
          "class",
          "notice");
    }
    if (curves.epochs().isEmpty() && curves.stepLines() == 0) {
      return;
    }
    html.element("noscript", "The charts need JavaScript; the tables have the same numbers.");
    html.open("div", "class", "charts", "id", "charts").close("div");
    ObjectNode json = curves.json(stepsAnEpoch, POINTS);
    html.open("script", "type", "application/json", "id", "curves");
    html.trusted(json.toString().replace("<", "\\u003c")).close("script");
    if (!curves.epochs().isEmpty()) {
      table(html);
    }
    if (curves.stepLines() > 0) {
      steps(html, curves.json(stepsAnEpoch, STEP_ROWS).path("steps"));
    }
    if (!curves.gradients().isEmpty()) {
      gradients(html);
    }
  }

  private void table(Html html) {
    html.open("details").element("summary", "Epochs as a table");
    List<String> titles =
        List.of(
            "Epoch",
            "Training loss",
            "Training error",
            "Validation loss",
            "Validation error",
            "Learning rate",
            "Images/s",
            "Waiting for data");
    html.openTable(0, titles);
    List<ObjectNode> epochs = curves.epochs();
    int every = Math.ceilDiv(epochs.size(), MOST_ROWS);
    for (int i = 0; i < epochs.size(); i++) {
      if ((epochs.size() - 1 - i) % every == 0) {
        row(html, epochs.get(i));
      }
    }
    html.closeTable().close("details");
  }

  /** Steps, neighbours together, with the gradients of all layers. */
  private void steps(Html html, JsonNode steps) {
    html.open("details").element("summary", "Steps as a table");
    html.element(
        "p",
        "Means of neighbouring steps; by layer, the norm of the gradient of its weights and"
            + " biases.",
        "class",
        "pale");
    List<String> titles =
        new ArrayList<>(List.of("Epochs", "Loss", "Error", "Learning rate", "Images/s"));
    steps.path("gradients").forEach(layer -> titles.add(layer.path("layer").asText()));
    html.openTable(0, titles);
    for (int i = 0; i < steps.path("x").size(); i++) {
      List<String> cells = new ArrayList<>();
      cells.add(Text.number(at(steps, "x", i)));
      cells.add(Text.number(at(steps, "loss", i)));
      cells.add(Text.percent(at(steps, "error", i)));
      cells.add(Text.number(at(steps, "rate", i)));
      cells.add(Text.count(Math.round(at(steps, "images_per_second", i))));
      for (JsonNode layer : steps.path("gradients")) {
        cells.add(Text.number(at(layer, "norm", i)));
      }
      html.open("tr").numbers(cells.toArray(String[]::new)).close("tr");
    }
    html.closeTable().close("details");
  }

  private static double at(JsonNode from, String field, int index) {
    return from.path(field).path(index).asDouble(Double.NaN);
  }

  private void gradients(Html html) {
    html.element("h3", "Gradients by layer");
    html.element(
        "p",
        "The Euclidean norm of the gradient of a layer's weights and biases, over the recorded"
            + " steps.",
        "class",
        "pale");
    html.openTable(1, List.of("Layer", "First", "Least", "Median", "Most", "Last"));
    for (GradientRange layer : curves.gradients()) {
      html.open("tr").texts(layer.layer());
      html.numbers(
          Text.number(layer.first()),
          Text.number(layer.least()),
          Text.number(layer.median()),
          Text.number(layer.most()),
          Text.number(layer.last()));
      html.close("tr");
    }
    html.closeTable();
  }

  private static void row(Html html, ObjectNode epoch) {
    html.open("tr")
        .numbers(
            epoch.path("epoch").asText(),
            Text.number(of(epoch, "train_loss")),
            Text.percent(of(epoch, "train_error")),
            Text.number(of(epoch, "val_loss")),
            Text.percent(of(epoch, "val_error")),
            Text.number(of(epoch, "rate")),
            Text.count(Math.round(epoch.path("images_per_second").asDouble())),
            Text.percent(of(epoch, "data_wait")))
        .close("tr");
  }

  private static double of(ObjectNode epoch, String field) {
    return epoch.path(field).asDouble(Double.NaN);
  }
}
