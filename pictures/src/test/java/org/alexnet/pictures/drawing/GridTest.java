package org.alexnet.pictures.drawing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Cells lie apart by the gap, in rows that are full where they can be. */
class GridTest {
  @Test
  void cellsAndEdges() {
    Grid grid = new Grid(12, 20, 3, 40, 30, 5, 7);
    assertEquals(12, grid.x(0));
    assertEquals(12 + 2 * 45, grid.x(5));
    assertEquals(20 + 37, grid.y(5));
    assertEquals(12 + 3 * 45 - 5, grid.right());
    assertEquals(20 + 2 * 37 - 7, grid.bottom(4));
    assertEquals(20 + 30, grid.bottom(3));
  }

  @Test
  void rowsAreFullWhereTheyCanBe() {
    double wider = 8 / 3.0;
    assertEquals(8, Grid.columns(32, 32, wider));
    assertEquals(16, Grid.columns(96, 48, wider));
    assertEquals(16, Grid.columns(64, 64, wider));
    assertEquals(5, Grid.columns(10, 10, 2.5));
    assertEquals(10, Grid.columns(37, 37, wider)); // a prime
    assertEquals(1, Grid.columns(1, 1, wider));
  }
}
