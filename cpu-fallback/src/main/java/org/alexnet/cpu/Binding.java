package org.alexnet.cpu;

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
record Binding(
    Function<Tensor, Address> images,
    ToIntFunction<Tensor> start,
    ToIntFunction<Tensor> device,
    int shared,
    int scratch,
    int scratchPitch) {

  Address address(Tensor tensor) {
    return images.apply(tensor);
  }

  int offset(Tensor tensor) {
    return start.applyAsInt(tensor);
  }

  int device(Tensor tensor) {
    return device.applyAsInt(tensor);
  }

  int scratch(int worker) {
    return scratch + worker * scratchPitch;
  }
}
