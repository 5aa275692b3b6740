package org.alexnet.data.loading;

import org.alexnet.random.Philox;
import org.apache.commons.math3.special.Erf;

/**
 * Normal noise on bytes, fast enough for every pixel of every step: eight values come out of one
 * block of Philox, each by 12 bits of its own from a table of the normal distribution's quantiles
 * at the centres of 4096 equal cells (which ends at 3.67 sigma), scaled and rounded to whole pixel
 * units.
 */
public final class ByteNoise {
  /** Of the sigma .05 on a scale of 0..1, in pixel units. */
  private static final double SIGMA = 0.05 * 255;

  private static final int BITS = 12;
  private static final byte[] TABLE = table();

  private ByteNoise() {}

  private static byte[] table() {
    byte[] table = new byte[1 << BITS];
    for (int k = 0; k < table.length; k++) {
      double p = (k + 0.5) / table.length;
      table[k] = (byte) Math.round(SIGMA * Math.sqrt(2) * Erf.erfInv(2 * p - 1));
    }
    return table;
  }

  /**
   * Adds noise to an image and clips it to 0..255. Value v of the image in place p of a batch takes
   * half v mod 2 (low, high) of word v / 2 of the place's own range of blocks.
   *
   * @param words scratch of 4
   */
  public static void add(Philox random, int place, byte[] image, int[] words) {
    long block = place * ((image.length + 7L) / 8);
    int whole = image.length & ~7;
    for (int v = 0; v < whole; v += 8) {
      random.block(block++, words);
      for (int w = 0; w < 4; w++) {
        int at = v + 2 * w;
        image[at] = noisy(image[at], words[w] >>> (16 - BITS));
        image[at + 1] = noisy(image[at + 1], words[w] >>> (32 - BITS));
      }
    }
    if (whole < image.length) {
      random.block(block, words);
      for (int v = whole; v < image.length; v++) {
        int shift = (v & 1) == 0 ? 16 - BITS : 32 - BITS;
        image[v] = noisy(image[v], words[(v - whole) / 2] >>> shift);
      }
    }
  }

  private static byte noisy(byte pixel, int bits) {
    int value = (pixel & 0xFF) + TABLE[bits & ((1 << BITS) - 1)];
    return (byte) Math.max(0, Math.min(255, value));
  }
}
