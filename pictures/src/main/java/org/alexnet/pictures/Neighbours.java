package org.alexnet.pictures;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.stream.Collectors;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.data.ImageSource;
import org.alexnet.data.source.Sources;
import org.alexnet.inference.Classifier;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.Layer;
import org.alexnet.network.Network;
import org.alexnet.pictures.drawing.Align;
import org.alexnet.pictures.drawing.Drawing;
import org.alexnet.pictures.drawing.Picture;
import org.alexnet.pictures.drawing.Pixels;
import org.alexnet.pictures.drawing.TextStyle;

/**
 * Images and those of a source that a layer holds for most alike, by the Euclidean distance of its
 * outputs, as the right of figure 4 of the 2012 paper. An image is not its own neighbour.
 */
public final class Neighbours {
  private static final int SIDE = 84;
  private static final int GAP = 8;
  private static final int BESIDE = 24;
  private static final int HEADER = 18;
  private static final String USUAL = "fc7";
  private static final TextStyle CAPTION = TextStyle.PALE.at(Align.CENTRE);

  /** Farther first, and of those as far the later one. */
  private static final Comparator<Neighbour> FARTHEST =
      Comparator.comparingDouble(Neighbour::distance).thenComparingInt(Neighbour::image).reversed();

  private final String layer;
  private final ImageSource data;
  private final ImageSource queries;
  private final int[] own; // numbers of the queries in the data; null where they are from elsewhere
  private final List<Query> found;

  private record Neighbour(int image, double distance) {}

  /** A query that could be read: its number among the queries, and what is nearest to it. */
  private record Query(int number, float[] values, PriorityQueue<Neighbour> best) {
    List<Neighbour> nearest() {
      return best.stream().sorted(FARTHEST.reversed()).toList();
    }
  }

  private Neighbours(
      String layer, ImageSource data, ImageSource queries, int[] own, List<Query> found) {
    this.layer = layer;
    this.data = data;
    this.queries = queries;
    this.own = own;
    this.found = found;
  }

  /**
   * The layer that is compared by: fc7, or the last hidden fully-connected one.
   *
   * @param network any
   * @return the name of a layer
   * @throws UsageException listing the layers, if there is no hidden fully-connected one
   */
  public static String usualLayer(Network network) {
    List<String> names =
        network.layers().stream()
            .filter(FullyConnected.class::isInstance)
            .filter(layer -> layer != network.classifier())
            .map(Layer::name)
            .toList();
    if (names.isEmpty()) {
      throw new UsageException(
          Message.of(
              "%s has no hidden fully-connected layer; name the layer to compare by (%s): %s.",
              network.name(),
              Setting.LAYER,
              network.layers().stream().map(Layer::name).collect(Collectors.joining(", "))));
    }
    return names.contains(USUAL) ? USUAL : names.getLast();
  }

  /**
   * Draws the neighbours of images that are drawn from the source itself. A panel's index is the
   * image's number in the source.
   *
   * @param classifier whose options ask for the layer's outputs
   * @param data images to search
   * @param count queries
   * @param layer whose outputs are compared
   * @param k neighbours of each
   * @param seed fixes which are drawn
   * @return the picture
   * @throws UsageException if the source has fewer
   */
  public static Picture of(
      Classifier classifier, ImageSource data, int count, String layer, int k, long seed) {
    int[] own = Choice.of(data, Setting.QUERIES, count, seed);
    Choice.require(
        Setting.NEIGHBOURS, k, data.size() - 1, "the other images of " + data.description());
    ImageSource queries = Sources.subset(data, own, data.description());
    List<Query> found = search(classifier, data, queries, own, layer, k);
    return new Neighbours(layer, data, queries, own, found).picture();
  }

  /**
   * Draws the neighbours of other images, whose panels' index is -1.
   *
   * @param classifier whose options ask for the layer's outputs
   * @param data images to search
   * @param queries images whose neighbours are looked for
   * @param layer whose outputs are compared
   * @param k neighbours of each
   * @return the picture
   * @throws UsageException if the source has fewer
   */
  public static Picture of(
      Classifier classifier, ImageSource data, ImageSource queries, String layer, int k) {
    Choice.require(Setting.NEIGHBOURS, k, data.size(), "the images of " + data.description());
    List<Query> found = search(classifier, data, queries, null, layer, k);
    return new Neighbours(layer, data, queries, null, found).picture();
  }

  /** Of the source only a batch is in memory at a time. */
  private static List<Query> search(
      Classifier classifier,
      ImageSource data,
      ImageSource queries,
      int[] own,
      String layer,
      int k) {
    List<Query> found = new ArrayList<>();
    classifier.score(
        queries,
        query ->
            found.add(
                new Query(
                    query.index(), query.outputs().get(layer), new PriorityQueue<>(FARTHEST))));
    Images.requireSome(found.size(), queries);
    classifier.score(
        data,
        image -> {
          float[] values = image.outputs().get(layer);
          for (Query query : found) {
            if (own == null || own[query.number] != image.index()) {
              query.best.add(new Neighbour(image.index(), distance(query.values, values)));
              if (query.best.size() > k) {
                query.best.remove();
              }
            }
          }
        });
    return found;
  }

  private static double distance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      double difference = (double) a[i] - b[i];
      sum += difference * difference;
    }
    return Math.sqrt(sum);
  }

  private Picture picture() {
    Drawing drawing = new Drawing();
    int y = Gallery.MARGIN + HEADER;
    int right = 0;
    for (Query one : found) {
      int q = one.number;
      Pixels query = Images.of(queries, q).fitted(SIDE);
      int x = Gallery.MARGIN;
      int index = own == null ? -1 : own[q];
      put(drawing, x, y, query, index, "query " + queries.name(q), caption(queries, q));
      x += query.width() + BESIDE;
      if (one == found.getFirst()) {
        drawing.text(Gallery.MARGIN, y - 8, "image", TextStyle.BODY);
        drawing.text(x, y - 8, "nearest by " + layer, TextStyle.BODY);
      }
      for (Neighbour near : one.nearest()) {
        Pixels pixels = Images.of(data, near.image).fitted(SIDE);
        String title = "%s, distance %s".formatted(data.name(near.image), (float) near.distance);
        put(drawing, x, y, pixels, near.image, title, caption(data, near.image));
        x += pixels.width() + GAP;
      }
      right = Math.max(right, x - GAP);
      y += query.height() + CAPTION.lineHeight() + GAP;
    }
    return drawing.picture("neighbours", right + Gallery.MARGIN, y - GAP + Gallery.MARGIN);
  }

  private static String caption(ImageSource source, int image) {
    return Features.fileName(Samples.className(source, image));
  }

  private static void put(
      Drawing drawing, int x, int y, Pixels pixels, int index, String title, String caption) {
    drawing.panel(x, y, pixels, index, title);
    double baseline = y + pixels.height() + CAPTION.lineHeight() - 3;
    drawing.text(x + pixels.width() / 2.0, baseline, caption, CAPTION, pixels.width() + GAP - 2);
  }
}
