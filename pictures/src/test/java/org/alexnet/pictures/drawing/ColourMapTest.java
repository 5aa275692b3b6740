package org.alexnet.pictures.drawing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Viridis begins, ends and grows lighter as its authors made it. */
class ColourMapTest {
  @Test
  void endsAndMiddle() {
    assertEquals(0x440154, ColourMap.viridis(0));
    assertEquals(0x2A768E, ColourMap.viridis(100 / 255.0));
    assertEquals(0xFDE725, ColourMap.viridis(1));
    assertEquals(ColourMap.viridis(1), ColourMap.viridis(7));
  }

  @Test
  void itGrowsLighter() {
    double before = -1;
    for (int i = 0; i <= 255; i++) {
      int c = ColourMap.viridis(i / 255.0);
      double light = 0.2126 * (c >> 16) + 0.7152 * (c >> 8 & 0xFF) + 0.0722 * (c & 0xFF);
      assertTrue(light > before - 0.5, "step " + i);
      before = light;
    }
  }

  @Test
  void between() {
    assertEquals(0x804020, ColourMap.between(0xFF0000, 0x008040, 0.5));
  }
}
