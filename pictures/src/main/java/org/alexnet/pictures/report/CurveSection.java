package org.alexnet.pictures.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.alexnet.pictures.page.Html;
import org.alexnet.pictures.page.RunCurves;

/** Loss, error, rate and speed: charts for a script, and the same numbers as a table. */
final class CurveSection {
  private static final int POINTS = 500;
  private static final int MOST_ROWS = 500;

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
    html.element("noscript", "The charts need JavaScript; the table has the same numbers.");
    html.open("div", "class", "charts", "id", "charts").close("div");
    html.open("script", "type", "application/json", "id", "curves");
    String json = curves.json(stepsAnEpoch, POINTS).toString();
    html.trusted(json.replace("<", "\\u003c")).close("script");
    if (!curves.epochs().isEmpty()) {
      table(html);
    }
  }

  private void table(Html html) {
    html.open("details").element("summary", "As a table");
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
