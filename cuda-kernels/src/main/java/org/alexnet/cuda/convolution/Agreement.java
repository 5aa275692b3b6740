package org.alexnet.cuda.convolution;

import org.alexnet.backend.Precision;

/**
 * Whether two ways to compute a convolution or a product agree.
 *
 * @param precision of what is multiplied and stored
 * @param products that are added up for a number of the result
 */
public record Agreement(Precision precision, long products) {

  /**
   * Whether numbers are finite and right where they were looked up.
   *
   * @param distance from what they are to be
   */
  boolean right(float[] numbers, double distance) {
    return agrees(numbers, numbers) && distance <= largest(numbers) * tolerance();
  }

  /** Whether all numbers are finite and near what they are to be. */
  public boolean agrees(float[] right, float[] got) {
    double difference = 0;
    for (int i = 0; i < right.length; i++) {
      if (!Float.isFinite(got[i])) {
        return false;
      }
      difference = Math.max(difference, Math.abs((double) right[i] - got[i]));
    }
    return difference <= largest(right) * tolerance();
  }

  private static double largest(float[] numbers) {
    double largest = 0;
    for (float number : numbers) {
      largest = Math.max(largest, Math.abs(number));
    }
    return largest;
  }

  /**
   * By how much results may differ, as a share of the largest: some roundings of what is multiplied
   * and stored, since Winograd's and Fourier's transformations magnify them, and those of the sums,
   * which are formed in single precision and grow with the root of their length. What a way leaves
   * out or takes twice is more than that.
   */
  private double tolerance() {
    double rounding =
        switch (precision) {
          case FP32 -> 0x1p-20;
          case TF32, FP16 -> 0x1p-11;
          case BF16 -> 0x1p-9;
        };
    return 16 * rounding + 4 * Math.sqrt(products) * 0x1p-23;
  }
}
