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
  public void tile(OutputTile tile, float[] m, int a, int b, int length, int init, int c) {
    VectorTiles.tile(tile, m, a, b, length, init, c);
  }

  @Override
  public void turnedTile(
      TurnedPitches pitches, float[] m, int a, int b, int length, int init, int c) {
    for (int i = 0; i < TURNED_ROWS; i += POINT_ROWS) {
      VectorTurned.tile(
          pitches,
          m,
          a + i * COLUMNS * LANES,
          b,
          length,
          init + i * pitches.init(),
          c + i * pitches.result());
    }
  }

  @Override
  public void pack(
      Pieces pieces, float[] m, int a, int ld, int pitch, int segments, int length, int to) {
    int[] starts = pieces.starts();
    int[] ends = pieces.ends();
    int height = pieces.height();
    int p = to;
    for (int s = 0; s < segments; s++) {
      int q = a + s * pitch;
      for (int k = 0; k < length; k++) {
        // What is too much is overwritten by the next.
        int i = 0;
        for (int piece = 0; piece < ends.length; piece++) {
          int from = q + starts[piece] - i;
          for (; i < ends[piece]; i += LANES) {
            FloatVector.fromArray(SPECIES, m, from + i).intoArray(m, p + i);
          }
          i = ends[piece];
        }
        p += height;
        q += ld;
      }
    }
  }

  @Override
  public void windows(
      OutputTile tile, Windows windows, float[] m, int first, int source, int b, int init, int c) {
    VectorWindows.tile(tile, windows, m, first, source, b, init, c);
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
    for (; i < n; i++) {
      m[dx + i] = m[y + i] > 0 ? m[dy + i] : 0;
    }
  }

  @Override
  public void maxWindow(PoolWindow window, float[] m, int x, int y, int argmax) {
    int channels = window.channels();
    int rows = window.rows();
    int columns = window.columns();
    int bound = SPECIES.loopBound(channels);
    for (int c = 0; c < bound; c += LANES) {
      int start = x + window.start() + c;
      FloatVector best = FloatVector.fromArray(SPECIES, m, start);
      FloatVector where = FloatVector.broadcast(SPECIES, window.code());
      for (int h = 0; h < rows; h++) {
        int row = start + h * window.pitch();
        int code = window.code() + h * window.kernel();
        for (int w = 0; w < columns; w++) {
          FloatVector value = FloatVector.fromArray(SPECIES, m, row + w * channels);
          FloatVector here = FloatVector.broadcast(SPECIES, code + w);
          // The first maximum stays, and what is no number stays once it is found. Masks are not
          // combined: C2 then made objects for them, and for all vectors here, in one run of three.
          VectorMask<Float> least = value.compare(VectorOperators.LE, best);
          VectorMask<Float> none = best.compare(VectorOperators.NE, best);
          where = here.blend(where, least).blend(where, none);
          best = value.blend(best, least).blend(best, none);
        }
      }
      best.intoArray(m, y + c);
      where.intoArray(m, argmax + c);
    }
    ScalarKernels.maxWindow(window, m, bound, x, y, argmax);
  }

  @Override
  public void maxWindowBackward(
      PoolWindow window, float[] m, int dx, int dy, int argmax, boolean add) {
    int channels = window.channels();
    int rows = window.rows();
    int columns = window.columns();
    int bound = SPECIES.loopBound(channels);
    FloatVector zero = FloatVector.zero(SPECIES);
    for (int c = 0; c < bound; c += LANES) {
      FloatVector where = FloatVector.fromArray(SPECIES, m, argmax + c);
      FloatVector gradient = FloatVector.fromArray(SPECIES, m, dy + c);
      for (int h = 0; h < rows; h++) {
        int row = dx + window.start() + h * window.pitch() + c;
        int code = window.code() + h * window.kernel();
        for (int w = 0; w < columns; w++) {
          int to = row + w * channels;
          FloatVector base = add ? FloatVector.fromArray(SPECIES, m, to) : zero;
          VectorMask<Float> here = where.compare(VectorOperators.EQ, (float) (code + w));
          base.add(zero.blend(gradient, here)).intoArray(m, to);
        }
      }
    }
    ScalarKernels.maxWindowBackward(window, m, bound, dx, dy, argmax, add);
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
  public void localResponseNorm(Normalization norm, float[] m, int x, int y, int s, int squares) {
    int maps = norm.maps();
    int vectors = norm.beta() == 0.75f ? SPECIES.loopBound(norm.channels()) : 0;
    FloatVector factors = FloatVector.broadcast(SPECIES, norm.factor());
    FloatVector ks = FloatVector.broadcast(SPECIES, norm.k());
    for (int c = 0; c < vectors; c += LANES) {
      FloatVector scale = factors.fma(windowSum(m, squares + c, maps), ks);
      scale.intoArray(m, s + c);
      FloatVector.fromArray(SPECIES, m, x + c).mul(power(scale)).intoArray(m, y + c);
    }
    ScalarKernels.localResponseNorm(norm, m, vectors, x, y, s, squares);
  }

  private static FloatVector windowSum(float[] m, int first, int maps) {
    FloatVector sum = FloatVector.fromArray(SPECIES, m, first);
    for (int j = 1; j < maps; j++) {
      sum = sum.add(FloatVector.fromArray(SPECIES, m, first + j));
    }
    return sum;
  }

  @Override
  public void localResponseNormScales(Normalization norm, float[] m, int s, int squares) {
    int maps = norm.maps();
    int vectors = SPECIES.loopBound(norm.channels());
    FloatVector factors = FloatVector.broadcast(SPECIES, norm.factor());
    FloatVector ks = FloatVector.broadcast(SPECIES, norm.k());
    for (int c = 0; c < vectors; c += LANES) {
      factors.fma(windowSum(m, squares + c, maps), ks).intoArray(m, s + c);
    }
    ScalarKernels.localResponseNormScales(norm, m, vectors, s, squares);
  }

  @Override
  public void localResponseNormTerms(
      Normalization norm, float[] m, int dy, int x, int s, int own, int terms) {
    int vectors = norm.beta() == 0.75f ? SPECIES.loopBound(norm.channels()) : 0;
    for (int c = 0; c < vectors; c += LANES) {
      FloatVector root = FloatVector.fromArray(SPECIES, m, s + c).sqrt();
      FloatVector power = FloatVector.broadcast(SPECIES, 1).div(root.mul(root.sqrt()));
      FloatVector part = FloatVector.fromArray(SPECIES, m, dy + c).mul(power);
      part.intoArray(m, own + c);
      part.mul(FloatVector.fromArray(SPECIES, m, x + c))
          .mul(power.mul(power).mul(root))
          .intoArray(m, terms + c);
    }
    ScalarKernels.localResponseNormTerms(norm, m, vectors, dy, x, s, own, terms);
  }

  @Override
  public void localResponseNormBackward(
      Normalization norm, float[] m, int own, int x, int dx, int terms) {
    int maps = norm.maps();
    int vectors = SPECIES.loopBound(norm.channels());
    FloatVector minus = FloatVector.broadcast(SPECIES, -2 * norm.factor() * norm.beta());
    for (int c = 0; c < vectors; c += LANES) {
      minus
          .mul(FloatVector.fromArray(SPECIES, m, x + c))
          .fma(windowSum(m, terms + c, maps), FloatVector.fromArray(SPECIES, m, own + c))
          .intoArray(m, dx + c);
    }
    ScalarKernels.localResponseNormBackward(norm, m, vectors, own, x, dx, terms);
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
    ScalarKernels.updateAll(m, w + i, v + i, g + i, n - i, momentum, decay, rate);
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

  @Override
  public void addRows(float[] m, int x, int rows, int y, int n) {
    int i = 0;
    for (; i < SPECIES.loopBound(n); i += LANES) {
      FloatVector sum = FloatVector.fromArray(SPECIES, m, y + i);
      for (int row = 0; row < rows; row++) {
        sum = sum.add(FloatVector.fromArray(SPECIES, m, x + row * n + i));
      }
      sum.intoArray(m, y + i);
    }
    for (; i < n; i++) {
      for (int row = 0; row < rows; row++) {
        m[y + i] += m[x + row * n + i];
      }
    }
  }

  @Override
  public void addScaled(float[] m, float factor, int x, int y, int n) {
    FloatVector factors = FloatVector.broadcast(SPECIES, factor);
    int i = 0;
    for (; i < SPECIES.loopBound(n); i += LANES) {
      factors
          .fma(FloatVector.fromArray(SPECIES, m, x + i), FloatVector.fromArray(SPECIES, m, y + i))
          .intoArray(m, y + i);
    }
    for (; i < n; i++) {
      m[y + i] = Math.fma(factor, m[x + i], m[y + i]);
    }
  }
}
