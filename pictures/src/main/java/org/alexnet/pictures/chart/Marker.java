package org.alexnet.pictures.chart;

import org.alexnet.pictures.drawing.Drawing;
import org.alexnet.pictures.drawing.Stroke;

/** What marks the points of a line: all of few, some of many. */
public enum Marker {
  /** Nothing. */
  NONE,
  /** A small square on every point. */
  DOT,
  /** A square. */
  SQUARE,
  /** An upright cross. */
  PLUS,
  /** A slanted cross. */
  CROSS;

  /** Those that tell lines of one colour apart. */
  private static final Marker[] TELLING = {NONE, SQUARE, PLUS, CROSS};

  /** How many lines of one colour can be told apart. */
  public static final int TELLS = TELLING.length;

  private static final int DOT_SIDE = 4;
  private static final int SIDE = 7;
  private static final double PEN = 1.5;

  /**
   * One of those that tell lines of one colour apart.
   *
   * @param index from 0, which is nothing, to {@link #TELLS} - 1
   * @return a marker
   */
  public static Marker telling(int index) {
    return TELLING[index];
  }

  /**
   * Marks a point.
   *
   * @param drawing that it becomes part of
   * @param x of the point
   * @param y of the point
   * @param colour {@code 0xRRGGBB}
   */
  public void draw(Drawing drawing, double x, double y, int colour) {
    double half = SIDE / 2.0;
    Stroke pen = new Stroke(colour, PEN);
    switch (this) {
      case NONE -> {}
      case DOT -> drawing.area(x - DOT_SIDE / 2.0, y - DOT_SIDE / 2.0, DOT_SIDE, DOT_SIDE, colour);
      case SQUARE -> drawing.area(x - half, y - half, SIDE, SIDE, colour);
      case PLUS -> {
        drawing.line(x - half, y, x + half, y, pen);
        drawing.line(x, y - half, x, y + half, pen);
      }
      case CROSS -> {
        drawing.line(x - half, y - half, x + half, y + half, pen);
        drawing.line(x - half, y + half, x + half, y - half, pen);
      }
    }
  }
}
