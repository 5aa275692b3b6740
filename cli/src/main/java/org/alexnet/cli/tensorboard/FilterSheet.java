package org.alexnet.cli.tensorboard;

import java.awt.image.BufferedImage;

/**
 * The filters of a convolution side by side. A pixel is round(255 (w - min) / (max - min)) over its
 * own filter, each weight a square. Three input channels are red, green and blue; of any other
 * number each is a panel in grey.
 */
final class FilterSheet {
  private static final int GAP = 1;

  /** Pixels that a panel is high at least, if its weights are enlarged. */
  private static final int PANEL = 32;

  private FilterSheet() {}

  /**
   * @param weights [filters, channels, height, width]
   */
  static BufferedImage draw(float[] weights, int filters, int channels, int height, int width) {
    int deep = channels == 3 ? 1 : channels; // panels a filter
    int panels = filters * deep;
    int square = Math.max(1, PANEL / Math.max(height, width));
    int columns = (int) Math.ceil(Math.sqrt(panels));
    int rows = Math.ceilDiv(panels, columns);
    BufferedImage sheet =
        new BufferedImage(
            GAP + columns * (width * square + GAP),
            GAP + rows * (height * square + GAP),
            BufferedImage.TYPE_INT_RGB);
    int plane = height * width;
    for (int panel = 0; panel < panels; panel++) {
      int filter = panel / deep;
      int[] levels = levels(weights, filter * channels * plane, channels * plane);
      int left = GAP + panel % columns * (width * square + GAP);
      int top = GAP + panel / columns * (height * square + GAP);
      int first = panel % deep * plane; // the panel's channel, or the first of three
      int step = channels == 3 ? plane : 0;
      for (int y = 0; y < height * square; y++) {
        for (int x = 0; x < width * square; x++) {
          int at = first + y / square * width + x / square;
          int rgb = levels[at] << 16 | levels[at + step] << 8 | levels[at + 2 * step];
          sheet.setRGB(left + x, top + y, rgb);
        }
      }
    }
    return sheet;
  }

  private static int[] levels(float[] weights, int from, int count) {
    float min = Float.POSITIVE_INFINITY;
    float max = Float.NEGATIVE_INFINITY;
    for (int i = from; i < from + count; i++) {
      min = Math.min(min, weights[i]);
      max = Math.max(max, weights[i]);
    }
    int[] levels = new int[count];
    for (int i = 0; i < count; i++) {
      levels[i] = max > min ? Math.round(255 * (weights[from + i] - min) / (max - min)) : 128;
    }
    return levels;
  }
}
