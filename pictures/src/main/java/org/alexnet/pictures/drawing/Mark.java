package org.alexnet.pictures.drawing;

/**
 * Something drawn. Sizes are in pixels from the upper left corner; colours are {@code 0xRRGGBB}.
 * Marks cover those before them.
 */
sealed interface Mark {

  /** A filled rectangle. */
  record Area(double x, double y, double width, double height, int colour) implements Mark {}

  /**
   * Connected straight lines.
   *
   * @param xs of the points in order
   * @param ys as many as {@code xs}
   */
  record Line(double[] xs, double[] ys, Stroke stroke) implements Mark {}

  /** Pixels, one of the image for one of the picture. */
  record Image(int x, int y, Pixels pixels) implements Mark {}

  /**
   * One line of text.
   *
   * @param x of its left end, its middle or its right end, as {@code align} says
   * @param baseline y of the line that letters stand on
   */
  record Label(double x, double baseline, String text, TextStyle style, Align align, int colour)
      implements Mark {}
}
