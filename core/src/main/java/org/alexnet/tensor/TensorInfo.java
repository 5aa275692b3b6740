package org.alexnet.tensor;

import java.util.List;
import org.alexnet.AlexNetException;

/**
 * Type and shape of a tensor in a file.
 *
 * @param dtype element type
 * @param shape extents, outermost first; empty for a scalar, and an extent may be 0
 */
public record TensorInfo(DType dtype, List<Long> shape) {
  /**
   * Copies the shape.
   *
   * @throws AlexNetException when an extent is negative or the size in bytes is 2^63 or more
   */
  public TensorInfo {
    shape = List.copyOf(shape);
    multiply(shape, dtype.bytes());
  }

  /** {@return number of elements: the product of the extents, 1 for a scalar} */
  public long elements() {
    return multiply(shape, 1);
  }

  /** {@return size of the data in bytes} */
  public long bytes() {
    return multiply(shape, dtype.bytes());
  }

  private static long multiply(List<Long> shape, long unit) {
    long product = unit;
    for (long extent : shape) {
      if (extent < 0) {
        throw new AlexNetException(
            "shape " + shape + " has a negative extent; 0 or more is required");
      }
      try {
        product = Math.multiplyExact(product, extent);
      } catch (ArithmeticException e) {
        throw new AlexNetException(
            "shape " + shape + " has more bytes than a file can hold; less than 2^63 is required",
            e);
      }
    }
    return product;
  }
}
