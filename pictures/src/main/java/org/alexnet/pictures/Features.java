package org.alexnet.pictures;

import java.util.ArrayList;
import java.util.List;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.data.ImageSource;
import org.alexnet.inference.Classifier;
import org.alexnet.pictures.drawing.ColourMap;
import org.alexnet.pictures.drawing.Picture;
import org.alexnet.pictures.drawing.Pixels;

/**
 * An image and what a layer makes of it: the layer's first maps, each from its smallest value, dark
 * blue, to its largest, yellow. Outputs that are single numbers, as those of a fully-connected
 * layer, are coloured by the range of all that are shown.
 */
public final class Features {
  private static final int SIDE = 56;
  private static final int GAP = 4;

  /** What is drawn where nothing else is said, or fewer if the layer has fewer. */
  public static final int USUAL = 32;

  private Features() {}

  /**
   * Draws the image, with index -1, and maps from 0 on.
   *
   * @param classifier whose options ask for the layer's outputs
   * @param images of which the first is shown
   * @param layer the layer's name
   * @param n maps; null for {@link #USUAL}
   * @return the picture
   * @throws UsageException if the layer has fewer maps
   */
  public static Picture of(Classifier classifier, ImageSource images, String layer, Integer n) {
    List<Integer> shape = classifier.outputShape(layer);
    int maps = shape.getFirst();
    int shown = n == null ? Math.min(USUAL, maps) : n;
    Choice.require(Setting.NUMBER, shown, maps, "the outputs of " + layer);
    float[][] values = new float[1][];
    classifier.score(images, image -> values[0] = image.outputs().get(layer));
    int height = shape.size() == 3 ? shape.get(1) : 1;
    int width = shape.size() == 3 ? shape.get(2) : 1;
    List<Gallery.Item> items = new ArrayList<>();
    for (int map = 0; map < shown; map++) {
      int from = map * height * width;
      Range range =
          height * width == 1
              ? Range.of(values[0], 0, shown)
              : Range.of(values[0], from, height * width);
      Pixels pixels =
          Pixels.of(
              width,
              height,
              (x, y) -> ColourMap.viridis(range.share(values[0][from + y * width + x])));
      int side = height * width == 1 ? SIDE / 2 : SIDE;
      items.add(new Gallery.Item(pixels.fitted(side), map, "%s map %d".formatted(layer, map), ""));
    }
    Gallery.Item first =
        new Gallery.Item(
            Images.of(images, 0).fitted(Gallery.SIDE),
            -1,
            images.name(0),
            fileName(images.name(0)));
    return Gallery.beside("features", first, items, GAP);
  }

  /** The last part of a path. */
  static String fileName(String path) {
    return path.substring(path.replace('\\', '/').lastIndexOf('/') + 1);
  }
}
