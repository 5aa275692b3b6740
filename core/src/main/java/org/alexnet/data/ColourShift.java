package org.alexnet.data;

import java.util.List;
import org.alexnet.random.Philox;

/**
 * The paper's shift of an image's colours (section 4.1): the sum over the colour axes p of p a s,
 * with one a ~ N(0, 0.1^2) an axis and image. The paper calls s the eigenvalue of the covariance;
 * it is its square root here, the deviation, as in the authors' program: on a scale of 0..255 only
 * that keeps a shift within some tens.
 *
 * @param axes of the training set's colours
 * @param scales what a pixel of 0..255 is multiplied by, one a channel
 */
public record ColourShift(ColourAxes axes, List<Float> scales) {
  /** Keeps a copy of the scales. */
  public ColourShift {
    scales = List.copyOf(scales);
  }

  private static final int STREAM = Philox.stream("augment/colour");
  private static final double SIGMA = 0.1;

  /** Numbers that each place of a batch has for itself. */
  private static final int NUMBERS = 4;

  /**
   * {@return the random numbers of one global step}
   *
   * @param seed of the run
   * @param step from 0, over all epochs
   */
  public static Philox draws(long seed, long step) {
    return new Philox(seed, (int) step, STREAM);
  }

  /**
   * Writes the shift of each channel of the image at a place of a batch.
   *
   * @param draws the random numbers of the step, of {@link #draws}
   * @param place in the batch, from 0
   * @param shift of all images; that of channel c is at {@code place * channels + c}
   */
  public void put(Philox draws, int place, float[] shift) {
    double[] amounts = new double[axes.deviations().length];
    for (int i = 0; i < amounts.length; i++) {
      amounts[i] = SIGMA * draws.normal((long) place * NUMBERS + i);
    }
    for (int c = 0; c < amounts.length; c++) {
      shift[place * amounts.length + c] = axes.shift(c, amounts) * scales.get(c);
    }
  }
}
