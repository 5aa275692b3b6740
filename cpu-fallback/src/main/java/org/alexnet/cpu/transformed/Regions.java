package org.alexnet.cpu.transformed;

import java.util.function.IntUnaryOperator;

/**
 * How numbers at points lie one region behind the other, in floats from the first.
 *
 * @param starts start of each region, and the end of the last
 * @param pitches distance between two points of each region
 */
record Regions(int[] starts, int[] pitches) {

  /**
   * @param pitch the distance between two points of a region
   */
  static Regions of(PointTiles tiles, IntUnaryOperator pitch) {
    int[] starts = new int[PointTiles.REGIONS + 1];
    int[] pitches = new int[PointTiles.REGIONS];
    for (int region = 0; region < PointTiles.REGIONS; region++) {
      pitches[region] = pitch.applyAsInt(region);
      starts[region + 1] = starts[region] + tiles.points(region) * pitches[region];
    }
    return new Regions(starts, pitches);
  }

  int start(int region) {
    return starts[region];
  }

  int pitch(int region) {
    return pitches[region];
  }

  /** Floats of all regions. */
  int floats() {
    return starts[PointTiles.REGIONS];
  }
}
