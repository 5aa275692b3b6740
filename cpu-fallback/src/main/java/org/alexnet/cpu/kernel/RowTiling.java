package org.alexnet.cpu.kernel;

/**
 * A cut of rows into tiles of the heights there are, wasting as few rows as possible.
 *
 * @param starts first row of each tile
 * @param heights height of the tile that computes it; the last may overhang
 * @param rows rows there are
 */
public record RowTiling(int[] starts, int[] heights, int rows) {

  public static RowTiling of(int rows, int[] heights) {
    int tall = heights[0];
    int small = heights[heights.length - 1];
    int best = Integer.MAX_VALUE;
    int smalls = 0;
    int talls = 0;
    for (int s = 0; s <= tall; s++) {
      int t = Math.max(0, Math.ceilDiv(rows - s * small, tall));
      // A small tile loads its columns for fewer rows; half a row stands for that.
      int cost = 2 * (t * tall + s * small) + s;
      if (t * tall + s * small >= rows && cost < best) {
        best = cost;
        smalls = s;
        talls = t;
      }
    }
    int[] starts = new int[talls + smalls];
    int[] chosen = new int[talls + smalls];
    int start = 0;
    for (int i = 0; i < chosen.length; i++) {
      starts[i] = start;
      chosen[i] = i < talls ? tall : small;
      start += chosen[i];
    }
    return new RowTiling(starts, chosen, rows);
  }

  public int tiles() {
    return starts.length;
  }

  /** Rows of a tile that exist. */
  public int valid(int tile) {
    return Math.min(heights[tile], rows - starts[tile]);
  }

  /** Rows of all tiles, those that do not exist included. */
  public int computed() {
    return starts[tiles() - 1] + heights[tiles() - 1];
  }
}
