package org.alexnet.cpu.image;

import java.util.List;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.KernelContext;
import org.alexnet.program.Tensor;

/**
 * An operation that handles each image by itself, so that several can follow one another on the
 * same image while it is in the cache. See {@link ImageChain}.
 */
public interface ImageOp {

  /** Tensors of images that it reads. */
  List<Tensor> imageReads();

  /** Tensors of images that it writes. */
  List<Tensor> imageWrites();

  /** Other tensors that it reads, such as filters. */
  default List<Tensor> otherReads() {
    return List.of();
  }

  /** Other tensors that it writes once all images are done, such as gradients of filters. */
  default List<Tensor> otherWrites() {
    return List.of();
  }

  /** What it keeps from one step to the next. */
  default List<BufferUse> kept() {
    return List.of();
  }

  /** Floats that all workers share during the kernel. */
  default int sharedFloats() {
    return 0;
  }

  /** Floats that a worker needs while it runs the operation. */
  default int scratchFloats() {
    return 0;
  }

  Bound bind(Binding binding);

  /** An operation that knows its addresses. */
  interface Bound {

    /** Before any image, on one thread; may use the pool. */
    default void prepare(KernelContext context) {}

    /** Before the first image of a task. */
    default void begin(KernelContext context, int task, int worker) {}

    /** Handles {@code count} images from {@code first} on. */
    void run(KernelContext context, int task, int worker, int first, int count);

    /** After all images, on one thread; may use the pool. */
    default void finish(KernelContext context) {}
  }
}
