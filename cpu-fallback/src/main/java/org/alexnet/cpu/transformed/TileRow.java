package org.alexnet.cpu.transformed;

/**
 * A cut of the outputs in a row (or column) of an image into whole tiles and, behind them, tiles
 * that are smaller by one.
 *
 * @param outputs outputs there are; the last tile may overhang
 * @param size outputs of a whole tile
 * @param whole whole tiles
 * @param inner smaller tiles
 */
public record TileRow(int outputs, int size, int whole, int inner) {

  /** The cut with the fewest products. */
  static TileRow of(int outputs, Scheme scheme) {
    TileRow best = null;
    for (int whole = 0; whole <= Math.ceilDiv(outputs, scheme.outputs()); whole++) {
      int rest = Math.max(0, outputs - whole * scheme.outputs());
      int inner = Math.ceilDiv(rest, scheme.outputs() - 1);
      TileRow row = new TileRow(outputs, scheme.outputs(), whole, inner);
      if (best == null || row.products(scheme) < best.products(scheme)) {
        best = row;
      }
    }
    return best;
  }

  private int products(Scheme scheme) {
    return whole * scheme.points() + inner * scheme.finite();
  }

  int tiles() {
    return whole + inner;
  }

  boolean isWhole(int tile) {
    return tile < whole;
  }

  /** First output of a tile. */
  int start(int tile) {
    return tile * size - Math.max(0, tile - whole);
  }

  /** Outputs that a tile computes. */
  int length(int tile) {
    return isWhole(tile) ? size : size - 1;
  }

  /** Outputs of a tile that exist. */
  int valid(int tile) {
    return Math.min(length(tile), outputs - start(tile));
  }

  /** Outputs of all tiles, those that do not exist included. */
  int computed() {
    return start(tiles() - 1) + length(tiles() - 1);
  }
}
