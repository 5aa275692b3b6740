package org.alexnet.network;

import static org.alexnet.InvalidNetworkException.require;

/**
 * Local response normalization: b = a / s^beta with s = k + c * sum of a^2 over a neighbourhood,
 * fewer at its ends. Across maps it is that of the paper (section 3.3); within a map the authors'
 * program had another.
 *
 * @param name in the network and in messages
 * @param region what the neighbourhood is
 * @param size n, how many adjacent maps, or the edge of the square window of pixels; odd
 * @param alpha the paper's alpha
 * @param beta the exponent
 * @param k what is added to the sum
 * @param convention whether c is alpha, or alpha over the number of terms
 * @param groups channels are cut into as many parts, and sums stay within one, as the columns of
 *     the two devices of 2012 did
 */
public record LocalResponseNorm(
    String name,
    Region region,
    int size,
    float alpha,
    float beta,
    float k,
    Convention convention,
    int groups)
    implements Layer {

  /** What is summed over. */
  public enum Region {
    /** The same pixel of {@code size} adjacent maps. */
    ACROSS_MAPS,
    /** {@code size} x {@code size} pixels of the same map. */
    WITHIN_MAP
  }

  /** What alpha is multiplied with. */
  public enum Convention {
    /** The sum of squares, as the paper's formula says. */
    SUM,
    /**
     * Their mean over a whole region, as the authors' program, Caffe, cuDNN and PyTorch compute.
     */
    MEAN
  }

  /**
   * Checks every field.
   *
   * @throws org.alexnet.InvalidNetworkException naming the layer and the field that is not allowed
   */
  public LocalResponseNorm {
    require(
        size >= 1 && size < Window.MOST && size % 2 == 1,
        name,
        "size",
        size,
        "odd, from 1 to %,d".formatted(Window.MOST - 1));
    require(alpha >= 0 && Float.isFinite(alpha), name, "alpha", alpha, "finite, at least 0");
    require(beta >= 0 && Float.isFinite(beta), name, "beta", beta, "finite, at least 0");
    require(k > 0 && Float.isFinite(k), name, "k", k, "finite, above 0");
    require(groups >= 1, name, "groups", groups, "at least 1");
  }

  /**
   * {@return the same with channels cut into another number of parts}
   *
   * @param count a divisor of the number of channels
   */
  public LocalResponseNorm withGroups(int count) {
    return new LocalResponseNorm(name, region, size, alpha, beta, k, convention, count);
  }

  /**
   * {@return the alpha that means the same where it is divided by the number of terms: the one that
   * gives the same {@link #factor}, to the last bit where there is one}
   */
  public float meanAlpha() {
    int terms = region == Region.ACROSS_MAPS ? size : size * size;
    if (convention == Convention.MEAN) {
      return alpha;
    }
    float product = alpha * terms;
    for (float near : new float[] {product, Math.nextUp(product), Math.nextDown(product)}) {
      if (near / terms == alpha) {
        return near;
      }
    }
    return product;
  }

  /** {@return what the sum of squares is multiplied with} */
  public float factor() {
    int terms =
        switch (region) {
          case ACROSS_MAPS -> size;
          case WITHIN_MAP -> size * size;
        };
    return switch (convention) {
      case SUM -> alpha;
      case MEAN -> alpha / terms;
    };
  }
}
