package org.alexnet.pictures;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.alexnet.UsageException;
import org.alexnet.inference.TrainedWeights;
import org.alexnet.network.Convolution;
import org.alexnet.network.Layer;
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
 * kept apart. There is no text, so that no fonts are needed.
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
   * @param layer its name; null for the network's first convolution
   * @return a picture of what they were; empty where the run began with weights of a file
   * @throws UsageException if there is no such layer, or it has no filters
   */
  public static Picture of(TrainedWeights trained, String layer) {
    Convolution convolution = convolution(trained.network().layers(), layer);
    return new Filters(convolution, trained.read(convolution.name() + ".weight")).picture();
  }

  /**
   * Draws the filters of the network's first convolution as they were before the first step.
   *
   * @param trained the weights as they are now
   * @return empty where that is not known: for weights alone, and for a run that began with others
   * @throws UsageException if the network has no convolution
   */
  public static Optional<Picture> initial(TrainedWeights trained) {
    Convolution convolution = convolution(trained.network().layers(), null);
    return trained
        .initial(convolution.name() + ".weight")
        .map(weight -> new Filters(convolution, weight).picture());
  }

  private static Convolution convolution(List<Layer> layers, String name) {
    List<String> names =
        layers.stream().filter(Convolution.class::isInstance).map(Layer::name).toList();
    if (names.isEmpty()) {
      throw new UsageException("The network has no convolution, and so no filters to show.");
    }
    String wanted = name == null ? names.getFirst() : name;
    for (Layer layer : layers) {
      if (layer.name().equals(wanted) && layer instanceof Convolution convolution) {
        return convolution;
      }
    }
    boolean other = layers.stream().anyMatch(layer -> layer.name().equals(wanted));
    throw new UsageException(
        "%s; those that have filters are %s."
            .formatted(
                other
                    ? "Layer %s has no filters".formatted(wanted)
                    : "There is no layer %s".formatted(wanted),
                String.join(", ", names)));
  }

  private Picture picture() {
    boolean colour = inputs == 3;
    int scale = Math.max(1, Math.round((float) (colour ? SIDE : SMALL_SIDE) / kernel));
    int panelsAFilter = colour ? 1 : inputs;
    int block = filters / columns * panelsAFilter;
    int across = colour ? Grid.columns(filters, block, WIDER) : across(block);
    int side = kernel * scale;
    int gap = colour ? GAP : SMALL_GAP;
    Drawing drawing = new Drawing();
    int top = MARGIN;
    int right = 0;
    for (int column = 0; column < columns; column++) {
      Grid grid = new Grid(MARGIN, top, across, side, side, gap, gap);
      for (int i = 0; i < block; i++) {
        int index = column * block + i;
        int filter = index / panelsAFilter;
        Pixels pixels = colour ? colour(filter) : grey(filter, index % panelsAFilter);
        drawing.panel(grid.x(i), grid.y(i), pixels.enlarged(scale), index, title(index));
      }
      right = grid.right();
      top = grid.bottom(block) + COLUMN_GAP;
    }
    return drawing.picture("filters", right + MARGIN, top - COLUMN_GAP + MARGIN);
  }

  /** All inputs of a filter are in one row, of as many filters as make the whole about square. */
  private int across(int block) {
    long inARow = Math.round(Math.sqrt((double) filters * inputs) / inputs);
    return Math.min(block, inputs * (int) Math.max(1, inARow));
  }

  private String title(int index) {
    List<String> words = new ArrayList<>(List.of(layer));
    int filter = inputs == 3 ? index : index / inputs;
    if (columns > 1) {
      words.add("column " + (char) ('a' + filter / (filters / columns)));
    }
    words.add("filter " + filter);
    if (inputs != 3) {
      words.add("input " + index % inputs);
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
