package org.alexnet.cpu.transformed;

/**
 * The tiles of some images by points: all tiles have products at the finite points, but only those
 * that are whole in a direction have them at its infinity. The points fall into four regions that
 * way, each with a numbering of its tiles of its own.
 *
 * @param scheme gives the points
 * @param rows cut of the columns of an image
 * @param columns cut of the rows of an image
 * @param images how many images
 */
record PointTiles(Scheme scheme, TileRow rows, TileRow columns, int images) {
  /** The regions: finite points, infinity down, infinity across, infinity both ways. */
  static final int REGIONS = 4;

  private static boolean down(int region) {
    return (region & 1) != 0;
  }

  private static boolean across(int region) {
    return (region & 2) != 0;
  }

  static int region(boolean down, boolean across) {
    return (down ? 1 : 0) + (across ? 2 : 0);
  }

  /** Points of a region. */
  int points(int region) {
    return (down(region) ? 1 : scheme.finite()) * (across(region) ? 1 : scheme.finite());
  }

  /** Number of a region's first point; the points of a filter are numbered through. */
  int firstPoint(int region) {
    int first = 0;
    for (int r = 0; r < region; r++) {
      first += points(r);
    }
    return first;
  }

  private int tilesDown(int region) {
    return down(region) ? rows.whole() : rows.tiles();
  }

  private int tilesAcross(int region) {
    return across(region) ? columns.whole() : columns.tiles();
  }

  /** Tiles of a region. */
  int tiles(int region) {
    return images * tilesDown(region) * tilesAcross(region);
  }

  /** Number of a tile in a region. */
  int tile(int region, int image, int row, int column) {
    return (image * tilesDown(region) + row) * tilesAcross(region) + column;
  }

  /** Products of all tiles, in multiples of a product of two numbers a channel and output. */
  long products() {
    long products = 0;
    for (int region = 0; region < REGIONS; region++) {
      products += (long) points(region) * tiles(region);
    }
    return products;
  }
}
