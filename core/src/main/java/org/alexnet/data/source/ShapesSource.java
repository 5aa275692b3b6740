package org.alexnet.data.source;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.alexnet.data.Batch;
import org.alexnet.data.ImageSource;
import org.alexnet.data.Parallel;
import org.alexnet.random.Philox;
import org.apache.commons.math3.special.Erf;

/**
 * The built-in synthetic set: ten patterns of 3x32x32 bytes, image {@code i} of class {@code i mod
 * 10}.
 *
 * <p>A pattern of 0 and 1 (uniform noise for the class Noise, .7 for Solid) is multiplied by one
 * random colour of U(0,1)^3, N(0, .1^2) is added to every value, and the result is clipped to
 * [0,1]. The noise is drawn from 8192 equally probable values. An image depends on the seed, the
 * part and its number alone, so that a larger set begins with the smaller one.
 */
final class ShapesSource implements ImageSource {
  private static final int SIZE = 32;
  private static final int PLANE = SIZE * SIZE;
  private static final Batch.Format FORMAT = new Batch.Format(3, SIZE, SIZE, false);
  private static final List<String> CLASSES =
      List.of(
          "H-Stripes",
          "V-Stripes",
          "Diagonal",
          "Checker",
          "Circle",
          "Square",
          "Cross",
          "Triangle",
          "Noise",
          "Solid");
  private static final int NOISE = 8;
  private static final double SOLID = 0.7;
  private static final double SIGMA = 0.1;

  /** Random elements set aside for an image, and where in them colour, pattern and noise begin. */
  private static final long ELEMENTS = 8192;

  private static final int COLOUR_AT = 0;
  private static final int PATTERN_AT = 1024;
  private static final int NOISE_AT = 4096;

  /** Noise by the leading bits of its word, at the centres of equally probable cells. */
  private static final int QUANTILE_BITS = 13;

  private static final int SHIFT = Integer.SIZE - QUANTILE_BITS;

  private static final double[] QUANTILES = quantiles();

  private static final double[][] FIGURES = figures();

  private final String description;
  private final byte[][] images;

  private ShapesSource(String description, byte[][] images) {
    this.description = description;
    this.images = images;
  }

  /**
   * Generates {@code n} images.
   *
   * @param n at least 1
   * @param seed of the run
   * @param part {@code train} or {@code validation}: two streams of the same seed
   * @return images of 3 x 32 x 32 pixels with their labels
   */
  static ImageSource of(int n, long seed, String part) {
    if (n < 1) {
      throw new IllegalArgumentException(n + " images of shapes: at least one is needed");
    }
    if (!part.equals("train") && !part.equals("validation")) {
      throw new IllegalArgumentException("shapes have train and validation, not '" + part + "'");
    }
    Philox random = new Philox(seed, 0, Philox.stream("shapes/" + part));
    byte[][] images = new byte[n][];
    Parallel.forEach(
        n, Runtime.getRuntime().availableProcessors(), i -> images[i] = draw(random, i));
    return new ShapesSource("shapes (%s, %d images)".formatted(part, n), images);
  }

  private static double[] quantiles() {
    double[] quantiles = new double[1 << QUANTILE_BITS];
    for (int i = 0; i < quantiles.length; i++) {
      double p = (i + 0.5) / quantiles.length;
      quantiles[i] = SIGMA * Math.sqrt(2) * Erf.erfInv(2 * p - 1);
    }
    return quantiles;
  }

  private static double[][] figures() {
    double[][] figures = new double[NOISE][PLANE];
    for (int label = 0; label < NOISE; label++) {
      for (int p = 0; p < PLANE; p++) {
        figures[label][p] = covers(label, p / SIZE, p % SIZE) ? 1 : 0;
      }
    }
    return figures;
  }

  private static byte[] draw(Philox random, int i) {
    long first = i * ELEMENTS;
    byte[] image = new byte[FORMAT.values()];
    double[] pattern = pattern(i % CLASSES.size(), random, first + PATTERN_AT);
    for (int c = 0; c < 3; c++) {
      double colour = random.uniform(first + COLOUR_AT + c);
      for (int p = 0; p < PLANE; p += SIZE) {
        row(random, first + NOISE_AT, pattern, p, colour, image, c * PLANE + p);
      }
    }
    return image;
  }

  private static double[] pattern(int label, Philox random, long noise) {
    if (label < NOISE) {
      return FIGURES[label];
    }
    double[] pattern = new double[PLANE];
    for (int p = 0; p < PLANE; p++) {
      pattern[p] = label == NOISE ? random.uniform(noise + p) : SOLID;
    }
    return pattern;
  }

  /** A row at a time, so that the JIT compiler has it at once and need not enter a long loop. */
  private static void row(
      Philox random, long noise, double[] pattern, int p, double colour, byte[] image, int at) {
    int[] words = new int[4];
    for (int x = 0; x < SIZE; x++) {
      if (x % 4 == 0) {
        random.block((noise + at + x) / 4, words);
      }
      double value = pattern[p + x] * colour + QUANTILES[words[x % 4] >>> SHIFT];
      image[at + x] = (byte) Math.round(255 * Math.clamp(value, 0, 1));
    }
  }

  /** Whether the figure of a class covers a pixel. */
  static boolean covers(int label, int y, int x) {
    return switch (label) {
      case 0 -> y % 4 < 2;
      case 1 -> x % 4 < 2;
      case 2 -> (x + y) % 4 < 2;
      case 3 -> (x / 4 + y / 4) % 2 == 0;
      case 4 -> (x - 16) * (x - 16) + (y - 16) * (y - 16) <= 100;
      case 5 -> 8 <= x && x <= 23 && 8 <= y && y <= 23;
      case 6 -> (13 <= x && x <= 18) || (13 <= y && y <= 18);
      case 7 -> Math.abs(x - 16) <= y / 2;
      default -> throw new IllegalArgumentException("class " + label + " is not a figure");
    };
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public int size() {
    return images.length;
  }

  @Override
  public Batch.Format format() {
    return FORMAT;
  }

  @Override
  public List<String> classNames() {
    return CLASSES;
  }

  @Override
  public boolean labelled() {
    return true;
  }

  @Override
  public int label(int i) {
    return i % CLASSES.size();
  }

  @Override
  public String name(int i) {
    return "shape " + i;
  }

  @Override
  public void read(int i, MemorySegment to) {
    MemorySegment.copy(images[i], 0, to, ValueLayout.JAVA_BYTE, 0, images[i].length);
  }

  @Override
  public MemorySegment pixels(int i) {
    return MemorySegment.ofArray(images[i]).asReadOnly();
  }
}
