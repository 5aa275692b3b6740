package org.alexnet.pictures.chart;

import java.util.List;
import java.util.stream.IntStream;
import org.alexnet.pictures.drawing.Align;
import org.alexnet.pictures.drawing.ColourMap;
import org.alexnet.pictures.drawing.Drawing;
import org.alexnet.pictures.drawing.Panel;
import org.alexnet.pictures.drawing.Pixels;
import org.alexnet.pictures.drawing.TextStyle;

/**
 * Counts in rows and columns with the same names; a cell is the darker the larger its share of its
 * row. Names and numbers are left out where cells have no room for them.
 *
 * @param title what stands above
 * @param rowTitle what the rows are
 * @param columnTitle what the columns are
 * @param names of rows and columns
 * @param counts by row and column
 */
public record MatrixChart(
    String title, String rowTitle, String columnTitle, List<String> names, int[][] counts) {
  private static final int LIGHT = 0xF7F9FB;
  private static final int DARK = 0x1F4E86;
  private static final int WHITE = 0xFFFFFF;

  private static final int MARGIN = 16;
  private static final int SIDE = 480;
  private static final int LARGEST = 44;
  private static final int NUMBERED = 26;
  private static final int NAMED = 12;
  private static final int GAP = 1;
  private static final int NAMES = 130;
  private static final int LETTER = 8;

  /** Small shares are still seen. */
  private static final double GAMMA = 0.6;

  private int cell() {
    return Math.clamp(SIDE / names.size(), 1, LARGEST);
  }

  /** What the longest name needs, about; the text itself is measured when it is set. */
  private int room() {
    int longest = names.stream().mapToInt(String::length).max().orElse(0);
    return cell() >= NAMED ? Math.clamp(longest * LETTER + 12L, 60, NAMES) : 0;
  }

  /** What the same need above the columns, turned by 45 degrees. */
  private int slant() {
    return room() * 3 / 4;
  }

  private int left() {
    return MARGIN + TextStyle.BODY.lineHeight() + room();
  }

  private int top() {
    return MARGIN + TextStyle.HEADING.lineHeight() + TextStyle.BODY.lineHeight() + slant() + 6;
  }

  /**
   * Width of the whole in pixels: names above the last columns lean to the right.
   *
   * @return in pixels
   */
  public int width() {
    return left() + cell() * names.size() + slant() + MARGIN;
  }

  /**
   * Height of the whole in pixels.
   *
   * @return in pixels
   */
  public int height() {
    return top() + cell() * names.size() + MARGIN;
  }

  /**
   * Draws the chart.
   *
   * @param drawing that it becomes part of
   */
  public void draw(Drawing drawing) {
    int n = names.size();
    int side = cell() * n;
    drawing.text(MARGIN, MARGIN + 14, title, TextStyle.HEADING, width() - 2 * MARGIN);
    TextStyle middle = TextStyle.PALE.at(Align.CENTRE);
    drawing.text(left() + side / 2.0, MARGIN + 36, columnTitle, middle);
    drawing.turned(
        MARGIN + 10, top() + side / 2.0, rowTitle, middle, Double.POSITIVE_INFINITY, -90);
    if (cell() < NAMED) { // too many for a mark each
      Pixels cells = Pixels.of(n, n, (column, row) -> colour(share(row, column)));
      drawing.image(left(), top(), cells.enlarged(cell()));
    } else {
      for (int row = 0; row < n; row++) {
        row(drawing, row);
      }
      for (int i = 0; i < n; i++) {
        double at = (i + 0.5) * cell();
        drawing.text(
            left() - 8, top() + at + 4, names.get(i), TextStyle.BODY.at(Align.RIGHT), room() - 8);
        drawing.turned(left() + at + 4, top() - 8, names.get(i), TextStyle.BODY, room() - 8, -45);
      }
    }
    drawing.panel(new Panel(left(), top(), side, side, 0, title));
  }

  private void row(Drawing drawing, int row) {
    int cell = cell();
    for (int column = 0; column < names.size(); column++) {
      int count = counts[row][column];
      double share = share(row, column);
      int x = left() + column * cell;
      int y = top() + row * cell;
      drawing.area(x, y, cell - GAP, cell - GAP, colour(share));
      if (cell >= NUMBERED && count > 0) {
        TextStyle style = TextStyle.SMALL.at(Align.CENTRE);
        drawing.text(
            x + (cell - GAP) / 2.0,
            y + (cell - GAP) / 2.0 + 4,
            Integer.toString(count),
            share > 0.3 ? style.in(WHITE) : style,
            cell - 2);
      }
    }
  }

  /** Of a row that is empty, nothing. */
  private double share(int row, int column) {
    return counts[row][column] / (double) Math.max(1, IntStream.of(counts[row]).sum());
  }

  private static int colour(double share) {
    return ColourMap.between(LIGHT, DARK, Math.pow(share, GAMMA));
  }
}
