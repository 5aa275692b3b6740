package org.alexnet.pictures;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.alexnet.UsageException;
import org.alexnet.inference.TrainedWeights;
import org.alexnet.network.Convolution;
import org.alexnet.network.Layer;
import org.alexnet.network.LocallyConnected;
import org.alexnet.network.Network;
import org.alexnet.pictures.drawing.Drawing;
import org.alexnet.pictures.drawing.Grid;
import org.alexnet.pictures.drawing.Picture;
import org.alexnet.pictures.drawing.Pixels;
import org.alexnet.tensor.FloatTensor;

/**
 * The filters of a convolution, as figure 3 of the 2012 paper has them: each normalized by itself,
 * its smallest weight black and its largest white, {@code round(255 (w - min) / (max - min))}. Of
 * three inputs these are red, green and blue; of any other number, each input of each filter is a
 * panel in grey. A filter whose weights are all equal is grey. The filters of different columns are
 * kept apart, and so are those of different layers. There is no text, so that no fonts are needed.
 */
public final class Filters {
  /** What a filter is about as large as, in pixels. */
  private static final int SIDE = 40;

  /** The same where each input is a panel of its own. */
  private static final int SMALL_SIDE = 15;

  private static final int MARGIN = 12;
  private static final int GAP = 3;
  private static final int SMALL_GAP = 2;
  private static final int COLUMN_GAP = 18;

  /** Width of the whole for a height of 1: 96 filters are 6 rows of 16, as in the paper. */
  private static final double WIDER = 8 / 3.0;

  private final String layer;
  private final int columns;
  private final int filters;
  private final int inputs;
  private final int kernel;
  private final float[] weights;

  private Filters(Convolution layer, FloatTensor weight) {
    this.layer = layer.name();
    this.columns = layer.columns();
    this.filters = Math.toIntExact(weight.shape().get(0));
    this.inputs = Math.toIntExact(weight.shape().get(1));
    this.kernel = Math.toIntExact(weight.shape().get(2));
    this.weights = weight.values();
  }

  /**
   * Draws the filters of a layer.
   *
   * @param trained the weights as they are now
   * @param layer its name; null for the network's first convolution, and those beside it that read
   *     the same, as where each column of a network is a layer
   * @return the filters of a layer after those of another, numbered on
   * @throws UsageException if there is no such layer, or it has no filters
   */
  public static Picture of(TrainedWeights trained, String layer) {
    List<Convolution> convolutions =
        layer == null
            ? first(trained.network())
            : List.of(convolution(trained.network().layers(), layer));
    return picture(
        convolutions.stream()
            .map(c -> new Filters(c, trained.read(c.name() + ".weight")))
            .toList());
  }

  /**
   * Draws the filters of the network's first convolution as they were before the first step.
   *
   * @param trained the weights as they are now
   * @return as {@link #of} without a layer; empty where that is not known: for weights alone, and
   *     for a run that began with others
   * @throws UsageException if the network has no convolution
   */
  public static Optional<Picture> initial(TrainedWeights trained) {
    List<Filters> filters = new ArrayList<>();
    for (Convolution convolution : first(trained.network())) {
      Optional<FloatTensor> weight = trained.initial(convolution.name() + ".weight");
      if (weight.isEmpty()) {
        return Optional.empty();
      }
      filters.add(new Filters(convolution, weight.get()));
    }
    return Optional.of(picture(filters));
  }

  /** The first convolution, and those that read what it reads. */
  private static List<Convolution> first(Network network) {
    List<Convolution> first = new ArrayList<>();
    List<String> sources = List.of();
    for (int i = 0; i < network.nodes().size(); i++) {
      if (network.nodes().get(i).layer() instanceof Convolution convolution) {
        if (first.isEmpty()) {
          sources = network.sources(i);
        }
        if (network.sources(i).equals(sources)) {
          first.add(convolution);
        }
      }
    }
    if (first.isEmpty()) {
      throw new UsageException("The network has no convolution, and so no filters to show.");
    }
    return first;
  }

  private static Convolution convolution(List<Layer> layers, String name) {
    Layer named =
        layers.stream().filter(layer -> layer.name().equals(name)).findFirst().orElse(null);
    if (named instanceof Convolution convolution) {
      return convolution;
    }
    String problem =
        switch (named) {
          case null -> "There is no layer %s";
          case LocallyConnected _ ->
              "Layer %s has other filters at every position, which are not drawn";
          default -> "Layer %s has no filters";
        };
    List<String> names =
        layers.stream().filter(Convolution.class::isInstance).map(Layer::name).toList();
    throw new UsageException(
        "%s; %s."
            .formatted(
                problem.formatted(name),
                names.isEmpty()
                    ? "the network has no convolution"
                    : "those that have filters are " + String.join(", ", names)));
  }

  private static Picture picture(List<Filters> layers) {
    Drawing drawing = new Drawing();
    int all = layers.stream().mapToInt(layer -> layer.filters).sum();
    int top = MARGIN;
    int right = 0;
    int index = 0;
    for (Filters layer : layers) {
      for (int column = 0; column < layer.columns; column++) {
        Grid grid = layer.grid(top, all);
        for (int i = 0; i < layer.block(); i++) {
          layer.draw(drawing, grid.x(i), grid.y(i), column * layer.block() + i, index++);
        }
        right = Math.max(right, grid.right());
        top = grid.bottom(layer.block()) + COLUMN_GAP;
      }
    }
    return drawing.picture("filters", right + MARGIN, top - COLUMN_GAP + MARGIN);
  }

  private boolean colour() {
    return inputs == 3;
  }

  /** Panels of a column. */
  private int block() {
    return filters / columns * (colour() ? 1 : inputs);
  }

  /**
   * @param all filters in the picture
   */
  private Grid grid(int top, int all) {
    int side = kernel * scale();
    int gap = colour() ? GAP : SMALL_GAP;
    int across = colour() ? Grid.columns(all, block(), WIDER) : across(block());
    return new Grid(MARGIN, top, across, side, side, gap, gap);
  }

  private int scale() {
    return Math.max(1, Math.round((float) (colour() ? SIDE : SMALL_SIDE) / kernel));
  }

  private void draw(Drawing drawing, int x, int y, int panel, int index) {
    Pixels pixels = colour() ? colour(panel) : grey(panel / inputs, panel % inputs);
    drawing.panel(x, y, pixels.enlarged(scale()), index, title(panel));
  }

  /** All inputs of a filter are in one row, of as many filters as make the whole about square. */
  private int across(int block) {
    long inARow = Math.round(Math.sqrt((double) filters * inputs) / inputs);
    return Math.min(block, inputs * (int) Math.max(1, inARow));
  }

  private String title(int panel) {
    List<String> words = new ArrayList<>(List.of(layer));
    int filter = colour() ? panel : panel / inputs;
    if (columns > 1) {
      words.add("column " + (char) ('a' + filter / (filters / columns)));
    }
    words.add("filter " + filter);
    if (!colour()) {
      words.add("input " + panel % inputs);
    }
    return String.join(" ", words);
  }

  private Pixels colour(int filter) {
    Range range = range(filter);
    return Pixels.of(
        kernel,
        kernel,
        (x, y) ->
            Pixels.colour(
                level(range, at(filter, 0, y, x)),
                level(range, at(filter, 1, y, x)),
                level(range, at(filter, 2, y, x))));
  }

  private Pixels grey(int filter, int input) {
    Range range = range(filter);
    return Pixels.of(kernel, kernel, (x, y) -> Pixels.grey(level(range, at(filter, input, y, x))));
  }

  private float at(int filter, int input, int y, int x) {
    return weights[((filter * inputs + input) * kernel + y) * kernel + x];
  }

  private Range range(int filter) {
    int length = inputs * kernel * kernel;
    return Range.of(weights, filter * length, length);
  }

  private static int level(Range range, float weight) {
    return (int) Math.round(255 * range.share(weight));
  }
}
