package org.alexnet.pictures;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alexnet.pictures.chart.LineChart;
import org.alexnet.pictures.chart.Marker;
import org.alexnet.pictures.chart.Series;
import org.alexnet.pictures.drawing.ColourMap;
import org.alexnet.pictures.drawing.Drawing;
import org.alexnet.pictures.drawing.Picture;
import org.alexnet.pictures.drawing.Stroke;
import org.alexnet.pictures.drawing.TextStyle;

/**
 * Loss and error of runs by epoch: on their training images dashed, on what they were validated
 * with uninterrupted, and pale those of single steps where the run recorded them. A run that is
 * still training shows what it has recorded so far; one that has not finished an epoch, its steps.
 */
public final class Curves {
  private static final int WIDTH = 400;
  private static final int HEIGHT = 250;
  private static final int MARGIN = 20;
  private static final int GAP = 28;
  private static final int SWATCH = 22;
  private static final int KIND = 110;
  private static final double PALE = 0.35;

  /** Apart also to the colour-blind: blue, orange, green, red, purple, brown, rose, grey. */
  private static final int[] COLOURS = {
    0x2F6DB5, 0xE08A2E, 0x3F9B6B, 0xC7483F, 0x8566B8, 0x8C6246, 0xD06CA8, 0x6F7780
  };

  /** As many runs have lines that can be told apart. */
  public static final int MOST = 8 * Marker.TELLS;

  private Curves() {}

  /**
   * Draws one or more runs.
   *
   * @param runs at most {@link #MOST}
   * @return the picture
   * @throws org.alexnet.AlexNetException if one is no run, or has recorded nothing yet
   */
  public static Picture of(List<Path> runs) {
    List<Series> losses = new ArrayList<>();
    List<Series> errors = new ArrayList<>();
    List<History> histories = runs.stream().map(History::of).toList();
    for (int i = 0; i < runs.size(); i++) {
      losses.add(histories.get(i).steps("loss", 1, pale(i)));
      errors.add(histories.get(i).steps("error", 100, pale(i)));
    }
    for (int i = 0; i < runs.size(); i++) {
      History history = histories.get(i);
      Stroke training = new Stroke(colour(i), 1.5, true);
      Stroke validation = new Stroke(colour(i), 2);
      Marker marker = marker(i);
      losses.add(history.epochs("train_loss", 1, training, marker));
      losses.add(history.epochs("val_loss", 1, validation, marker));
      errors.add(history.epochs("train_error", 100, training, marker));
      errors.add(history.epochs("val_error", 100, validation, marker));
    }
    Drawing drawing = new Drawing();
    int left = MARGIN + LineChart.LEFT;
    int top = MARGIN + LineChart.TOP;
    new LineChart("Loss", "epoch", "", losses).draw(drawing, left, top, WIDTH, HEIGHT, 0);
    int second = left + WIDTH + GAP + LineChart.LEFT;
    new LineChart("Error", "epoch", " %", errors).draw(drawing, second, top, WIDTH, HEIGHT, 1);
    int bottom = legend(drawing, runs, histories, left, top + HEIGHT + LineChart.BOTTOM + 20);
    return drawing.picture("curves", second + WIDTH + MARGIN, bottom);
  }

  private static int colour(int run) {
    return COLOURS[run % COLOURS.length];
  }

  /** Runs whose colours are those of others have another marker. */
  private static Marker marker(int run) {
    return Marker.telling(run / COLOURS.length);
  }

  private static Stroke pale(int run) {
    return new Stroke(ColourMap.between(0xFFFFFF, colour(run), PALE), 1);
  }

  /** What the lines are; the lower edge of the picture. */
  private static int legend(
      Drawing drawing, List<Path> runs, List<History> histories, int left, int top) {
    int y = top;
    int line = TextStyle.BODY.lineHeight() + 2;
    int ink = runs.size() == 1 ? COLOURS[0] : COLOURS[COLOURS.length - 1];
    int x = left;
    if (histories.stream().anyMatch(history -> !history.epochs().isEmpty())) {
      entry(drawing, x, y, "training", new Stroke(ink, 1.5, true));
      x += KIND;
    }
    if (histories.stream().anyMatch(History::validated)) {
      entry(drawing, x, y, "validation", new Stroke(ink, 2));
      x += KIND;
    }
    if (histories.stream().anyMatch(history -> !history.steps().isEmpty())) {
      entry(drawing, x, y, "steps", new Stroke(ColourMap.between(0xFFFFFF, ink, PALE), 1));
    }
    y += line;
    for (int i = 0; i < runs.size(); i++) {
      boolean marked = marker(i) != Marker.NONE;
      entry(drawing, left, y, runs.get(i).toString(), new Stroke(colour(i), marked ? 2 : 8));
      marker(i).draw(drawing, left + SWATCH / 2.0, y - 4, colour(i));
      y += line;
    }
    return y - line + MARGIN;
  }

  private static void entry(Drawing drawing, int x, int baseline, String text, Stroke stroke) {
    drawing.line(x, baseline - 4, x + SWATCH, baseline - 4, stroke);
    drawing.text(x + SWATCH + 8, baseline, text, TextStyle.BODY, 2 * WIDTH);
  }
}
