package org.alexnet.pictures;

import java.util.ArrayList;
import java.util.List;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.data.ImageSource;
import org.alexnet.pictures.drawing.Picture;

/** Images of a data source with their classes: as many of each class as can be. */
public final class Samples {
  private Samples() {}

  /**
   * Draws images. A panel's index is the image's number in the source.
   *
   * @param source to take images from
   * @param n how many
   * @param seed fixes which
   * @return the picture
   * @throws UsageException if there are fewer than {@code n}
   */
  public static Picture of(ImageSource source, int n, long seed) {
    List<Gallery.Item> items = new ArrayList<>();
    for (int image : Choice.of(source, Setting.NUMBER, n, seed)) {
      String title = className(source, image);
      items.add(
          new Gallery.Item(Images.of(source, image).fitted(Gallery.SIDE), image, title, title));
    }
    return Gallery.of("samples", items);
  }

  /** The class of an image by name, else by number; what the image is called where it has none. */
  static String className(ImageSource source, int image) {
    if (!source.labelled()) {
      return source.name(image);
    }
    int label = source.label(image);
    List<String> names = source.classNames();
    return label >= 0 && label < names.size() ? names.get(label) : Integer.toString(label);
  }
}
