package org.alexnet.pictures;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.data.ImageSource;
import org.alexnet.data.source.Sources;
import org.alexnet.inference.Classifier;
import org.alexnet.inference.Prediction;
import org.alexnet.pictures.drawing.Align;
import org.alexnet.pictures.drawing.Drawing;
import org.alexnet.pictures.drawing.Grid;
import org.alexnet.pictures.drawing.Picture;
import org.alexnet.pictures.drawing.Pixels;
import org.alexnet.pictures.drawing.TextStyle;

/**
 * Images with their class and the five that the network holds most probable, as the left of figure
 * 4 of the 2012 paper: a bar is as long as its class is probable, and that of the true class has a
 * colour of its own.
 */
public final class Predictions {
  private static final int GUESSES = 5;
  private static final int WIDTH = 168;
  private static final int BAR = 18;
  private static final int BAR_GAP = 3;
  private static final int INSET = 5;
  private static final int GAP = 24;
  private static final double WIDER = 2;
  private static final int PERCENT = 44;

  private static final int OTHER_COLOUR = 0xD5DEE8;
  private static final int TRUE_COLOUR = 0x8CCBA0;
  private static final int TRACK_COLOUR = 0xF4F6F8;

  private static final TextStyle CLASS = TextStyle.BODY.heavy().at(Align.CENTRE);

  private Predictions() {}

  /**
   * Draws images of a source, as many of each class as can be.
   *
   * @param classifier the network
   * @param source images, with or without labels
   * @param n how many
   * @param seed fixes which
   * @return the picture
   * @throws UsageException if there are fewer than {@code n}
   */
  public static Picture of(Classifier classifier, ImageSource source, int n, long seed) {
    return of(classifier, source, Choice.of(source, Setting.NUMBER, n, seed));
  }

  /**
   * Draws every image of a source.
   *
   * @param classifier the network
   * @param source images, with or without labels
   * @return the picture
   */
  public static Picture of(Classifier classifier, ImageSource source) {
    int[] all = new int[source.size()];
    Arrays.setAll(all, i -> i);
    return of(classifier, source, all);
  }

  private static Picture of(Classifier classifier, ImageSource source, int[] images) {
    ImageSource chosen = Sources.subset(source, images, source.description());
    List<Classifier.Scored> scored = new ArrayList<>();
    classifier.score(chosen, scored::add);
    Images.requireSome(scored.size(), source);
    List<Pixels> pixels =
        scored.stream().map(s -> Images.of(chosen, s.index()).fitted(Gallery.SIDE)).toList();
    int height = pixels.stream().mapToInt(Pixels::height).max().orElse(0);
    int below = (source.labelled() ? CLASS.lineHeight() : 0) + GUESSES * (BAR + BAR_GAP) + 8;
    int width = Math.max(WIDTH, pixels.stream().mapToInt(Pixels::width).max().orElse(0));
    int count = scored.size();
    int columns = count <= 4 ? Math.max(1, count) : Grid.columns(count, count, WIDER);
    Grid grid = new Grid(Gallery.MARGIN, Gallery.MARGIN, columns, width, height + below, GAP, GAP);
    Drawing drawing = new Drawing();
    for (int i = 0; i < count; i++) {
      Classifier.Scored image = scored.get(i);
      Pixels picture = pixels.get(i);
      int x = grid.x(i);
      int left = x + (width - picture.width()) / 2;
      drawing.panel(left, grid.y(i), picture, images[image.index()], image.input());
      int label = source.labelled() ? chosen.label(image.index()) : -1;
      int y = grid.y(i) + height + 6;
      if (source.labelled()) {
        y += CLASS.lineHeight();
        String name = Samples.className(chosen, image.index());
        drawing.text(x + width / 2.0, y - 5, name, CLASS, width);
      }
      bars(drawing, x, y, width, classifier.prediction(image, GUESSES), label);
    }
    int bottom = grid.bottom(count) + Gallery.MARGIN;
    return drawing.picture("predictions", grid.right() + Gallery.MARGIN, bottom);
  }

  private static void bars(
      Drawing drawing, int x, int top, int width, Prediction prediction, int label) {
    int y = top;
    for (Prediction.Guess guess : prediction.top()) {
      boolean right = guess.index() == label;
      drawing.area(x, y, width, BAR, TRACK_COLOUR);
      double length = Math.max(1, width * guess.probability());
      drawing.area(x, y, length, BAR, right ? TRUE_COLOUR : OTHER_COLOUR);
      TextStyle style = right ? TextStyle.BODY.heavy() : TextStyle.BODY;
      double baseline = y + BAR - 5;
      drawing.text(x + INSET, baseline, guess.className(), style, width - PERCENT - INSET);
      drawing.text(
          x + width - INSET, baseline, percent(guess.probability()), style.at(Align.RIGHT));
      y += BAR + BAR_GAP;
    }
  }

  private static String percent(double share) {
    return share > 0 && share < 0.01 ? "< 1 %" : Math.round(100 * share) + " %";
  }
}
