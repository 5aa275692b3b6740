package org.alexnet.tensor;

import java.util.List;
import org.alexnet.AlexNetException;

/**
 * A float32 tensor in memory, ready to be written. The values are not copied.
 *
 * @param shape extents, outermost first
 * @param values the elements, last extent fastest; as many as the shape says
 */
public record FloatTensor(List<Long> shape, float[] values) {
  /**
   * Copies the shape and keeps the values.
   *
   * @throws AlexNetException when the shape and the number of values disagree
   */
  public FloatTensor {
    shape = List.copyOf(shape);
    long required = new TensorInfo(DType.F32, shape).elements();
    if (values.length != required) {
      throw new AlexNetException(
          "a tensor of shape "
              + shape
              + " was given "
              + values.length
              + " values; it requires "
              + required);
    }
  }

  /** {@return what the file will say of this tensor} */
  public TensorInfo info() {
    return new TensorInfo(DType.F32, shape);
  }
}
