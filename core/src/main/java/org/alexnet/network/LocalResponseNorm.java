package org.alexnet.network;

/**
 * Local response normalisation across maps (section 3.3): b = a / s^beta with s = k + c * sum of
 * a^2 over {@code maps} adjacent maps, fewer at the ends.
 *
 * @param maps n, how many maps are summed over; odd
 * @param alpha the paper's alpha
 * @param beta the exponent
 * @param k what is added to the sum
 * @param convention whether c is alpha, or alpha / n
 * @param groups channels are cut into as many parts, and sums stay within one, as the columns of
 *     the two devices of 2012 did
 */
public record LocalResponseNorm(
    String name, int maps, float alpha, float beta, float k, Convention convention, int groups)
    implements Layer {

  /** What alpha is multiplied with. */
  public enum Convention {
    /** The sum of squares, as the paper's formula says. */
    SUM,
    /** Their mean over n, as the original source, Caffe, cuDNN, ONNX and PyTorch compute. */
    MEAN
  }

  public LocalResponseNorm {
    if (maps < 1 || maps % 2 == 0 || !(k > 0) || groups < 1) {
      throw new IllegalArgumentException(
          "%s: %d maps, k %s, %d groups; maps must be odd, k above 0, groups at least 1"
              .formatted(name, maps, k, groups));
    }
  }

  /** The same with channels cut into another number of parts. */
  public LocalResponseNorm withGroups(int count) {
    return new LocalResponseNorm(name, maps, alpha, beta, k, convention, count);
  }

  /** What the sum of squares is multiplied with. */
  public float factor() {
    return switch (convention) {
      case SUM -> alpha;
      case MEAN -> alpha / maps;
    };
  }
}
