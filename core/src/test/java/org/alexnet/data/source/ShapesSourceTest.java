package org.alexnet.data.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.alexnet.data.Batch;
import org.alexnet.data.ImageSource;
import org.alexnet.data.TestImages;
import org.alexnet.random.Philox;
import org.junit.jupiter.api.Test;

class ShapesSourceTest {

  @Test
  void labelsGoRoundTheTenClasses() {
    ImageSource shapes = ShapesSource.of(23, 1, "train");
    assertEquals(23, shapes.size());
    assertEquals(new Batch.Format(3, 32, 32, false), shapes.format());
    assertEquals(10, shapes.classNames().size());
    assertEquals("H-Stripes", shapes.classNames().get(0));
    assertEquals("Solid", shapes.classNames().get(9));
    assertTrue(shapes.labelled());
    for (int i = 0; i < 23; i++) {
      assertEquals(i % 10, shapes.label(i));
    }
  }

  @Test
  void anImageDependsOnSeedPartAndNumberAlone() {
    ImageSource few = ShapesSource.of(10, 7, "train");
    ImageSource many = ShapesSource.of(30, 7, "train");
    for (int i = 0; i < 10; i++) {
      assertArrayEquals(TestImages.read(few, i), TestImages.read(many, i));
    }
    byte[] image = TestImages.read(few, 3);
    assertFalse(Arrays.equals(image, TestImages.read(many, 13)));
    assertFalse(Arrays.equals(image, TestImages.read(ShapesSource.of(10, 8, "train"), 3)));
    assertFalse(Arrays.equals(image, TestImages.read(ShapesSource.of(10, 7, "validation"), 3)));
  }

  /** The mean over a figure is its colour and over the ground 0, but for noise and clipping. */
  @Test
  void figuresHaveOneColourOnBlackGround() {
    ImageSource shapes = ShapesSource.of(40, 5, "train");
    Philox random = new Philox(5, 0, Philox.stream("shapes/train"));
    for (int i = 0; i < 40; i++) {
      if (i % 10 > 7) {
        continue;
      }
      byte[] image = TestImages.read(shapes, i);
      for (int c = 0; c < 3; c++) {
        double[] sum = new double[2];
        int[] count = new int[2];
        for (int p = 0; p < 1024; p++) {
          int on = ShapesSource.covers(i % 10, p / 32, p % 32) ? 1 : 0;
          sum[on] += (image[c * 1024 + p] & 0xFF) / 255.0;
          count[on]++;
        }
        // Clipped noise about 0 has the mean .1 / sqrt(2 pi) = .04.
        assertEquals(0.04, sum[0] / count[0], 0.02);
        double colour = random.uniform(i * 8192L + c);
        assertEquals(colour, sum[1] / count[1], 0.06);
      }
    }
  }

  @Test
  void figuresAreAsDescribed() {
    int[] covered = new int[8];
    for (int label = 0; label < 8; label++) {
      for (int p = 0; p < 1024; p++) {
        covered[label] += ShapesSource.covers(label, p / 32, p % 32) ? 1 : 0;
      }
    }
    // The disc has the lattice points of radius 10; row i of the triangle 2 (i / 2) + 1 pixels.
    assertArrayEquals(new int[] {512, 512, 512, 512, 317, 256, 348, 512}, covered);
    assertTrue(ShapesSource.covers(0, 1, 31) && !ShapesSource.covers(0, 2, 0));
    assertTrue(ShapesSource.covers(1, 31, 1) && !ShapesSource.covers(1, 0, 2));
    assertTrue(ShapesSource.covers(7, 31, 1) && !ShapesSource.covers(7, 31, 0));
    assertTrue(ShapesSource.covers(7, 0, 16) && !ShapesSource.covers(7, 1, 17));
  }

  @Test
  void wrongArgumentsAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> ShapesSource.of(0, 1, "train"));
    assertThrows(IllegalArgumentException.class, () -> ShapesSource.of(10, 1, "test"));
  }
}
