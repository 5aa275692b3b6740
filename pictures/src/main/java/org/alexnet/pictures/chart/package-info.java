/**
 * Charts: {@link org.alexnet.pictures.chart.LineChart} and {@link
 * org.alexnet.pictures.chart.MatrixChart} put axes, lines and cells into a {@link
 * org.alexnet.pictures.drawing.Drawing}. What the numbers mean is for those who call them.
 */
package org.alexnet.pictures.chart;
