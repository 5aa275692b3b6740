package org.alexnet.cpu.kernel;

/**
 * The inner loops. All operands lie in one array {@code m} and are named by their offsets in it.
 *
 * <p>Sums over k run in rising order with one rounding a step (fused multiply-add), and the lanes
 * of a vector are different outputs, so implementations of any vector width give equal bits. What a
 * sum is added to, such as a bias, comes last: a bias of 1 would round away small products.
 */
public interface Kernels {

  /** One line: what they run on. */
  String description();

  /** Columns of a tile, the width of a packed panel. */
  int tileWidth();

  /** Heights of the tiles there are, the tallest first. */
  int[] heights();

  /** Heights of the tiles of windows there are, the tallest first. */
  int[] windowHeights();

  /**
   * A tile of a matrix product: {@code c[i][j] = max(sum_k a[k][i] b[k][j] + init[i][j], floor)}
   * for {@code height} rows i and {@link #tileWidth()} columns j. Both operands are packed: a[k] is
   * {@code height} floats, b[k] {@link #tileWidth()}, one k after the other.
   *
   * @param height one of {@link #heights()}
   * @param length how many k
   * @param ldInit distance between rows of {@code init}, 0 to give all rows the same
   */
  void tile(
      int height,
      float[] m,
      int a,
      int b,
      int length,
      int init,
      int ldInit,
      int c,
      int ldc,
      float floor);

  /**
   * Eight rows of a product that is summed over the columns of panels: {@code c[i][j] = sum_k
   * w[i][k] b[k][j] + init[i][j]}. Panels follow one another at a distance; in each, the row i has
   * the next {@link #tileWidth()} of the k.
   *
   * @param a the first row in the first panel
   * @param panel distance between two panels
   * @param b a row of {@link #tileWidth()} floats for each k
   * @param length how many k
   * @param ldInit distance between rows of {@code init}, 0 to give all rows the same
   */
  void turnedTile(
      float[] m, int a, int panel, int b, int length, int init, int ldInit, int c, int ldc);

  /** Rows of {@link #turnedTile}. */
  int TURNED_ROWS = 8;

  /**
   * Packs what a tile reads of a, {@code to[k][i] = a[k][i]} with k as in {@link #tile} and {@code
   * height} numbers i: where a lies far apart, each k would touch a cache line of its own in every
   * tile. Up to 15 floats behind the last are overwritten.
   */
  void pack(float[] m, int a, int lda, int pitchA, int segments, int length, int height, int to);

  /**
   * A tile of a convolution: {@code c[i][j] = max(sum_k window_i[k] b[k][j] + init[j], floor)}.
   * Windows are read where they lie: as {@code segments} runs of {@code run} floats, {@code pitch}
   * apart. The panel {@code b} has its rows one after the other.
   *
   * @param height one of {@link #windowHeights()}
   * @param rows start of each row's window, from {@code source}
   * @param first number of the tile's first row
   */
  void windows(
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
      float floor);

  /** The inner loops of transformed convolutions. */
  TransformKernels transforms();

  /** y = max(x, 0); what is not a number stays so. */
  void relu(float[] m, int x, int y, int n);

  /** dx = dy where y > 0, else 0. */
  void reluBackward(float[] m, int dy, int y, int dx, int n);

  /**
   * The maximum over a window for each of {@code channels} and where it was.
   *
   * @param x first pixel of the window that lies in the image
   * @param rows rows of the window in the image
   * @param cols columns of the window in the image
   * @param pitch distance between rows of the image
   * @param code number of the first pixel within the whole window
   * @param kernel distance between the numbers of two rows
   */
  void maxWindow(
      float[] m,
      int x,
      int rows,
      int cols,
      int pitch,
      int channels,
      int code,
      int kernel,
      int y,
      int argmax);

  /**
   * Gives dy to the pixel that {@code argmax} names, in a window described as for {@link
   * #maxWindow}.
   *
   * @param add whether to add to what is there or to overwrite it, other pixels with 0
   */
  void maxWindowBackward(
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
      boolean add);

  /** y = x^2. */
  void square(float[] m, int x, int y, int n);

  /**
   * Normalises channels: s = k + factor * sum of {@code maps} squares about each, y = x s^-beta.
   *
   * @param squares {@code channels + maps - 1} floats, with what stands in for {@code maps / 2}
   *     channels before the first and behind the last. With one map they are the sums themselves
   */
  void localResponseNorm(
      float[] m,
      int x,
      int y,
      int s,
      int channels,
      int maps,
      float factor,
      float k,
      float beta,
      int squares);

  /** The sums s of {@link #localResponseNorm} alone. */
  void localResponseNormScales(
      float[] m, int s, int channels, int maps, float factor, float k, int squares);

  /**
   * What the derivative of {@link #localResponseNorm} needs of each channel: its own part, dy
   * s^-beta, and what is summed over neighbours, own x / s.
   */
  void localResponseNormTerms(
      float[] m, int dy, int x, int s, int own, int terms, int n, float beta);

  /**
   * The derivative of {@link #localResponseNorm}.
   *
   * @param own of each channel, see {@link #localResponseNormTerms}
   * @param terms of each channel, with others before and behind them as {@code squares} there
   */
  void localResponseNormBackward(
      float[] m,
      int own,
      int x,
      int dx,
      int channels,
      int maps,
      float factor,
      float beta,
      int terms);

  /** v = momentum v - decay w - rate g, then w = w + v; decay includes the rate. */
  void update(float[] m, int w, int v, int g, int n, float momentum, float decay, float rate);

  /**
   * Adds the squares of x to sums, each value's to one of them.
   *
   * @param sums {@link #tileWidth()} numbers
   */
  void addSquares(float[] m, int x, int sums, int n);

  /** y = y + x. */
  void add(float[] m, int x, int y, int n);
}
