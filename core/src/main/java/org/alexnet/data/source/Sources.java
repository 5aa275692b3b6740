package org.alexnet.data.source;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.alexnet.AlexNetException;
import org.alexnet.data.Batch;
import org.alexnet.data.DataSet;
import org.alexnet.data.ImageSource;

/** Sources made of other sources. Closeables one closes the source it was made of. */
public final class Sources {
  private Sources() {}

  /**
   * {@return some images of a source, in the order given}
   *
   * @param source closed with the result
   * @param indices numbers of the images; not copied
   * @param description of the result, for messages
   */
  public static ImageSource subset(ImageSource source, int[] indices, String description) {
    for (int index : indices) {
      if (index < 0 || index >= source.size()) {
        throw new IllegalArgumentException(
            "image %d of %s, which has %d".formatted(index, source.description(), source.size()));
      }
    }
    return new View(source, indices, description);
  }

  /**
   * The source with its labels by the order of {@code classes}, matched by name. A source without
   * labels or class names, and any source where {@code classes} is empty, is passed through.
   *
   * @param source closed with the result
   * @param classes those the network knows
   * @return the source itself where labels stay as they are
   * @throws AlexNetException if the source has a class that is not among them
   */
  public static ImageSource withClasses(ImageSource source, List<String> classes) {
    List<String> own = source.classNames();
    if (!source.labelled() || own.isEmpty() || classes.isEmpty() || own.equals(classes)) {
      return source;
    }
    Map<String, Integer> known = new HashMap<>();
    for (int label = 0; label < classes.size(); label++) {
      known.put(classes.get(label), label);
    }
    int[] labels = new int[own.size()];
    for (int label = 0; label < labels.length; label++) {
      Integer number = known.get(own.get(label));
      if (number == null) {
        throw new AlexNetException(
            "%s has the class '%s', which the network does not know; it knows %s"
                .formatted(source.description(), own.get(label), listed(classes)));
      }
      labels[label] = number;
    }
    return new View(source, labels, classes);
  }

  /**
   * {@return names as a message has room for}
   *
   * @param classes names in the order of their labels
   */
  public static String listed(List<String> classes) {
    int most = 20;
    String some = String.join(", ", classes.subList(0, Math.min(most, classes.size())));
    return classes.size() > most ? "%s and %d more".formatted(some, classes.size() - most) : some;
  }

  /**
   * Checks that every image has a label that the network has an output for.
   *
   * @param source with labels
   * @param classes outputs of the network
   * @throws AlexNetException naming the image, its label and the range; or if there are no labels
   */
  public static void checkLabels(ImageSource source, int classes) {
    if (!source.labelled()) {
      throw new AlexNetException(
          "%s has no labels; they are required here".formatted(source.description()));
    }
    for (int i = 0; i < source.size(); i++) {
      int label = source.label(i);
      if (label < 0 || label >= classes) {
        throw new AlexNetException(
            "%s of %s has label %d; the network has %d classes, so labels must be 0 to %d"
                .formatted(source.name(i), source.description(), label, classes, classes - 1));
      }
    }
  }

  /**
   * A source of bytes with every image brought to a size, by scaling and cropping the centre;
   * itself if it has that size.
   */
  static ImageSource resized(ImageSource source, int height, int width, boolean stretched) {
    Batch.Format format = source.format();
    return format.height() == height && format.width() == width
        ? source
        : new ResizedSource(source, height, width, stretched);
  }

  /** The images of one source and then those of another, whose format and classes are the same. */
  static ImageSource joined(ImageSource first, ImageSource second) {
    return new JoinedSource(first, second);
  }

  /**
   * Cuts off the last images of each class.
   *
   * @param source with labels
   * @param fraction of each class, rounded, at least one image, at most all but one
   * @return the rest and what was cut off, each in the order of the source
   */
  public static DataSet split(ImageSource source, double fraction) {
    if (!source.labelled()) {
      throw new AlexNetException(
          "%s has no labels, so that no part of each class can be kept for validation"
              .formatted(source.description()));
    }
    Map<Integer, int[]> counts = new HashMap<>();
    for (int i = 0; i < source.size(); i++) {
      counts.computeIfAbsent(source.label(i), label -> new int[2])[0]++;
    }
    counts.forEach(
        (label, count) -> {
          if (count[0] < 2) {
            throw new AlexNetException(
                "class %s of %s has one image; two are required to keep one for validation"
                    .formatted(className(source, label), source.description()));
          }
          long cut = Math.round(fraction * count[0]);
          count[1] = count[0] - Math.clamp(cut, 1, count[0] - 1);
        });
    boolean[] kept = new boolean[source.size()];
    for (int i = 0; i < kept.length; i++) {
      kept[i] = counts.get(source.label(i))[1]-- > 0;
    }
    int[] train = IntStream.range(0, kept.length).filter(i -> kept[i]).toArray();
    int[] rest = IntStream.range(0, kept.length).filter(i -> !kept[i]).toArray();
    String part = " (%s %s of each class)";
    return new DataSet(
        subset(source, train, source.description() + part.formatted("all but the last", fraction)),
        subset(source, rest, source.description() + part.formatted("the last", fraction)));
  }

  private static String className(ImageSource source, int label) {
    List<String> names = source.classNames();
    return label < names.size() ? names.get(label) : String.valueOf(label);
  }
}
