package org.alexnet.data.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.Test;

class ResizerTest {

  private static Picture grey(int width, int... values) {
    byte[] plane = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      plane[i] = (byte) values[i];
    }
    return new Picture(width, values.length / width, new byte[][] {plane});
  }

  private static int[] values(Picture picture) {
    int[] values = new int[picture.planes()[0].length];
    for (int i = 0; i < values.length; i++) {
      values[i] = picture.planes()[0][i] & 0xFF;
    }
    return values;
  }

  @Test
  void theSameSizeIsTheSamePicture() {
    Picture picture = grey(2, 1, 2, 3, 4);
    assertSame(picture, Resizer.fit(picture, 2, 2));
  }

  @Test
  void aSinglePixelFillsTheTarget() {
    for (int value : values(Resizer.fit(grey(1, 255), 7, 7))) {
      assertEquals(255, value);
    }
  }

  /** Two pixels grown to four: weights 1, 3/4 1/4, 1/4 3/4, 1. */
  @Test
  void growingIsBilinear() {
    assertArrayEquals(
        new int[] {
          0, 50, 150, 200, 0, 50, 150, 200, 0, 50, 150, 200, 0, 50, 150, 200,
        },
        values(Resizer.fit(grey(2, 0, 200, 0, 200), 4, 4)));
  }

  /**
   * Halving: the inner pixel reads 1/8 3/8 3/8 1/8, the outer ones, cut off at the border, 3/7 3/7
   * 1/7.
   */
  @Test
  void shrinkingReadsEveryPixel() {
    int[] row = {70, 0, 0, 0, 0, 70};
    Picture picture = new Picture(6, 6, new byte[1][36]);
    for (int p = 0; p < 36; p++) {
      picture.planes()[0][p] = (byte) row[p % 6];
    }
    int[] out = values(Resizer.fit(picture, 3, 3));
    assertArrayEquals(new int[] {30, 0, 30, 30, 0, 30, 30, 0, 30}, out);
  }

  @Test
  void theCentreIsCropped() {
    Picture wide = grey(4, 1, 2, 3, 4, 5, 6, 7, 8);
    assertArrayEquals(new int[] {2, 3, 6, 7}, values(Resizer.fit(wide, 2, 2)));
    Picture tall = grey(2, 1, 2, 3, 4, 5, 6, 7, 8);
    assertArrayEquals(new int[] {3, 4, 5, 6}, values(Resizer.fit(tall, 2, 2)));
    assertArrayEquals(new int[] {1, 2, 3, 4}, values(Resizer.fit(wide, 1, 4)));
  }

  /** Each side by itself: two columns become one, and two rows stay. */
  @Test
  void stretchingCropsNothing() {
    Picture wide = grey(4, 10, 10, 30, 30, 50, 50, 70, 70);
    assertArrayEquals(new int[] {13, 27, 53, 67}, values(Resizer.stretch(wide, 2, 2)));
    assertSame(wide, Resizer.stretch(wide, 2, 4));
    Picture square = grey(2, 0, 200, 0, 200);
    assertArrayEquals(
        values(Resizer.fit(square, 4, 4)), values(Resizer.stretch(square, 4, 4)), "as fit");
  }

  @Test
  void anExtremeShapeWorks() {
    Picture line = new Picture(1, 70_000, new byte[1][70_000]);
    line.planes()[0][35_000] = 100;
    Picture fitted = Resizer.fit(line, 64, 64);
    assertEquals(64, fitted.height());
    assertEquals(64, fitted.width());
  }
}
