package org.alexnet.cpu.transformed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.alexnet.network.Window;
import org.alexnet.program.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Which convolutions are transformed, and how their maps are cut into tiles. */
class TransformedShapeTest {

  /** The layers of the 2012 network: edge of the map, and what a direct product does for each. */
  @ParameterizedTest
  @CsvSource({
    "3, 227, 11, 4, 0, 1, 96, 55, F6_3, 4.07",
    "96, 27, 5, 1, 2, 2, 256, 27, F4_5, 6.0",
    "256, 13, 3, 1, 1, 1, 384, 13, F5_3, 4.2",
    "384, 13, 3, 1, 1, 2, 384, 13, F5_3, 4.2",
    "384, 13, 3, 1, 1, 2, 256, 13, F5_3, 4.2",
    // and of the small one
    "32, 16, 3, 1, 1, 1, 64, 16, F6_3, 4.76",
    "64, 8, 3, 1, 1, 1, 128, 8, F5_3, 4.0",
  })
  void theLayersAreTransformed(
      int c,
      int edge,
      int kernel,
      int stride,
      int pad,
      int groups,
      int k,
      int out,
      String scheme,
      double saving) {
    TransformedShape shape =
        TransformedShape.forward(
                new Shape(128, c, edge, edge),
                new Shape(128, k, out, out),
                new Window(kernel, stride, pad),
                groups)
            .orElseThrow();
    assertEquals(scheme, shape.scheme().name());
    assertEquals(saving, shape.saving(), 0.06);
  }

  /** A split of the channels over devices, or other threads, must not change the arithmetic. */
  @Test
  void aGroupByItselfIsTransformedLikeAllOfThem() {
    Optional<TransformedShape> whole = conv(128, 96, 256, 2);
    Optional<TransformedShape> half = conv(128, 48, 128, 1);
    assertEquals(whole.orElseThrow().scheme(), half.orElseThrow().scheme());
    assertEquals(whole.get().saving(), half.get().saving());
  }

  private static Optional<TransformedShape> conv(int images, int c, int k, int groups) {
    return TransformedShape.forward(
        new Shape(images, c, 27, 27), new Shape(images, k, 27, 27), new Window(5, 1, 2), groups);
  }

  @Test
  void whatTransformsDoNotFitIsDirect() {
    assertTrue(conv(7, 96, 256, 2).isEmpty(), "few images");
    assertTrue(conv(8, 24, 32, 1).isEmpty(), "24 channels");
    assertTrue(conv(8, 32, 40, 1).isEmpty(), "40 filters");
    assertTrue(
        TransformedShape.forward(
                new Shape(8, 16, 9, 9), new Shape(8, 16, 9, 9), new Window(1, 1, 0), 1)
            .isEmpty(),
        "1x1");
    assertTrue(
        TransformedShape.forward(
                new Shape(8, 16, 3, 3), new Shape(8, 16, 1, 1), new Window(3, 1, 0), 1)
            .isEmpty(),
        "one pixel");
    assertTrue(
        TransformedShape.backward(
                new Shape(8, 16, 5, 5), new Shape(8, 16, 11, 11), new Window(3, 2, 0), 1)
            .isEmpty(),
        "the gradient of a stride");
    assertTrue(
        TransformedShape.forward(
                new Shape(8, 4096, 9, 9), new Shape(8, 4096, 9, 9), new Window(3, 1, 1), 1)
            .isEmpty(),
        "filters beyond what can be addressed");
    assertTrue(
        TransformedShape.forward(
                new Shape(8, 64, 1500, 1500), new Shape(8, 64, 1500, 1500), new Window(3, 1, 1), 1)
            .isEmpty(),
        "images beyond what can be addressed");
  }

  /** Tiles follow one another and cover every output once, whole ones first. */
  @ParameterizedTest
  @EnumSource
  void tilesCoverEveryOutputOnce(Scheme scheme) {
    for (int outputs = 1; outputs < 70; outputs++) {
      TileRow row = TileRow.of(outputs, scheme);
      int next = 0;
      for (int tile = 0; tile < row.tiles(); tile++) {
        assertEquals(next, row.start(tile));
        assertEquals(scheme.outputs() - (row.isWhole(tile) ? 0 : 1), row.length(tile));
        assertTrue(row.valid(tile) >= 1 && row.valid(tile) <= row.length(tile));
        next += row.valid(tile);
      }
      assertEquals(outputs, next);
      assertTrue(row.computed() >= outputs);
    }
  }

  /** Every tile of a region has a number of its own, and no number is left out. */
  @Test
  void tilesOfARegionAreNumberedThrough() {
    PointTiles tiles =
        new PointTiles(Scheme.F5_3, TileRow.of(13, Scheme.F5_3), TileRow.of(14, Scheme.F5_3), 3);
    int points = 0;
    for (int region = 0; region < PointTiles.REGIONS; region++) {
      assertEquals(points, tiles.firstPoint(region));
      points += tiles.points(region);
      int next = 0;
      for (int image = 0; image < 3; image++) {
        for (int row = 0; row < tiles.rows().tiles(); row++) {
          for (int column = 0; column < tiles.columns().tiles(); column++) {
            boolean down = region % 2 == 0 || tiles.rows().isWhole(row);
            boolean across = region < 2 || tiles.columns().isWhole(column);
            if (down && across) {
              assertEquals(next++, tiles.tile(region, image, row, column));
            }
          }
        }
      }
      assertEquals(next, tiles.tiles(region));
    }
    assertEquals(Scheme.F5_3.filterPoints(), points);
  }
}
