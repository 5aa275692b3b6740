package org.alexnet.pictures.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.stream.IntStream;
import org.alexnet.data.ImageSource;
import org.alexnet.data.source.Sources;
import org.alexnet.inference.Classifier;
import org.alexnet.pictures.Images;
import org.alexnet.pictures.drawing.Pixels;

/**
 * What a network makes of labelled images.
 *
 * @param source what the images are called
 * @param classes names by number
 * @param counts images by class and predicted class
 * @param mistakes those predicted wrongly that the network is surest of, the surest first
 * @param closest those predicted rightly that it is least sure of, the least sure first
 */
public record Results(
    String source,
    List<String> classes,
    int[][] counts,
    List<Example> mistakes,
    List<Example> closest) {
  private static final int EXAMPLES = 12;

  /** Pixels that the longer side of an image has in the page, at most. */
  private static final int SIDE = 128;

  /**
   * An image.
   *
   * @param name what it is called
   * @param label its class
   * @param predicted the most probable class
   * @param probability of that
   * @param pixels as they are shown
   */
  public record Example(String name, int label, int predicted, float probability, Pixels pixels) {}

  /** An image of which only the number is kept. */
  private record Scored(int index, String name, int label, int predicted, float probability) {}

  /**
   * Scores all images of a source.
   *
   * @param classifier the network
   * @param source images with labels
   * @return what it makes of them
   * @throws org.alexnet.AlexNetException if they have no labels, or such that the network has not
   */
  public static Results of(Classifier classifier, ImageSource source) {
    ImageSource images = Sources.withClasses(source, classifier.classNames());
    int classes = classifier.classes();
    Sources.checkLabels(images, classes);
    int[][] counts = new int[classes][classes];
    Comparator<Scored> sure = Comparator.comparing(Scored::probability);
    Best mistakes = new Best(sure);
    Best closest = new Best(sure.reversed());
    classifier.score(
        images,
        image -> {
          int label = images.label(image.index());
          float[] probabilities = image.probabilities();
          int predicted = largest(probabilities);
          counts[label][predicted]++;
          (label == predicted ? closest : mistakes)
              .add(
                  new Scored(
                      image.index(), image.input(), label, predicted, probabilities[predicted]));
        });
    List<String> own = classifier.classNames();
    return new Results(
        source.description(),
        IntStream.range(0, classes)
            .mapToObj(c -> c < own.size() ? own.get(c) : Integer.toString(c))
            .toList(),
        counts,
        mistakes.examples(images),
        closest.examples(images));
  }

  /** The greatest of those added, by an order in which equal ones stay as they came. */
  private static final class Best {
    private final Comparator<Scored> order;
    private final PriorityQueue<Scored> kept;

    Best(Comparator<Scored> order) {
      this.order = order.thenComparing(Comparator.comparing(Scored::index).reversed());
      this.kept = new PriorityQueue<>(this.order);
    }

    void add(Scored image) {
      kept.add(image);
      if (kept.size() > EXAMPLES) {
        kept.remove();
      }
    }

    List<Example> examples(ImageSource images) {
      List<Scored> sorted = new ArrayList<>(kept);
      sorted.sort(order.reversed());
      return sorted.stream()
          .map(s -> new Example(s.name, s.label, s.predicted, s.probability, pixels(images, s)))
          .toList();
    }

    private static Pixels pixels(ImageSource images, Scored image) {
      Pixels pixels = Images.of(images, image.index());
      int longer = Math.max(pixels.width(), pixels.height());
      return pixels.reduced(Math.ceilDiv(longer, SIDE));
    }
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

  /**
   * Number of images.
   *
   * @return over all classes
   */
  public int images() {
    return IntStream.range(0, counts.length).map(this::images).sum();
  }

  /**
   * Number of images of a class.
   *
   * @param label the class
   * @return how many there are
   */
  public int images(int label) {
    return IntStream.of(counts[label]).sum();
  }

  /**
   * Images of a class that are predicted to be of another.
   *
   * @param label the class
   * @return how many there are
   */
  public int errors(int label) {
    return images(label) - counts[label][label];
  }

  /**
   * Images that are predicted to be of another class than they are.
   *
   * @return over all classes
   */
  public int errors() {
    return IntStream.range(0, counts.length).map(this::errors).sum();
  }
}
