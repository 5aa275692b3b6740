package org.alexnet.network;

import static org.alexnet.InvalidNetworkException.require;

/**
 * Keeps the pixels on every so many rows and columns and drops the others. What the last of them
 * leaves over is shared between both ends. The authors' program calls it nailbed.
 *
 * @param name in the network and in messages
 * @param stride rows and columns from one pixel that is kept to the next
 */
public record Subsample(String name, int stride) implements Layer {
  /**
   * Checks the stride.
   *
   * @throws org.alexnet.InvalidNetworkException if it is not allowed
   */
  public Subsample {
    require(
        stride >= 1 && stride <= Window.MOST,
        name,
        "stride",
        stride,
        "from 1 to %,d".formatted(Window.MOST));
  }

  /**
   * {@return how many rows or columns are kept}
   *
   * @param size rows or columns of the image
   */
  public int outputs(int size) {
    return Math.ceilDiv(size, stride);
  }

  /**
   * {@return the first row or column that is kept, from 0}
   *
   * @param size rows or columns of the image
   */
  public int first(int size) {
    return (size - stride * (outputs(size) - 1)) / 2;
  }
}
