package org.alexnet.random;

import java.nio.charset.StandardCharsets;

/**
 * The counter-based generator Philox 4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random
 * numbers: as easy as 1, 2, 3", SC 2011).
 *
 * <p>The key is the seed. The counter of an element is (element / 4 low, element / 4 high, step,
 * stream), and the element takes word {@code element mod 4} of the four that come out. A value
 * therefore depends on seed, stream, step and element alone, and never on the thread, device or
 * order in which it is drawn.
 */
public final class Philox {
  private static final int M0 = 0xD2511F53;
  private static final int M1 = 0xCD9E8D57;
  private static final int W0 = 0x9E3779B9;
  private static final int W1 = 0xBB67AE85;

  private final int key0;
  private final int key1;
  private final int step;
  private final int stream;

  /**
   * Numbers for one purpose in one step.
   *
   * @param seed the key, low word first
   * @param step the training step or epoch, as the purpose requires
   * @param stream what the numbers are for, see {@link #stream(String)}
   */
  public Philox(long seed, int step, int stream) {
    this.key0 = (int) seed;
    this.key1 = (int) (seed >>> 32);
    this.step = step;
    this.stream = stream;
  }

  /**
   * {@return the number of a named stream, such as {@code dropout/drop1}: the FNV-1a hash of its
   * UTF-8}
   *
   * @param name of what the numbers are for
   */
  public static int stream(String name) {
    int hash = 0x811C9DC5;
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xFF)) * 0x01000193;
    }
    return hash;
  }

  /**
   * {@return the 32 random bits of one element}
   *
   * @param element from 0
   */
  public int word(long element) {
    int[] block = new int[4];
    block(element >>> 2, block);
    return block[(int) (element & 3)];
  }

  /**
   * The four words of elements {@code 4 * index} to {@code 4 * index + 3}.
   *
   * @param index from 0
   * @param out of four words, which are replaced
   */
  public void block(long index, int[] out) {
    int c0 = (int) index;
    int c1 = (int) (index >>> 32);
    int c2 = step;
    int c3 = stream;
    int k0 = key0;
    int k1 = key1;
    for (int round = 0; round < 10; round++) {
      long p0 = (M0 & 0xFFFFFFFFL) * (c0 & 0xFFFFFFFFL);
      long p1 = (M1 & 0xFFFFFFFFL) * (c2 & 0xFFFFFFFFL);
      int n0 = (int) (p1 >>> 32) ^ c1 ^ k0;
      int n2 = (int) (p0 >>> 32) ^ c3 ^ k1;
      c1 = (int) p1;
      c3 = (int) p0;
      c0 = n0;
      c2 = n2;
      k0 += W0;
      k1 += W1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
  }

  /**
   * {@return a uniform number in the open interval (0, 1): the centre of one of 2^32 equal cells}
   *
   * @param element from 0
   */
  public double uniform(long element) {
    return uniform(word(element));
  }

  /**
   * {@return the uniform number in (0, 1) that a word stands for}
   *
   * @param word of 32 random bits
   */
  public static double uniform(int word) {
    return ((word & 0xFFFFFFFFL) + 0.5) * 0x1p-32;
  }

  /**
   * {@return a uniform integer in [0, bound), by the high half of a product; the bias is below
   * 2^-32}
   *
   * @param element from 0
   * @param bound at least 1
   */
  public int below(long element, int bound) {
    return (int) (((word(element) & 0xFFFFFFFFL) * bound) >>> 32);
  }

  /**
   * {@return a standard normal number, by inverting the distribution function at {@link
   * #uniform(long)}}
   *
   * @param element from 0
   */
  public double normal(long element) {
    return normal(uniform(element));
  }

  /**
   * {@return the standard normal number that a uniform number in (0, 1) stands for}
   *
   * @param uniform in (0, 1)
   */
  public static double normal(double uniform) {
    return Normals.quantile(uniform);
  }
}
