package org.alexnet.pictures.drawing;

import java.util.ArrayList;
import java.util.List;

/** A picture in the making: marks in the order in which they cover each other, and panels. */
public final class Drawing {
  private final List<Mark> marks = new ArrayList<>();
  private final List<Panel> panels = new ArrayList<>();

  /** Nothing as yet. */
  public Drawing() {}

  /** Fills a rectangle. */
  public void area(double x, double y, double width, double height, int colour) {
    marks.add(new Mark.Area(x, y, width, height, colour));
  }

  /** Draws a straight line. */
  public void line(double x1, double y1, double x2, double y2, Stroke stroke) {
    path(new double[] {x1, x2}, new double[] {y1, y2}, stroke);
  }

  /** Draws connected straight lines; the arrays are not copied. */
  public void path(double[] xs, double[] ys, Stroke stroke) {
    marks.add(new Mark.Line(xs, ys, stroke));
  }

  /**
   * Sets a line of text.
   *
   * @param x of the point that the style says
   * @param baseline y of the line that letters stand on
   */
  public void text(double x, double baseline, String text, TextStyle style) {
    text(x, baseline, text, style, Double.POSITIVE_INFINITY);
  }

  /**
   * Sets a line of text that is cut where it would be wider than {@code room} pixels, which an
   * ellipsis then shows.
   */
  public void text(double x, double baseline, String text, TextStyle style, double room) {
    turned(x, baseline, text, style, room, 0);
  }

  /**
   * Sets a line of text that is turned about its place.
   *
   * @param degrees clockwise
   */
  public void turned(
      double x, double baseline, String text, TextStyle style, double room, double degrees) {
    marks.add(new Mark.Label(x, baseline, text, style, room, degrees));
  }

  /** Puts an image. */
  public void image(int x, int y, Pixels pixels) {
    marks.add(new Mark.Image(x, y, pixels));
  }

  /** Puts an image that is one of the picture's panels. */
  public void panel(int x, int y, Pixels pixels, int index, String title) {
    image(x, y, pixels);
    panels.add(new Panel(x, y, pixels.width(), pixels.height(), index, title));
  }

  /** Notes a panel that is drawn otherwise. */
  public void panel(Panel panel) {
    panels.add(panel);
  }

  /**
   * The picture.
   *
   * @param kind what it is, as {@code show} calls it
   */
  public Picture picture(String kind, int width, int height) {
    return new Picture(kind, width, height, marks, panels);
  }
}
