package org.alexnet.data;

import org.apache.commons.math3.linear.EigenDecomposition;
import org.apache.commons.math3.linear.MatrixUtils;
import org.apache.commons.math3.linear.RealVector;

/**
 * The principal axes of the colours of a training set: the eigenvectors of the covariance of red,
 * green and blue over all pixels, the one that varies most first, and the standard deviation along
 * each, on the scale of 0..255. Of the two directions of an axis, the one whose largest component
 * is positive.
 *
 * @param axes {@code [axis][channel]}, each of length 1
 * @param deviations of each axis
 */
public record ColourAxes(float[][] axes, float[] deviations) {
  private static final int CHANNELS = 3;

  /**
   * {@return the axes of a covariance matrix}
   *
   * @param covariance symmetric, of three rows and columns
   */
  public static ColourAxes of(double[][] covariance) {
    EigenDecomposition eigen = new EigenDecomposition(MatrixUtils.createRealMatrix(covariance));
    float[][] axes = new float[CHANNELS][CHANNELS];
    float[] deviations = new float[CHANNELS];
    for (int i = 0; i < CHANNELS; i++) {
      RealVector axis = eigen.getEigenvector(i);
      double length = axis.getNorm() * sign(axis);
      for (int c = 0; c < CHANNELS; c++) {
        axes[i][c] = (float) (axis.getEntry(c) / length);
      }
      // Rounding can take an eigenvalue of 0 below it.
      deviations[i] = (float) Math.sqrt(Math.max(0, eigen.getRealEigenvalue(i)));
    }
    return new ColourAxes(axes, deviations);
  }

  private static double sign(RealVector axis) {
    double largest = 0;
    for (int c = 0; c < CHANNELS; c++) {
      if (Math.abs(axis.getEntry(c)) > Math.abs(largest)) {
        largest = axis.getEntry(c);
      }
    }
    return Math.signum(largest);
  }

  /**
   * What a colour shift adds to a channel: the sum over the axes of {@code component * amount *
   * deviation}.
   *
   * @param amounts one an axis
   */
  float shift(int channel, double[] amounts) {
    double sum = 0;
    for (int i = 0; i < CHANNELS; i++) {
      sum += axes[i][channel] * amounts[i] * deviations[i];
    }
    return (float) sum;
  }
}
