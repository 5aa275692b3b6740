package org.alexnet.cpu.convolution;

import org.alexnet.cpu.execution.KernelContext;

/**
 * A batch of images from which windows are read: where it lies, or padded, one group of channels
 * after the other, in memory that the workers of a kernel share.
 *
 * @param shape of the product
 * @param images of the batch
 */
record PaddedImages(ConvolutionShape shape, int images) {

  /** Floats of shared memory. */
  long floats() {
    return (long) images * shape.groups() * shape.paddedFloats();
  }

  /** Floats from an image to the next. */
  int pitch() {
    return shape.direct() ? shape.imagePitch() : shape.groups() * shape.imagePitch();
  }

  /**
   * Where a group's channels of the first image start.
   *
   * @param x the batch
   * @param shared memory of {@link #floats}
   */
  int start(int x, int shared, int group) {
    return shape.direct() ? x : shared + group * shape.imagePitch();
  }

  /** Fills the shared memory. */
  void pad(KernelContext context, int x, int shared) {
    if (shape.direct()) {
      return;
    }
    context
        .pool()
        .run(
            images * shape.groups(),
            (task, worker) -> {
              int to = shared + task * shape.imagePitch();
              int image = x + task / shape.groups() * shape.in().imageElements();
              shape.clear(context.m(), to);
              shape.pad(context.m(), image, task % shape.groups(), to);
            });
  }

  /** From the start of an image to that of the window of a position. */
  int window(int position) {
    int h = position / shape.out().w() * shape.stride();
    int w = position % shape.out().w() * shape.stride();
    return h * shape.rowPitch() + w * shape.inputs();
  }
}
