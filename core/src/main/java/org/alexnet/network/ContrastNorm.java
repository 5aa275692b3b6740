package org.alexnet.network;

import static org.alexnet.InvalidNetworkException.require;

/**
 * Local contrast normalization within a map, the cnorm of the authors' program: y = x / s^beta with
 * s = k + alpha / size^2 * sum of (x - mean)^2 over a square window, where the mean of each pixel
 * is that of its own window. Only pixels in the image are counted, for means and for sums.
 *
 * @param name in the network and in messages
 * @param size the edge of the window in pixels; odd
 * @param alpha what the sum over a whole window, divided by its pixels, is multiplied with
 * @param beta the exponent
 * @param k what is added to the sum; 1 in the authors' program
 */
public record ContrastNorm(String name, int size, float alpha, float beta, float k)
    implements Layer {
  /**
   * Checks every field.
   *
   * @throws org.alexnet.InvalidNetworkException naming the layer and the field that is not allowed
   */
  public ContrastNorm {
    require(
        size >= 1 && size < Window.MOST && size % 2 == 1,
        name,
        "size",
        size,
        "odd, from 1 to %,d".formatted(Window.MOST - 1));
    require(alpha >= 0 && Float.isFinite(alpha), name, "alpha", alpha, "finite, at least 0");
    require(beta >= 0 && Float.isFinite(beta), name, "beta", beta, "finite, at least 0");
    require(k > 0 && Float.isFinite(k), name, "k", k, "finite, above 0");
  }

  /** {@return what the sum of squares is multiplied with} */
  public float factor() {
    return alpha / (size * size);
  }
}
