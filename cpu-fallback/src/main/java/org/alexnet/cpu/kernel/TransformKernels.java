package org.alexnet.cpu.kernel;

/**
 * The inner loops of transformed convolutions. As those of {@link Kernels} they work in one array
 * {@code m} and give equal bits for every vector width: lanes are different channels, and what is
 * added up is added in the same order.
 */
public interface TransformKernels {
  /** Tiles of an image that are multiplied together. */
  int TILES = 8;

  /**
   * Distances on one side of a transform.
   *
   * @param pitch between the numbers that one application reads or writes, each of {@link
   *     Transform#LANES} channels
   * @param step between the first numbers of one application and the next
   */
  record Steps(int pitch, int step) {}

  /**
   * A transform that is applied {@code count} times. Made once for a layer.
   *
   * @param last step of the place of infinity, which lies apart and which an inner transform has
   *     not
   */
  record Pass(Transform transform, int count, Steps in, Steps out, int last) {}

  /**
   * Inputs, gradients or filters to their values at points.
   *
   * @param last where the value at infinity goes
   */
  void spread(Pass pass, float[] m, int in, int out, int last);

  /**
   * Columns of an input or gradient to their values at points, with infinity behind the others.
   *
   * @param rows where each row starts, which stands for the pitch of what is read
   */
  void spreadRows(Pass pass, float[] m, int[] rows, int out);

  /**
   * Products at points to outputs or to the gradient of a filter.
   *
   * @param last where the product at infinity comes from
   */
  void gather(Pass pass, float[] m, int in, int last, int out);

  /**
   * Products to outputs that are final, {@code max(y + bias, floor)}; infinity lies behind the
   * other points.
   *
   * @param bias where the bias of the channels is
   */
  void gatherBiased(Pass pass, float[] m, int in, int out, int bias, float floor);

  /**
   * Outputs of {@link #TILES} tiles at one point: {@code c[t][j] = sum_k a[k / 16][t][k % 16]
   * b[k][j]} for the columns j of a panel.
   *
   * @param a blocks of 16 channels, of each the tiles
   * @param b a panel of {@code depth} rows
   * @param depth channels, a multiple of 16
   * @param pitch distance between the tiles of c
   */
  void pointOutputs(float[] m, int a, int b, int depth, int c, int pitch);

  /**
   * Gradients of 16 rows of filters at one point: {@code c[i][j] += sum_t a[t][i] b[t][j]} for the
   * columns j of a panel.
   *
   * @param a 16 channels of each tile
   * @param b a panel with a row for each tile
   */
  void pointWeights(float[] m, int a, int b, int tiles, int c);
}
