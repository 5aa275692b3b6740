package org.alexnet.pictures.drawing;

/**
 * Cells of one size in rows and columns.
 *
 * @param left x of the first cell
 * @param top y of the first cell
 * @param columns cells in a row
 * @param cellWidth width of a cell in pixels
 * @param cellHeight height of a cell in pixels
 * @param gapX from one cell to the next in a row
 * @param gapY from one row to the next
 */
public record Grid(
    int left, int top, int columns, int cellWidth, int cellHeight, int gapX, int gapY) {

  /**
   * The left edge of cell {@code i}.
   *
   * @param i number of the cell, from 0
   * @return x of its left edge
   */
  public int x(int i) {
    return left + i % columns * (cellWidth + gapX);
  }

  /**
   * The upper edge of cell {@code i}.
   *
   * @param i number of the cell, from 0
   * @return y of its upper edge
   */
  public int y(int i) {
    return top + i / columns * (cellHeight + gapY);
  }

  /**
   * The right edge of the last column.
   *
   * @return x of the right edge of the last column
   */
  public int right() {
    return left + columns * (cellWidth + gapX) - gapX;
  }

  /**
   * The lower edge of the last row of {@code cells} cells.
   *
   * @param cells how many there are
   * @return y of the lower edge of the last row
   */
  public int bottom(int cells) {
    return top + Math.ceilDiv(cells, columns) * (cellHeight + gapY) - gapY;
  }

  /**
   * Cells in a row for a picture that is wider than high: of the numbers near, one that fills all
   * rows where there is one.
   *
   * @param cells of all blocks together
   * @param block cells that begin with a row of their own
   * @param wider width of the whole for a height of 1, cells being square
   * @return columns for them
   */
  public static int columns(int cells, int block, double wider) {
    double wanted = Math.sqrt(wider * cells);
    int best = Math.clamp(Math.round(wanted), 1, block);
    double distance = Double.POSITIVE_INFINITY;
    for (int c = (int) Math.ceil(wanted / 1.5); c <= Math.min(block, wanted * 1.5); c++) {
      double off = Math.abs(Math.log(c / wanted));
      if (block % c == 0 && off < distance) {
        best = c;
        distance = off;
      }
    }
    return best;
  }
}
