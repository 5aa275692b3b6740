package org.alexnet.cpu.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** The inner loops on the Vector API. */
public final class VectorKernels implements Kernels {

  /** Vectors of the width that the processor prefers, or that the property asks for. */
  public static final VectorSpecies<Float> SPECIES = species();

  private static final int LANES = SPECIES.length();

  /** Vectors of columns of a tile: so many that a panel has {@link Transform#LANES} or more. */
  static final int COLUMNS = LANES == 4 ? 4 : 2;

  /** Vectors of 128 bits: ARM has 32 of them, x86 has 16. */
  private static final int[] SHORT_HEIGHTS =
      System.getProperty("os.arch").equals("aarch64") ? new int[] {4} : new int[] {2};

  /**
   * With 16 registers, C2 loads the six numbers of a taller tile before it needs the first, since
   * they lie together, and spills sums: 40 GFLOP/s instead of 97. Windows lie apart and do not
   * tempt it.
   */
  private static final int[] HEIGHTS =
      switch (LANES) {
        case 16 -> new int[] {14, 8};
        case 8 -> new int[] {4};
        default -> SHORT_HEIGHTS;
      };

  private static final int[] WINDOW_HEIGHTS =
      switch (LANES) {
        case 16 -> new int[] {8};
        case 8 -> new int[] {6, 4};
        default -> SHORT_HEIGHTS;
      };

  /** Rows of a tile of the products at points. */
  static final int POINT_ROWS =
      switch (LANES) {
        case 16 -> 8;
        case 8 -> 4;
        default -> SHORT_HEIGHTS[0];
      };

  private final TransformKernels transforms = new VectorTransforms();

  private static VectorSpecies<Float> species() {
    String bits = System.getProperty("alexnet.vector.bits");
    if (bits == null) {
      return FloatVector.SPECIES_PREFERRED;
    }
    return switch (bits) {
      case "128" -> FloatVector.SPECIES_128;
      case "256" -> FloatVector.SPECIES_256;
      case "512" -> FloatVector.SPECIES_512;
      default ->
          throw new IllegalArgumentException(
              "alexnet.vector.bits is \"%s\": must be 128, 256 or 512".formatted(bits));
    };
  }

  @Override
  public String description() {
    return "vectors of %d bits".formatted(SPECIES.vectorBitSize());
  }

  @Override
  public int tileWidth() {
    return COLUMNS * LANES;
  }

  @Override
  public int[] heights() {
    return HEIGHTS.clone();
  }

  @Override
  public int[] windowHeights() {
    return WINDOW_HEIGHTS.clone();
  }

  @Override
  public void tile(
      int height,
      float[] m,
      int a,
      int b,
      int length,
      int init,
      int ldInit,
      int c,
      int ldc,
      float floor) {
    VectorTiles.tile(height, m, a, b, length, init, ldInit, c, ldc, floor);
  }

  @Override
  public void turnedTile(
      float[] m, int a, int panel, int b, int length, int init, int ldInit, int c, int ldc) {
    for (int i = 0; i < TURNED_ROWS; i += POINT_ROWS) {
      VectorTurned.tile(
          POINT_ROWS,
          m,
          a + i * COLUMNS * LANES,
          panel,
          b,
          length,
          init + i * ldInit,
          ldInit,
          c + i * ldc,
          ldc);
    }
  }

  @Override
  public void pack(
      float[] m, int from, int ld, int pitch, int segments, int length, int height, int to) {
    int p = to;
    for (int s = 0; s < segments; s++) {
      int q = from + s * pitch;
      for (int k = 0; k < length; k++) {
        // What is too much is overwritten by the next.
        for (int i = 0; i < height; i += LANES) {
          FloatVector.fromArray(SPECIES, m, q + i).intoArray(m, p + i);
        }
        p += height;
        q += ld;
      }
    }
  }

  @Override
  public void windows(
      int height,
      float[] m,
      int[] rows,
      int first,
      int source,
      int segments,
      int run,
      int pitch,
      int b,
      int init,
      int c,
      int ldc,
      float floor) {
    VectorWindows.rows(
        height, m, rows, first, source, segments, run, pitch, b, init, c, ldc, floor);
  }

  @Override
  public TransformKernels transforms() {
    return transforms;
  }

  @Override
  public void relu(float[] m, int x, int y, int n) {
    int i = 0;
    for (; i < SPECIES.loopBound(n); i += LANES) {
      FloatVector.fromArray(SPECIES, m, x + i).max(0).intoArray(m, y + i);
    }
    for (; i < n; i++) {
      m[y + i] = Math.max(m[x + i], 0);
    }
  }

  @Override
  public void reluBackward(float[] m, int dy, int y, int dx, int n) {
    int i = 0;
    for (; i < SPECIES.loopBound(n); i += LANES) {
      VectorMask<Float> on =
          FloatVector.fromArray(SPECIES, m, y + i).compare(VectorOperators.GT, 0);
      FloatVector.zero(SPECIES)
          .blend(FloatVector.fromArray(SPECIES, m, dy + i), on)
          .intoArray(m, dx + i);
    }
    ScalarKernels.reluBackwardTail(m, dy, y, dx, i, n);
  }

  @Override
  public void maxWindow(
      float[] m,
      int x,
      int rows,
      int cols,
      int pitch,
      int channels,
      int code,
      int kernel,
      int y,
      int argmax) {
    int bound = SPECIES.loopBound(channels);
    for (int c = 0; c < bound; c += LANES) {
      FloatVector best = FloatVector.fromArray(SPECIES, m, x + c);
      FloatVector where = FloatVector.broadcast(SPECIES, code);
      for (int h = 0; h < rows; h++) {
        for (int w = 0; w < cols; w++) {
          FloatVector value = FloatVector.fromArray(SPECIES, m, x + h * pitch + w * channels + c);
          // The first maximum stays, and what is no number stays once it is found.
          VectorMask<Float> better =
              value
                  .compare(VectorOperators.LE, best)
                  .or(best.compare(VectorOperators.NE, best))
                  .not();
          best = best.blend(value, better);
          where = where.blend(code + h * kernel + w, better);
        }
      }
      best.intoArray(m, y + c);
      where.intoArray(m, argmax + c);
    }
    ScalarKernels.maxWindowTail(m, x, rows, cols, pitch, bound, channels, code, kernel, y, argmax);
  }

  @Override
  public void maxWindowBackward(
      float[] m,
      int dx,
      int rows,
      int cols,
      int pitch,
      int channels,
      int code,
      int kernel,
      int dy,
      int argmax,
      boolean add) {
    int bound = SPECIES.loopBound(channels);
    FloatVector zero = FloatVector.zero(SPECIES);
    for (int c = 0; c < bound; c += LANES) {
      FloatVector where = FloatVector.fromArray(SPECIES, m, argmax + c);
      FloatVector gradient = FloatVector.fromArray(SPECIES, m, dy + c);
      for (int h = 0; h < rows; h++) {
        for (int w = 0; w < cols; w++) {
          int to = dx + h * pitch + w * channels + c;
          FloatVector base = add ? FloatVector.fromArray(SPECIES, m, to) : zero;
          VectorMask<Float> here =
              where.compare(VectorOperators.EQ, (float) (code + h * kernel + w));
          base.add(zero.blend(gradient, here)).intoArray(m, to);
        }
      }
    }
    ScalarKernels.maxWindowBackwardTail(
        m, dx, rows, cols, pitch, bound, channels, code, kernel, dy, argmax, add);
  }

  private static FloatVector power(FloatVector s) {
    FloatVector root = s.sqrt();
    return FloatVector.broadcast(SPECIES, 1).div(root.mul(root.sqrt()));
  }

  @Override
  public void square(float[] m, int x, int y, int n) {
    int i = 0;
    for (; i < SPECIES.loopBound(n); i += LANES) {
      FloatVector value = FloatVector.fromArray(SPECIES, m, x + i);
      value.mul(value).intoArray(m, y + i);
    }
    for (; i < n; i++) {
      m[y + i] = m[x + i] * m[x + i];
    }
  }

  @Override
  public void localResponseNorm(
      float[] m,
      int x,
      int y,
      int s,
      int channels,
      int maps,
      float factor,
      float k,
      float beta,
      int squares) {
    int vectors = beta == 0.75f ? SPECIES.loopBound(channels) : 0;
    FloatVector factors = FloatVector.broadcast(SPECIES, factor);
    FloatVector ks = FloatVector.broadcast(SPECIES, k);
    for (int c = 0; c < vectors; c += LANES) {
      FloatVector sum = FloatVector.fromArray(SPECIES, m, squares + c);
      for (int j = 1; j < maps; j++) {
        sum = sum.add(FloatVector.fromArray(SPECIES, m, squares + c + j));
      }
      FloatVector scale = factors.fma(sum, ks);
      scale.intoArray(m, s + c);
      FloatVector.fromArray(SPECIES, m, x + c).mul(power(scale)).intoArray(m, y + c);
    }
    ScalarKernels.localResponseNormTail(
        m, x, y, s, vectors, channels, maps, factor, k, beta, squares);
  }

  @Override
  public void localResponseNormScales(
      float[] m, int s, int channels, int maps, float factor, float k, int squares) {
    int vectors = SPECIES.loopBound(channels);
    FloatVector factors = FloatVector.broadcast(SPECIES, factor);
    FloatVector ks = FloatVector.broadcast(SPECIES, k);
    for (int c = 0; c < vectors; c += LANES) {
      FloatVector sum = FloatVector.fromArray(SPECIES, m, squares + c);
      for (int j = 1; j < maps; j++) {
        sum = sum.add(FloatVector.fromArray(SPECIES, m, squares + c + j));
      }
      factors.fma(sum, ks).intoArray(m, s + c);
    }
    ScalarKernels.localResponseNormScalesTail(m, s, vectors, channels, maps, factor, k, squares);
  }

  @Override
  public void localResponseNormTerms(
      float[] m, int dy, int x, int s, int own, int terms, int n, float beta) {
    int vectors = beta == 0.75f ? SPECIES.loopBound(n) : 0;
    for (int c = 0; c < vectors; c += LANES) {
      FloatVector root = FloatVector.fromArray(SPECIES, m, s + c).sqrt();
      FloatVector power = FloatVector.broadcast(SPECIES, 1).div(root.mul(root.sqrt()));
      FloatVector part = FloatVector.fromArray(SPECIES, m, dy + c).mul(power);
      part.intoArray(m, own + c);
      part.mul(FloatVector.fromArray(SPECIES, m, x + c))
          .mul(power.mul(power).mul(root))
          .intoArray(m, terms + c);
    }
    ScalarKernels.localResponseNormTermsTail(m, dy, x, s, own, terms, vectors, n, beta);
  }

  @Override
  public void localResponseNormBackward(
      float[] m,
      int own,
      int x,
      int dx,
      int channels,
      int maps,
      float factor,
      float beta,
      int terms) {
    int vectors = SPECIES.loopBound(channels);
    FloatVector minus = FloatVector.broadcast(SPECIES, -2 * factor * beta);
    for (int c = 0; c < vectors; c += LANES) {
      FloatVector sum = FloatVector.fromArray(SPECIES, m, terms + c);
      for (int j = 1; j < maps; j++) {
        sum = sum.add(FloatVector.fromArray(SPECIES, m, terms + c + j));
      }
      minus
          .mul(FloatVector.fromArray(SPECIES, m, x + c))
          .fma(sum, FloatVector.fromArray(SPECIES, m, own + c))
          .intoArray(m, dx + c);
    }
    ScalarKernels.localResponseNormBackwardTail(
        m, own, x, dx, vectors, channels, maps, factor, beta, terms);
  }

  @Override
  public void update(
      float[] m, int w, int v, int g, int n, float momentum, float decay, float rate) {
    FloatVector minusDecay = FloatVector.broadcast(SPECIES, -decay);
    FloatVector minusRate = FloatVector.broadcast(SPECIES, -rate);
    int i = 0;
    for (; i < SPECIES.loopBound(n); i += LANES) {
      FloatVector weight = FloatVector.fromArray(SPECIES, m, w + i);
      FloatVector step =
          minusRate.fma(
              FloatVector.fromArray(SPECIES, m, g + i),
              minusDecay.fma(weight, FloatVector.fromArray(SPECIES, m, v + i).mul(momentum)));
      step.intoArray(m, v + i);
      weight.add(step).intoArray(m, w + i);
    }
    ScalarKernels.updateTail(m, w, v, g, i, n, momentum, decay, rate);
  }

  @Override
  public void addSquares(float[] m, int x, int sums, int n) {
    FloatVector sum = FloatVector.fromArray(SPECIES, m, sums);
    int i = 0;
    for (; i < SPECIES.loopBound(n); i += LANES) {
      FloatVector value = FloatVector.fromArray(SPECIES, m, x + i);
      sum = value.fma(value, sum);
    }
    sum.intoArray(m, sums);
    ScalarKernels.addSquares(m, x + i, sums, n - i, LANES);
  }

  @Override
  public void add(float[] m, int x, int y, int n) {
    int i = 0;
    for (; i < SPECIES.loopBound(n); i += LANES) {
      FloatVector.fromArray(SPECIES, m, y + i)
          .add(FloatVector.fromArray(SPECIES, m, x + i))
          .intoArray(m, y + i);
    }
    for (; i < n; i++) {
      m[y + i] += m[x + i];
    }
  }
}
