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
    for (int i = 0; i < height; i++) {
      row(m, a + i, height, 0, 1, length, b, init + i * ldInit, c + i * ldc);
      for (int j = 0; j < COLUMNS; j++) {
        m[c + i * ldc + j] = Math.max(m[c + i * ldc + j], floor);
      }
    }
  }

  @Override
  public void turnedTile(
      float[] m, int a, int panel, int b, int length, int init, int ldInit, int c, int ldc) {
    float[] sums = new float[COLUMNS];
    for (int i = 0; i < TURNED_ROWS; i++) {
      Arrays.fill(sums, 0);
      for (int k = 0; k < length; k++) {
        float x = m[a + k / COLUMNS * panel + i * COLUMNS + k % COLUMNS];
        for (int j = 0; j < COLUMNS; j++) {
          sums[j] = Math.fma(x, m[b + k * COLUMNS + j], sums[j]);
        }
      }
      for (int j = 0; j < COLUMNS; j++) {
        m[c + i * ldc + j] = sums[j] + m[init + i * ldInit + j];
      }
    }
  }

  @Override
  public void pack(
      float[] m, int from, int ld, int pitch, int segments, int length, int height, int to) {
    int p = to;
    for (int s = 0; s < segments; s++) {
      for (int k = 0; k < length; k++) {
        System.arraycopy(m, from + s * pitch + k * ld, m, p, height);
        p += height;
      }
    }
  }

  /** One row: a[k] is {@code ld} apart in {@code segments} runs, {@code pitch} apart; b packed. */
  private static void row(
      float[] m, int a, int ld, int pitch, int segments, int length, int b, int init, int c) {
    float[] sums = new float[COLUMNS];
    int y = b;
    for (int s = 0; s < segments; s++) {
      for (int k = 0; k < length; k++) {
        float x = m[a + s * pitch + k * ld];
        for (int j = 0; j < COLUMNS; j++) {
          sums[j] = Math.fma(x, m[y + j], sums[j]);
        }
        y += COLUMNS;
      }
    }
    for (int j = 0; j < COLUMNS; j++) {
      m[c + j] = sums[j] + m[init + j];
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
    for (int i = 0; i < height; i++) {
      int a = source + rows[first + i];
      int to = c + i * ldc;
      row(m, a, 1, pitch, segments, run, b, init, to);
      for (int j = 0; j < COLUMNS; j++) {
        m[to + j] = Math.max(m[to + j], floor);
      }
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
    reluBackwardTail(m, dy, y, dx, 0, n);
  }

  /** The same from {@code first} on, for what is left over by vectors. */
  static void reluBackwardTail(float[] m, int dy, int y, int dx, int first, int n) {
    for (int i = first; i < n; i++) {
      m[dx + i] = m[y + i] > 0 ? m[dy + i] : 0;
    }
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
    maxWindowTail(m, x, rows, cols, pitch, 0, channels, code, kernel, y, argmax);
  }

  /** The same from {@code first} on, for what is left over by vectors. */
  static void maxWindowTail(
      float[] m,
      int x,
      int rows,
      int cols,
      int pitch,
      int first,
      int channels,
      int code,
      int kernel,
      int y,
      int argmax) {
    for (int c = first; c < channels; c++) {
      float best = m[x + c];
      int where = code;
      for (int h = 0; h < rows; h++) {
        for (int w = 0; w < cols; w++) {
          float value = m[x + h * pitch + w * channels + c];
          if (value > best || (Float.isNaN(value) && !Float.isNaN(best))) {
            best = value;
            where = code + h * kernel + w;
          }
        }
      }
      m[y + c] = best;
      m[argmax + c] = where;
    }
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
    maxWindowBackwardTail(m, dx, rows, cols, pitch, 0, channels, code, kernel, dy, argmax, add);
  }

  /** The same from {@code first} on, for what is left over by vectors. */
  static void maxWindowBackwardTail(
      float[] m,
      int dx,
      int rows,
      int cols,
      int pitch,
      int first,
      int channels,
      int code,
      int kernel,
      int dy,
      int argmax,
      boolean add) {
    for (int h = 0; h < rows; h++) {
      for (int w = 0; w < cols; w++) {
        int to = dx + h * pitch + w * channels;
        float here = code + h * kernel + w;
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
    localResponseNormTail(m, x, y, s, 0, channels, maps, factor, k, beta, squares);
  }

  /** Channels from {@code first} on. */
  static void localResponseNormTail(
      float[] m,
      int x,
      int y,
      int s,
      int first,
      int channels,
      int maps,
      float factor,
      float k,
      float beta,
      int squares) {
    for (int c = first; c < channels; c++) {
      float scale = Math.fma(factor, windowSum(m, squares + c, maps), k);
      m[s + c] = scale;
      m[y + c] = m[x + c] * power(scale, beta);
    }
  }

  @Override
  public void localResponseNormScales(
      float[] m, int s, int channels, int maps, float factor, float k, int squares) {
    localResponseNormScalesTail(m, s, 0, channels, maps, factor, k, squares);
  }

  /** Channels from {@code first} on. */
  static void localResponseNormScalesTail(
      float[] m, int s, int first, int channels, int maps, float factor, float k, int squares) {
    for (int c = first; c < channels; c++) {
      m[s + c] = Math.fma(factor, windowSum(m, squares + c, maps), k);
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
      float[] m, int dy, int x, int s, int own, int terms, int n, float beta) {
    localResponseNormTermsTail(m, dy, x, s, own, terms, 0, n, beta);
  }

  /** Channels from {@code first} on. */
  static void localResponseNormTermsTail(
      float[] m, int dy, int x, int s, int own, int terms, int first, int n, float beta) {
    for (int c = first; c < n; c++) {
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
      float[] m,
      int own,
      int x,
      int dx,
      int channels,
      int maps,
      float factor,
      float beta,
      int terms) {
    localResponseNormBackwardTail(m, own, x, dx, 0, channels, maps, factor, beta, terms);
  }

  /** Channels from {@code first} on. */
  static void localResponseNormBackwardTail(
      float[] m,
      int own,
      int x,
      int dx,
      int first,
      int channels,
      int maps,
      float factor,
      float beta,
      int terms) {
    float minus = -2 * factor * beta;
    for (int c = first; c < channels; c++) {
      float sum = windowSum(m, terms + c, maps);
      m[dx + c] = Math.fma(minus * m[x + c], sum, m[own + c]);
    }
  }

  @Override
  public void update(
      float[] m, int w, int v, int g, int n, float momentum, float decay, float rate) {
    updateTail(m, w, v, g, 0, n, momentum, decay, rate);
  }

  /** The same from {@code first} on, for what is left over by vectors. */
  static void updateTail(
      float[] m, int w, int v, int g, int first, int n, float momentum, float decay, float rate) {
    for (int i = first; i < n; i++) {
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
}
