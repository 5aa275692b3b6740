package org.alexnet.cpu.kernel;

/**
 * The inner loops. All operands lie in one array {@code m} and are named by their offsets in it;
 * what a layer fixes, such as distances and bounds, is a record that is made once.
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
   * Where a tile's result lies, and what it is bounded by.
   *
   * @param height rows
   * @param initPitch distance between rows of what is added to the sums, 0 to give all rows the
   *     same
   * @param pitch distance between rows of the result
   * @param floor lower bound of the result
   */
  record OutputTile(int height, int initPitch, int pitch, float floor) {}

  /**
   * A tile of a matrix product: {@code c[i][j] = max(sum_k a[k][i] b[k][j] + init[i][j], floor)}
   * for the rows i of the tile and {@link #tileWidth()} columns j. Both operands are packed: a[k]
   * is as many floats as there are rows, b[k] {@link #tileWidth()}, one k after the other.
   *
   * @param tile of one of {@link #heights()}
   * @param length how many k
   */
  void tile(OutputTile tile, float[] m, int a, int b, int length, int init, int c);

  /**
   * Distances of a product with panels that is summed over their columns.
   *
   * @param panel between two panels
   * @param init between rows of what is added to the sums, 0 to give all rows the same
   * @param result between rows of the result
   */
  record TurnedPitches(int panel, int init, int result) {}

  /**
   * Eight rows of a product that is summed over the columns of panels: {@code c[i][j] = sum_k
   * w[i][k] b[k][j] + init[i][j]}. In each panel, the row i has the next {@link #tileWidth()} of
   * the k.
   *
   * @param a the first row in the first panel
   * @param b a row of {@link #tileWidth()} floats for each k
   * @param length how many k
   */
  void turnedTile(TurnedPitches pitches, float[] m, int a, int b, int length, int init, int c);

  /** Rows of {@link #turnedTile}. */
  int TURNED_ROWS = 8;

  /**
   * Where the numbers lie that a tile reads for each k: in pieces of neighbours.
   *
   * @param starts of each piece, from the first number's place
   * @param ends of each piece, counted in numbers; the last is the height of the tile
   */
  record Pieces(int[] starts, int[] ends) {
    /** All of them beside one another. */
    public static Pieces one(int height) {
      return new Pieces(new int[1], new int[] {height});
    }

    int height() {
      return ends[ends.length - 1];
    }
  }

  /**
   * Packs what a tile reads of a, {@code to[k][i] = a[k][i]} with k as in {@link #tile} and i over
   * all pieces: where a lies far apart, each k would touch a cache line of its own in every tile.
   * Up to 15 floats behind the last are overwritten.
   *
   * @param lda distance between two k
   * @param segments runs of k
   * @param pitchA distance between two runs
   * @param length k of a run
   */
  void pack(Pieces pieces, float[] m, int a, int lda, int pitchA, int segments, int length, int to);

  /**
   * Windows of an image, read where they lie.
   *
   * @param starts where each row's window starts, from the start of the image
   * @param segments runs of a window
   * @param run floats of a run
   * @param pitch distance between two runs
   */
  record Windows(int[] starts, int segments, int run, int pitch) {}

  /**
   * A tile of a convolution: {@code c[i][j] = max(sum_k window_i[k] b[k][j] + init[j], floor)}. The
   * panel {@code b} has its rows one after the other.
   *
   * @param tile of one of {@link #windowHeights()}
   * @param first number of the tile's first window
   * @param source the image
   */
  void windows(
      OutputTile tile, Windows windows, float[] m, int first, int source, int b, int init, int c);

  /** The inner loops of transformed convolutions. */
  TransformKernels transforms();

  /** y = max(x, 0); what is not a number stays so. */
  void relu(float[] m, int x, int y, int n);

  /** dx = dy where y > 0, else 0. */
  void reluBackward(float[] m, int dy, int y, int dx, int n);

  /**
   * The part of a pooling's window that lies in the image.
   *
   * @param start of its first pixel, from the start of the image
   * @param rows in the image
   * @param columns in the image
   * @param pitch distance between rows of the image
   * @param channels of a pixel
   * @param code number of the first pixel within the whole window
   * @param kernel distance between the numbers of two rows
   */
  record PoolWindow(
      int start, int rows, int columns, int pitch, int channels, int code, int kernel) {}

  /** The maximum over a window of the image at {@code x} for each channel, and where it was. */
  void maxWindow(PoolWindow window, float[] m, int x, int y, int argmax);

  /**
   * Gives dy to that pixel of a window of the image at {@code dx} which {@code argmax} names.
   *
   * @param add whether to add to what is there or to overwrite it, other pixels with 0
   */
  void maxWindowBackward(PoolWindow window, float[] m, int dx, int dy, int argmax, boolean add);

  /** y = x^2. */
  void square(float[] m, int x, int y, int n);

  /**
   * A local response normalization of some channels: s = k + factor * sum of {@code maps} squares
   * about each, y = x s^-beta.
   *
   * @param channels that are normalized, with others beyond the ends in the sums alone
   * @param maps how many squares are summed; with one, the squares are the sums themselves
   */
  record Normalization(int channels, int maps, float factor, float k, float beta) {}

  /**
   * Normalizes channels, and keeps their s.
   *
   * @param squares {@code channels + maps - 1} floats, with what stands in for {@code maps / 2}
   *     channels before the first and behind the last
   */
  void localResponseNorm(Normalization norm, float[] m, int x, int y, int s, int squares);

  /** The sums s of {@link #localResponseNorm} alone. */
  void localResponseNormScales(Normalization norm, float[] m, int s, int squares);

  /**
   * What the derivative of {@link #localResponseNorm} needs of each channel: its own part, dy
   * s^-beta, and what is summed over neighbours, own x / s.
   */
  void localResponseNormTerms(
      Normalization norm, float[] m, int dy, int x, int s, int own, int terms);

  /**
   * The derivative of {@link #localResponseNorm}.
   *
   * @param own of each channel, see {@link #localResponseNormTerms}
   * @param terms of each channel, with others before and behind them as {@code squares} there
   */
  void localResponseNormBackward(Normalization norm, float[] m, int own, int x, int dx, int terms);

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

  /** Adds {@code rows} rows of {@code n} floats, which lie one behind the other, to y in order. */
  void addRows(float[] m, int x, int rows, int y, int n);

  /** y = y + factor * x. */
  void addScaled(float[] m, float factor, int x, int y, int n);
}
