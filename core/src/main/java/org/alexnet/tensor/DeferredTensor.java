package org.alexnet.tensor;

import java.util.List;
import java.util.function.Supplier;

/**
 * A float32 tensor that is made when it is wanted, so that many can be written without all of them
 * being in memory.
 *
 * @param shape extents, outermost first
 * @param values makes the elements, last extent fastest; they are good until the next tensor is
 *     made, which may be in the same array
 */
public record DeferredTensor(List<Long> shape, Supplier<float[]> values) {
  /** Copies the shape. */
  public DeferredTensor {
    shape = List.copyOf(shape);
  }

  /**
   * {@return a tensor that is there already}
   *
   * @param tensor its values are not copied
   */
  public static DeferredTensor of(FloatTensor tensor) {
    return new DeferredTensor(tensor.shape(), tensor::values);
  }

  /** {@return what the file will say of this tensor} */
  public TensorInfo info() {
    return new TensorInfo(DType.F32, shape);
  }

  /**
   * {@return the tensor itself, good until the next one is made}
   *
   * @throws org.alexnet.AlexNetException when the shape and the number of values disagree, or where
   *     they come from fails
   */
  public FloatTensor make() {
    return new FloatTensor(shape, values.get());
  }
}
