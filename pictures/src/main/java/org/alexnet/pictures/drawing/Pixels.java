package org.alexnet.pictures.drawing;

import java.util.function.IntBinaryOperator;

/**
 * A small image in memory.
 *
 * @param width columns
 * @param height rows
 * @param rgb {@code 0xRRGGBB}, row by row
 */
public record Pixels(int width, int height, int[] rgb) {
  /** Checks that there are as many colours as pixels, and copies none. */
  public Pixels {
    if (rgb.length != width * height) {
      throw new IllegalArgumentException(
          "%d pixels for %d x %d".formatted(rgb.length, width, height));
    }
  }

  /**
   * An image whose pixels are computed.
   *
   * @param width columns
   * @param height rows
   * @param colour {@code 0xRRGGBB} at (x, y)
   * @return the image
   */
  public static Pixels of(int width, int height, IntBinaryOperator colour) {
    int[] rgb = new int[Math.multiplyExact(width, height)];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = colour.applyAsInt(i % width, i / width);
    }
    return new Pixels(width, height, rgb);
  }

  /**
   * A grey of 0..255.
   *
   * @param value from black, 0, to white
   * @return {@code 0xRRGGBB}
   */
  public static int grey(int value) {
    return value * 0x010101;
  }

  /**
   * A colour of three numbers of 0..255.
   *
   * @param red 0..255
   * @param green 0..255
   * @param blue 0..255
   * @return {@code 0xRRGGBB}
   */
  public static int colour(int red, int green, int blue) {
    return red << 16 | green << 8 | blue;
  }

  /**
   * The pixel at (x, y), {@code 0xRRGGBB}.
   *
   * @param x column, from 0
   * @param y row, from 0
   * @return {@code 0xRRGGBB}
   */
  public int at(int x, int y) {
    return rgb[y * width + x];
  }

  /**
   * Each pixel as a square of {@code factor} by {@code factor} pixels.
   *
   * @param factor at least 1
   * @return an image
   */
  public Pixels enlarged(int factor) {
    return factor == 1
        ? this
        : of(width * factor, height * factor, (x, y) -> at(x / factor, y / factor));
  }

  /**
   * Each square of {@code factor} by {@code factor} pixels as their mean; a rest is cut off.
   *
   * @param factor at least 1
   * @return an image
   */
  public Pixels reduced(int factor) {
    return factor == 1
        ? this
        : of(
            Math.max(1, width / factor),
            Math.max(1, height / factor),
            (x, y) -> mean(x * factor, y * factor, factor));
  }

  private int mean(int left, int top, int factor) {
    int right = Math.min(width, left + factor);
    int bottom = Math.min(height, top + factor);
    long[] sums = new long[3];
    for (int y = top; y < bottom; y++) {
      for (int x = left; x < right; x++) {
        for (int c = 0; c < 3; c++) {
          sums[c] += at(x, y) >> (16 - 8 * c) & 0xFF;
        }
      }
    }
    long count = (long) (right - left) * (bottom - top);
    return colour(
        (int) ((sums[0] + count / 2) / count),
        (int) ((sums[1] + count / 2) / count),
        (int) ((sums[2] + count / 2) / count));
  }

  /**
   * Enlarged or reduced by a whole factor so that its longer side is near {@code side}: small
   * images at least that large where they are enlarged, large ones below twice as large.
   *
   * @param side of the longer side, in pixels
   * @return an image
   */
  public Pixels fitted(int side) {
    int longer = Math.max(width, height);
    return longer <= side ? enlarged(Math.ceilDiv(side, longer)) : reduced(longer / side);
  }
}
