package org.alexnet.pictures.drawing;

import java.util.ArrayList;
import java.util.List;

/** A picture in the making: marks in the order in which they cover each other, and panels. */
public final class Drawing {
  private final List<Mark> marks = new ArrayList<>();
  private final List<Panel> panels = new ArrayList<>();

  /** Nothing as yet. */
  public Drawing() {}

  /**
   * Fills a rectangle.
   *
   * @param x left edge in pixels
   * @param y upper edge in pixels
   * @param width in pixels
   * @param height in pixels
   * @param colour {@code 0xRRGGBB}
   */
  public void area(double x, double y, double width, double height, int colour) {
    marks.add(new Mark.Area(x, y, width, height, colour));
  }

  /**
   * Draws a straight line.
   *
   * @param x1 of its first end
   * @param y1 of its first end
   * @param x2 of its other end
   * @param y2 of its other end
   * @param stroke how the line is drawn
   */
  public void line(double x1, double y1, double x2, double y2, Stroke stroke) {
    path(new double[] {x1, x2}, new double[] {y1, y2}, stroke);
  }

  /**
   * Draws connected straight lines; the arrays are not copied.
   *
   * @param xs of its corners
   * @param ys of its corners, as many
   * @param stroke how the line is drawn
   */
  public void path(double[] xs, double[] ys, Stroke stroke) {
    marks.add(new Mark.Line(xs, ys, stroke));
  }

  /**
   * Sets a line of text.
   *
   * @param x of the point that the style says
   * @param baseline y of the line that letters stand on
   * @param text any; it is shown on one line
   * @param style its font, colour and alignment
   */
  public void text(double x, double baseline, String text, TextStyle style) {
    text(x, baseline, text, style, Double.POSITIVE_INFINITY);
  }

  /**
   * Sets a line of text that is cut where it would be wider than {@code room} pixels, which an
   * ellipsis then shows.
   *
   * @param x of the point that the style says
   * @param baseline y of the line that letters stand on
   * @param text any; it is shown on one line
   * @param style its font, colour and alignment
   * @param room pixels that it may take
   */
  public void text(double x, double baseline, String text, TextStyle style, double room) {
    turned(x, baseline, text, style, room, 0);
  }

  /**
   * Sets a line of text that is turned about its place.
   *
   * @param x of the point that the style says
   * @param baseline y of the line that letters stand on
   * @param text any; it is shown on one line
   * @param style its font, colour and alignment
   * @param room pixels that it may take
   * @param degrees clockwise
   */
  public void turned(
      double x, double baseline, String text, TextStyle style, double room, double degrees) {
    marks.add(new Mark.Label(x, baseline, text, style, room, degrees));
  }

  /**
   * Puts an image.
   *
   * @param x left edge in pixels
   * @param y upper edge in pixels
   * @param pixels to put there
   */
  public void image(int x, int y, Pixels pixels) {
    marks.add(new Mark.Image(x, y, pixels));
  }

  /**
   * Puts an image that is one of the picture's panels.
   *
   * @param x left edge in pixels
   * @param y upper edge in pixels
   * @param pixels to put there
   * @param index number of the panel, by which others find it
   * @param title what the panel shows
   */
  public void panel(int x, int y, Pixels pixels, int index, String title) {
    image(x, y, pixels);
    panels.add(new Panel(x, y, pixels.width(), pixels.height(), index, title));
  }

  /**
   * Notes a panel that is drawn otherwise.
   *
   * @param panel where it lies, and what it shows
   */
  public void panel(Panel panel) {
    panels.add(panel);
  }

  /**
   * The picture.
   *
   * @param kind what it is, as {@code show} calls it
   * @param width in pixels
   * @param height in pixels
   * @return the picture, which later marks do not change
   */
  public Picture picture(String kind, int width, int height) {
    return new Picture(kind, width, height, marks, panels);
  }
}
