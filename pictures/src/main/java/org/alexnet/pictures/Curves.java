package org.alexnet.pictures;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.pictures.chart.LineChart;
import org.alexnet.pictures.chart.Series;
import org.alexnet.pictures.drawing.Drawing;
import org.alexnet.pictures.drawing.Picture;
import org.alexnet.pictures.drawing.Stroke;
import org.alexnet.pictures.drawing.TextStyle;
import org.alexnet.run.RunFolder;

/**
 * Loss and error of runs by epoch: on their training images dashed, on what they were validated
 * with uninterrupted. A run that is still training shows what its last checkpoint knows.
 */
public final class Curves {
  private static final int WIDTH = 400;
  private static final int HEIGHT = 250;
  private static final int MARGIN = 20;
  private static final int GAP = 28;
  private static final int SWATCH = 22;
  private static final int MOST_DOTS = 30;

  /** Apart also to the colour-blind: blue, orange, green, red, purple, brown, rose, grey. */
  private static final int[] COLOURS = {
    0x2F6DB5, 0xE08A2E, 0x3F9B6B, 0xC7483F, 0x8566B8, 0x8C6246, 0xD06CA8, 0x6F7780
  };

  private Curves() {}

  /**
   * Draws one or more runs.
   *
   * @throws AlexNetException if one is no run, or has not finished an epoch
   */
  public static Picture of(List<Path> runs) {
    List<Series> losses = new ArrayList<>();
    List<Series> errors = new ArrayList<>();
    boolean validated = false;
    for (int i = 0; i < runs.size(); i++) {
      List<JsonNode> epochs = epochs(runs.get(i));
      int colour = COLOURS[i % COLOURS.length];
      losses.add(series(epochs, "train_loss", 1, new Stroke(colour, 1.5, true)));
      losses.add(series(epochs, "val_loss", 1, new Stroke(colour, 2)));
      errors.add(series(epochs, "train_error", 100, new Stroke(colour, 1.5, true)));
      errors.add(series(epochs, "val_error", 100, new Stroke(colour, 2)));
      validated |= epochs.getFirst().path("val_loss").isNumber();
    }
    Drawing drawing = new Drawing();
    int left = MARGIN + LineChart.LEFT;
    int top = MARGIN + LineChart.TOP;
    new LineChart("Loss", "epoch", "", losses).draw(drawing, left, top, WIDTH, HEIGHT, 0);
    int second = left + WIDTH + GAP + LineChart.LEFT;
    new LineChart("Error", "epoch", " %", errors).draw(drawing, second, top, WIDTH, HEIGHT, 1);
    int bottom = legend(drawing, runs, validated, left, top + HEIGHT + LineChart.BOTTOM + 20);
    return drawing.picture("curves", second + WIDTH + MARGIN, bottom);
  }

  private static List<JsonNode> epochs(Path run) {
    try (RunFolder folder = RunFolder.openForReading(run)) {
      List<JsonNode> lines = folder.metrics();
      if (lines.isEmpty()) {
        throw new AlexNetException(
            Message.of(
                "%s has not finished an epoch yet, so that there are no curves; wait for the first,"
                    + " or train it further (%s).",
                run, Setting.RESUME.to(run)));
      }
      return lines;
    }
  }

  private static Series series(List<JsonNode> epochs, String field, double scale, Stroke stroke) {
    double[] xs = epochs.stream().mapToDouble(e -> e.path("epoch").asDouble()).toArray();
    double[] ys =
        epochs.stream()
            .mapToDouble(
                e -> e.path(field).isNumber() ? scale * e.path(field).asDouble() : Double.NaN)
            .toArray();
    return new Series(xs, ys, stroke, xs.length <= MOST_DOTS);
  }

  /** What the lines are; the lower edge of the picture. */
  private static int legend(
      Drawing drawing, List<Path> runs, boolean validated, int left, int top) {
    int y = top;
    int line = TextStyle.BODY.lineHeight() + 2;
    int ink = runs.size() == 1 ? COLOURS[0] : COLOURS[COLOURS.length - 1];
    entry(drawing, left, y, "training", new Stroke(ink, 1.5, true));
    if (validated) {
      entry(drawing, left + 110, y, "validation", new Stroke(ink, 2));
    }
    y += line;
    for (int i = 0; i < runs.size(); i++) {
      Stroke stroke = new Stroke(COLOURS[i % COLOURS.length], 8);
      entry(drawing, left, y, runs.get(i).toString(), stroke);
      y += line;
    }
    return y - line + MARGIN;
  }

  private static void entry(Drawing drawing, int x, int baseline, String text, Stroke stroke) {
    drawing.line(x, baseline - 4, x + SWATCH, baseline - 4, stroke);
    drawing.text(x + SWATCH + 8, baseline, text, TextStyle.BODY, 2 * WIDTH);
  }
}
