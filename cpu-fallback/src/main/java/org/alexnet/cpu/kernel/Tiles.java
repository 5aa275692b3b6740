package org.alexnet.cpu.kernel;

/** Small movements of matrix blocks. */
public final class Tiles {
  private Tiles() {}

  /** Copies a block of rows and columns. */
  public static void copy(
      float[] m, int from, int ldFrom, int to, int ldTo, int rows, int tileWidth) {
    for (int i = 0; i < rows; i++) {
      System.arraycopy(m, from + i * ldFrom, m, to + i * ldTo, tileWidth);
    }
  }

  /**
   * Packs rows for a tile, row innermost: {@code to[k * height + i] = from[i * ldFrom + k]}; rows
   * that do not exist become 0.
   */
  public static void packRows(
      float[] m, int from, int ldFrom, int valid, int height, int length, int to) {
    for (int i = 0; i < valid; i++) {
      int p = to + i;
      int q = from + i * ldFrom;
      for (int k = 0; k < length; k++) {
        m[p] = m[q + k];
        p += height;
      }
    }
    for (int i = valid; i < height; i++) {
      for (int k = 0; k < length; k++) {
        m[to + k * height + i] = 0;
      }
    }
  }

  /** The sum of values, from the first to the last. */
  public static float sum(float[] m, int from, int n) {
    double sum = 0;
    for (int i = from; i < from + n; i++) {
      sum += m[i];
    }
    return (float) sum;
  }

  /** Packs columns for a tile: rows of {@code columns} floats, padded with 0 beyond the width. */
  public static void packColumns(
      float[] m, int from, int ldFrom, int rows, int width, int tileWidth, int to) {
    for (int k = 0; k < rows; k++) {
      System.arraycopy(m, from + k * ldFrom, m, to + k * tileWidth, width);
      for (int j = width; j < tileWidth; j++) {
        m[to + k * tileWidth + j] = 0;
      }
    }
  }
}
