package org.alexnet.cpu.execution;

import java.util.function.Function;
import java.util.function.ToIntFunction;
import org.alexnet.program.Tensor;

/**
 * Offsets for one operation, in floats.
 *
 * @param images where the images of a tensor lie
 * @param start where any other tensor starts
 * @param device where a tensor is
 * @param shared start of memory that all workers of the kernel share
 * @param scratch start of worker 0's private memory
 * @param scratchPitch distance between the private memory of two workers
 */
public record Binding(
    Function<Tensor, Address> images,
    ToIntFunction<Tensor> start,
    ToIntFunction<Tensor> device,
    int shared,
    int scratch,
    int scratchPitch) {

  public Address address(Tensor tensor) {
    return images.apply(tensor);
  }

  public int offset(Tensor tensor) {
    return start.applyAsInt(tensor);
  }

  public int device(Tensor tensor) {
    return device.applyAsInt(tensor);
  }

  public int scratch(int worker) {
    return scratch + worker * scratchPitch;
  }
}
