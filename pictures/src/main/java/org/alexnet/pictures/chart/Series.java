package org.alexnet.pictures.chart;

import org.alexnet.pictures.drawing.Stroke;

/**
 * A line of a chart. Values that are no numbers interrupt it.
 *
 * @param xs in ascending order
 * @param ys as many
 * @param stroke how the line is drawn
 * @param marker of its points, of which many are not all marked unless by dots
 */
public record Series(double[] xs, double[] ys, Stroke stroke, Marker marker) {
  /**
   * The same line with another marker.
   *
   * @param other of its points
   * @return the line with it
   */
  public Series with(Marker other) {
    return new Series(xs, ys, stroke, other);
  }
}
