package org.alexnet.pictures.chart;

import org.alexnet.pictures.drawing.Stroke;

/**
 * A line of a chart. Values that are no numbers interrupt it.
 *
 * @param xs in ascending order
 * @param ys as many
 * @param dots whether each point is marked, as few points need
 */
public record Series(double[] xs, double[] ys, Stroke stroke, boolean dots) {}
