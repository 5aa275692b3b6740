package org.alexnet.pictures.drawing;

/**
 * Something drawn. Sizes are in pixels from the upper left corner; colours are {@code 0xRRGGBB}.
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

  /** An image, each of its pixels one of the picture's. */
  record Image(int x, int y, Pixels pixels) implements Mark {}

  /**
   * One line of text.
   *
   * @param x of its left end, its middle or its right end, as the style says
   * @param baseline y of the line that letters stand on
   * @param room pixels that it may be wide; longer text ends in an ellipsis
   * @param turn degrees that it is turned clockwise about its place
   */
  record Label(double x, double baseline, String text, TextStyle style, double room, double turn)
      implements Mark {}
}
