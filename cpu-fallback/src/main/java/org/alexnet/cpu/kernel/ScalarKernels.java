package org.alexnet.cpu.kernel;

import java.util.Arrays;

/** The inner loops without the Vector API; the JIT compiler makes vectors of some of them. */
public final class ScalarKernels implements Kernels {
  static final int COLUMNS = 16;
  private static final int[] HEIGHTS = {4};
  private static final int[] WINDOW_HEIGHTS = {4};

  private final TransformKernels transforms = new ScalarTransforms();

  @Override
  public String description() {
    return "scalar kernels";
  }

  @Override
  public int tileWidth() {
    return COLUMNS;
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
    float[] sums = new float[COLUMNS];
    for (int i = 0; i < tile.height(); i++) {
      Arrays.fill(sums, 0);
      add(m, a + i, tile.height(), length, b, sums);
      store(m, sums, init + i * tile.initPitch(), c + i * tile.pitch(), tile.floor());
    }
  }

  /** Adds the products of {@code length} numbers, {@code pitch} apart, with the rows at b. */
  private static void add(float[] m, int a, int pitch, int length, int b, float[] sums) {
    for (int k = 0; k < length; k++) {
      float x = m[a + k * pitch];
      for (int j = 0; j < COLUMNS; j++) {
        sums[j] = Math.fma(x, m[b + k * COLUMNS + j], sums[j]);
      }
    }
  }

  private static void store(float[] m, float[] sums, int init, int c, float floor) {
    for (int j = 0; j < COLUMNS; j++) {
      m[c + j] = Math.max(sums[j] + m[init + j], floor);
    }
  }

  @Override
  public void turnedTile(
      TurnedPitches pitches, float[] m, int a, int b, int length, int init, int c) {
    float[] sums = new float[COLUMNS];
    for (int i = 0; i < TURNED_ROWS; i++) {
      Arrays.fill(sums, 0);
      for (int k = 0; k < length; k++) {
        float x = m[a + k / COLUMNS * pitches.panel() + i * COLUMNS + k % COLUMNS];
        for (int j = 0; j < COLUMNS; j++) {
          sums[j] = Math.fma(x, m[b + k * COLUMNS + j], sums[j]);
        }
      }
      for (int j = 0; j < COLUMNS; j++) {
        m[c + i * pitches.result() + j] = sums[j] + m[init + i * pitches.init() + j];
      }
    }
  }

  @Override
  public void pack(
      Pieces pieces, float[] m, int a, int ld, int pitch, int segments, int length, int to) {
    int p = to;
    for (int s = 0; s < segments; s++) {
      for (int k = 0; k < length; k++) {
        int i = 0;
        for (int piece = 0; piece < pieces.ends().length; piece++) {
          int end = pieces.ends()[piece];
          System.arraycopy(m, a + s * pitch + k * ld + pieces.starts()[piece], m, p + i, end - i);
          i = end;
        }
        p += pieces.height();
      }
    }
  }

  @Override
  public void windows(
      OutputTile tile, Windows windows, float[] m, int first, int source, int b, int init, int c) {
    float[] sums = new float[COLUMNS];
    int run = windows.run();
    for (int i = 0; i < tile.height(); i++) {
      Arrays.fill(sums, 0);
      int a = source + windows.starts()[first + i];
      for (int s = 0; s < windows.segments(); s++) {
        add(m, a + s * windows.pitch(), 1, run, b + s * run * COLUMNS, sums);
      }
      store(m, sums, init, c + i * tile.pitch(), tile.floor());
    }
  }

  @Override
  public TransformKernels transforms() {
    return transforms;
  }

  @Override
  public void relu(float[] m, int x, int y, int n) {
    for (int i = 0; i < n; i++) {
      m[y + i] = Math.max(m[x + i], 0);
    }
  }

  @Override
  public void reluBackward(float[] m, int dy, int y, int dx, int n) {
    for (int i = 0; i < n; i++) {
      m[dx + i] = m[y + i] > 0 ? m[dy + i] : 0;
    }
  }

  @Override
  public void maxWindow(PoolWindow window, float[] m, int x, int y, int argmax) {
    maxWindow(window, m, 0, x, y, argmax);
  }

  /** The same for channels from {@code first} on, for what is left over by vectors. */
  static void maxWindow(PoolWindow window, float[] m, int first, int x, int y, int argmax) {
    int channels = window.channels();
    for (int c = first; c < channels; c++) {
      int start = x + window.start() + c;
      float best = m[start];
      int where = window.code();
      for (int h = 0; h < window.rows(); h++) {
        for (int w = 0; w < window.columns(); w++) {
          float value = m[start + h * window.pitch() + w * channels];
          if (value > best || (Float.isNaN(value) && !Float.isNaN(best))) {
            best = value;
            where = window.code() + h * window.kernel() + w;
          }
        }
      }
      m[y + c] = best;
      m[argmax + c] = where;
    }
  }

  @Override
  public void maxWindowBackward(
      PoolWindow window, float[] m, int dx, int dy, int argmax, boolean add) {
    maxWindowBackward(window, m, 0, dx, dy, argmax, add);
  }

  /** The same for channels from {@code first} on, for what is left over by vectors. */
  static void maxWindowBackward(
      PoolWindow window, float[] m, int first, int dx, int dy, int argmax, boolean add) {
    int channels = window.channels();
    for (int h = 0; h < window.rows(); h++) {
      for (int w = 0; w < window.columns(); w++) {
        int to = dx + window.start() + h * window.pitch() + w * channels;
        float here = window.code() + h * window.kernel() + w;
        for (int c = first; c < channels; c++) {
          float value = m[argmax + c] == here ? m[dy + c] : 0;
          m[to + c] = add ? m[to + c] + value : value;
        }
      }
    }
  }

  /** s^-beta; for the paper's beta of 3/4 by roots, whose bits do not depend on the compiler. */
  static float power(float s, float beta) {
    if (beta == 0.75f) {
      float root = (float) Math.sqrt(s);
      return 1 / (root * (float) Math.sqrt(root));
    }
    return (float) StrictMath.pow(s, -beta);
  }

  @Override
  public void square(float[] m, int x, int y, int n) {
    for (int i = 0; i < n; i++) {
      m[y + i] = m[x + i] * m[x + i];
    }
  }

  @Override
  public void localResponseNorm(Normalization norm, float[] m, int x, int y, int s, int squares) {
    localResponseNorm(norm, m, 0, x, y, s, squares);
  }

  /** The same for channels from {@code first} on, for what is left over by vectors. */
  static void localResponseNorm(
      Normalization norm, float[] m, int first, int x, int y, int s, int squares) {
    for (int c = first; c < norm.channels(); c++) {
      float scale = scale(norm, m, squares + c);
      m[s + c] = scale;
      m[y + c] = m[x + c] * power(scale, norm.beta());
    }
  }

  private static float scale(Normalization norm, float[] m, int squares) {
    return Math.fma(norm.factor(), windowSum(m, squares, norm.maps()), norm.k());
  }

  @Override
  public void localResponseNormScales(Normalization norm, float[] m, int s, int squares) {
    localResponseNormScales(norm, m, 0, s, squares);
  }

  /** The same for channels from {@code first} on, for what is left over by vectors. */
  static void localResponseNormScales(
      Normalization norm, float[] m, int first, int s, int squares) {
    for (int c = first; c < norm.channels(); c++) {
      m[s + c] = scale(norm, m, squares + c);
    }
  }

  private static float windowSum(float[] m, int first, int maps) {
    float sum = m[first];
    for (int j = 1; j < maps; j++) {
      sum += m[first + j];
    }
    return sum;
  }

  @Override
  public void localResponseNormTerms(
      Normalization norm, float[] m, int dy, int x, int s, int own, int terms) {
    localResponseNormTerms(norm, m, 0, dy, x, s, own, terms);
  }

  /** The same for channels from {@code first} on, for what is left over by vectors. */
  static void localResponseNormTerms(
      Normalization norm, float[] m, int first, int dy, int x, int s, int own, int terms) {
    float beta = norm.beta();
    for (int c = first; c < norm.channels(); c++) {
      float scale = m[s + c];
      float power = power(scale, beta);
      // For the paper's beta the inverse is made of what the power is made of, without a division.
      float inverse = beta == 0.75f ? power * power * (float) Math.sqrt(scale) : 1 / scale;
      m[own + c] = m[dy + c] * power;
      m[terms + c] = m[own + c] * m[x + c] * inverse;
    }
  }

  @Override
  public void localResponseNormBackward(
      Normalization norm, float[] m, int own, int x, int dx, int terms) {
    localResponseNormBackward(norm, m, 0, own, x, dx, terms);
  }

  /** The same for channels from {@code first} on, for what is left over by vectors. */
  static void localResponseNormBackward(
      Normalization norm, float[] m, int first, int own, int x, int dx, int terms) {
    float minus = -2 * norm.factor() * norm.beta();
    for (int c = first; c < norm.channels(); c++) {
      float sum = windowSum(m, terms + c, norm.maps());
      m[dx + c] = Math.fma(minus * m[x + c], sum, m[own + c]);
    }
  }

  @Override
  public void update(
      float[] m, int w, int v, int g, int n, float momentum, float decay, float rate) {
    updateAll(m, w, v, g, n, momentum, decay, rate);
  }

  /** The same, for what is left over by vectors. */
  static void updateAll(
      float[] m, int w, int v, int g, int n, float momentum, float decay, float rate) {
    for (int i = 0; i < n; i++) {
      float step = Math.fma(-rate, m[g + i], Math.fma(-decay, m[w + i], momentum * m[v + i]));
      m[v + i] = step;
      m[w + i] += step;
    }
  }

  @Override
  public void addSquares(float[] m, int x, int sums, int n) {
    addSquares(m, x, sums, n, tileWidth());
  }

  /** The same for sums of any number of lanes. */
  static void addSquares(float[] m, int x, int sums, int n, int lanes) {
    for (int i = 0; i < n; i++) {
      int sum = sums + i % lanes;
      m[sum] = Math.fma(m[x + i], m[x + i], m[sum]);
    }
  }

  @Override
  public void add(float[] m, int x, int y, int n) {
    for (int i = 0; i < n; i++) {
      m[y + i] += m[x + i];
    }
  }

  @Override
  public void addRows(float[] m, int x, int rows, int y, int n) {
    for (int row = 0; row < rows; row++) {
      add(m, x + row * n, y, n);
    }
  }

  @Override
  public void addScaled(float[] m, float factor, int x, int y, int n) {
    for (int i = 0; i < n; i++) {
      m[y + i] = Math.fma(factor, m[x + i], m[y + i]);
    }
  }
}
