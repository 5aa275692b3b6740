package org.alexnet.pictures;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.alexnet.Words;
import org.alexnet.data.ImageSource;
import org.alexnet.data.source.Sources;
import org.alexnet.inference.Classifier;
import org.alexnet.pictures.chart.MatrixChart;
import org.alexnet.pictures.drawing.Drawing;
import org.alexnet.pictures.drawing.Picture;

/** Which classes a network takes for which: images by their class and by the predicted one. */
public final class Confusion {
  private Confusion() {}

  /**
   * Draws the matrix of labelled images, and the share of those that are predicted wrongly.
   *
   * @param classifier the network
   * @param source labelled images
   * @return the picture
   * @throws org.alexnet.AlexNetException if they have no labels, or such that the network has not,
   *     or if none can be read
   */
  public static Picture of(Classifier classifier, ImageSource source) {
    ImageSource images = Sources.withClasses(source, classifier.classNames());
    int classes = classifier.classes();
    Sources.checkLabels(images, classes);
    int[][] counts = new int[classes][classes];
    classifier.score(
        images, image -> counts[images.label(image.index())][largest(image.probabilities())]++);
    int count = IntStream.range(0, classes).map(c -> IntStream.of(counts[c]).sum()).sum();
    Images.requireSome(count, images);
    int right = IntStream.range(0, classes).map(c -> counts[c][c]).sum();
    String title =
        "%s, error %s"
            .formatted(
                Words.count(count, "image"),
                String.format(Locale.ROOT, "%.2f %%", 100.0 * (count - right) / count));
    List<String> own = classifier.classNames();
    List<String> names =
        IntStream.range(0, classes)
            .mapToObj(c -> c < own.size() ? own.get(c) : Integer.toString(c))
            .toList();
    MatrixChart chart = new MatrixChart(title, "true class", "predicted class", names, counts);
    Drawing drawing = new Drawing();
    chart.draw(drawing);
    return drawing.picture("confusion", chart.width(), chart.height());
  }

  private static int largest(float[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      if (values[i] > values[best]) {
        best = i;
      }
    }
    return best;
  }
}
