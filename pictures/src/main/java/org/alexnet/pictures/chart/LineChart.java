package org.alexnet.pictures.chart;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.DoubleStream;
import org.alexnet.pictures.drawing.Align;
import org.alexnet.pictures.drawing.Drawing;
import org.alexnet.pictures.drawing.Panel;
import org.alexnet.pictures.drawing.Stroke;
import org.alexnet.pictures.drawing.TextStyle;

/**
 * Lines over a common axis.
 *
 * @param title what stands above
 * @param xTitle what stands below
 * @param unit what follows the numbers of the upright axis, such as {@code " %"}
 * @param series the lines, the later over the earlier
 */
public record LineChart(String title, String xTitle, String unit, List<Series> series) {
  /** What numbers and titles need beside the lines, in pixels. */
  public static final int LEFT = 48;

  /** What the title needs above the lines, in pixels. */
  public static final int TOP = 28;

  /** What numbers and the axis' title need below the lines, in pixels. */
  public static final int BOTTOM = 42;

  private static final Stroke GRID = new Stroke(0xE4E7EB, 1);
  private static final Stroke AXIS = new Stroke(0x9AA3AD, 1);
  private static final int ACROSS_A_TICK = 52;
  private static final int UP_A_TICK = 40;
  private static final int MOST_MARKERS = 10;

  /**
   * Draws the chart.
   *
   * @param drawing that it becomes part of
   * @param x left end of the horizontal axis
   * @param y upper end of the upright one
   * @param width of the horizontal axis
   * @param height of the upright one
   * @param index of the panel that it becomes
   */
  public void draw(Drawing drawing, int x, int y, int width, int height, int index) {
    Ticks across = xTicks(width);
    Ticks up = yTicks(height);
    drawing.text(x, y - 12, title, TextStyle.HEADING);
    for (double tick : up.values()) {
      double at = snapped(y + height - height * (tick - up.first()) / (up.last() - up.first()));
      drawing.line(x, at, x + width, at, tick == up.first() ? AXIS : GRID);
      drawing.text(x - 7, at + 4, up.text(tick) + unit, TextStyle.PALE.at(Align.RIGHT));
    }
    for (double tick : across.values()) {
      double at = snapped(x + width * (tick - across.first()) / (across.last() - across.first()));
      drawing.line(at, y + height, at, y + height + 4, AXIS);
      drawing.text(at, y + height + 18, across.text(tick), TextStyle.PALE.at(Align.CENTRE));
    }
    drawing.text(x + width / 2.0, y + height + 36, xTitle, TextStyle.PALE.at(Align.CENTRE));
    for (Series line : series) {
      double[] xs =
          Arrays.stream(line.xs())
              .map(v -> x + width * (v - across.first()) / (across.last() - across.first()))
              .toArray();
      double[] ys =
          Arrays.stream(line.ys())
              .map(v -> y + height - height * (v - up.first()) / (up.last() - up.first()))
              .toArray();
      draw(drawing, line, xs, ys);
    }
    drawing.panel(new Panel(x, y, width, height, index, title));
  }

  /** Lines of one pixel are sharp on the middle of a pixel. */
  private static double snapped(double at) {
    return Math.floor(at) + 0.5;
  }

  private Ticks xTicks(int width) {
    double most = values(Series::xs).max().orElse(1);
    return Ticks.of(0, Math.max(1, most), width / ACROSS_A_TICK, 1);
  }

  private Ticks yTicks(int height) {
    double least = values(Series::ys).min().orElse(0);
    double most = values(Series::ys).max().orElse(1);
    double from = least < most / 2 ? 0 : least;
    return Ticks.of(from, most, height / UP_A_TICK, 0);
  }

  private DoubleStream values(Function<Series, double[]> of) {
    return series.stream()
        .flatMapToDouble(s -> Arrays.stream(of.apply(s)))
        .filter(Double::isFinite);
  }

  private static void draw(Drawing drawing, Series line, double[] xs, double[] ys) {
    int every = Math.max(1, Math.ceilDiv(ys.length, MOST_MARKERS));
    int from = 0;
    for (int i = 0; i <= ys.length; i++) {
      if (i == ys.length || !Double.isFinite(ys[i])) {
        if (i - from > 1) {
          drawing.path(
              Arrays.copyOfRange(xs, from, i), Arrays.copyOfRange(ys, from, i), line.stroke());
        }
        from = i + 1;
      } else if (line.marker() == Marker.DOT || i % every == 0 || i == ys.length - 1) {
        line.marker().draw(drawing, xs[i], ys[i], line.stroke().colour());
      }
    }
  }
}
