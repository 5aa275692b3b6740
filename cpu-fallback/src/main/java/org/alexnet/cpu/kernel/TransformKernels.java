package org.alexnet.cpu.kernel;

/**
 * The inner loops of transformed convolutions. As those of {@link Kernels} they work in one array
 * {@code m} and give equal bits for every vector width: lanes are different channels, and what is
 * added up is added in the same order.
 *
 * <p>A transform is applied {@code count} times. Each time it reads numbers that are {@code
 * inPitch} apart and writes numbers {@code outPitch} apart, each of {@link Transform#LANES}
 * channels; then both places move on by a step.
 */
public interface TransformKernels {
  /** Tiles of an image that are multiplied together. */
  int TILES = 8;

  /**
   * An input, gradient or filter to its values at points.
   *
   * @param last where the value at infinity goes, which an inner transform has not
   * @param lastStep how far that place moves on
   */
  void spread(
      Transform transform,
      float[] m,
      int in,
      int inPitch,
      int inStep,
      int out,
      int outPitch,
      int outStep,
      int last,
      int lastStep,
      int count);

  /**
   * Columns of an input or gradient to their values at points.
   *
   * @param rows where each row starts
   */
  void spreadRows(
      Transform transform,
      float[] m,
      int[] rows,
      int inStep,
      int out,
      int outPitch,
      int outStep,
      int count);

  /**
   * Products at points to outputs or to the gradient of a filter.
   *
   * @param last where the product at infinity comes from, which an inner transform has not
   * @param lastStep how far that place moves on
   */
  void gather(
      Transform transform,
      float[] m,
      int in,
      int inPitch,
      int inStep,
      int last,
      int lastStep,
      int out,
      int outPitch,
      int outStep,
      int count);

  /**
   * Products to outputs that are final, {@code max(y + bias, floor)}.
   *
   * @param bias where the bias of the channels is
   */
  void gatherBiased(
      Transform transform,
      float[] m,
      int in,
      int inPitch,
      int inStep,
      int out,
      int outPitch,
      int outStep,
      int bias,
      float floor,
      int count);

  /**
   * Outputs of {@link #TILES} tiles at one point: {@code c[t][j] = sum_k a[k / 16][t][k % 16]
   * b[k][j]} for the columns j of a panel.
   *
   * @param a blocks of 16 channels, of each the tiles
   * @param b a panel of {@code depth} rows
   * @param depth channels, a multiple of 16
   * @param ldc distance between the tiles of c
   */
  void pointOutputs(float[] m, int a, int b, int depth, int c, int ldc);

  /**
   * Gradients of 16 rows of filters at one point: {@code c[i][j] += sum_t a[t][i] b[t][j]} for the
   * columns j of a panel.
   *
   * @param a 16 channels of each tile
   * @param b a panel with a row for each tile
   */
  void pointWeights(float[] m, int a, int b, int tiles, int c);
}
