package org.alexnet.pictures.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class LayerActivityTest {
  @Test
  void unitsAreDeadThatGiveTheSameForEveryImageAndEverywhere() {
    LayerActivity.Sums sums = new LayerActivity.Sums(3);
    sums.add(new float[] {0, 0, 0, 2, 5, 5});
    sums.add(new float[] {0, 0, -1, 2, 5, 5});
    assertEquals(
        new LayerActivity("relu1", 3, 2, 5 / 12.0, -1, 23 / 12.0, 5), sums.activity("relu1"));
  }
}
