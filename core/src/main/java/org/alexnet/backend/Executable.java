package org.alexnet.backend;

import java.util.List;
import org.alexnet.backend.plan.MemoryPlan;
import org.alexnet.data.Batch;
import org.alexnet.data.KeptImages;
import org.alexnet.program.Tensor;

/**
 * A network bound to memory. Not safe for several threads at once.
 *
 * <p>A step may return before the device is done; {@link Pending#await()} waits. The pixels of the
 * batch must stay untouched until then; what is drawn for each image is taken over at once.
 */
public interface Executable extends AutoCloseable {

  /** A step under way. */
  @FunctionalInterface
  interface Pending {
    /** Waits for the step and sums it up. */
    StepResult await();
  }

  /** An evaluation under way, and the tensors that were asked for with it. */
  @FunctionalInterface
  interface PendingTensors {
    /** Waits for the evaluation; the values of each tensor, N C H W, in the order asked for. */
    List<float[]> await();
  }

  /** The plan it was bound with; what is allocated is what it says. */
  MemoryPlan plan();

  /** Bytes that are allocated for tensors and workspaces. */
  long allocatedBytes();

  /**
   * A batch of the program's size in memory that suits the device.
   *
   * @param stored size and type of the images as they are stored
   * @param carried of what the batch carries of each: the same, or a window of the network's size
   */
  Batch newBatch(Batch.Format stored, Batch.Format carried);

  /** A batch that carries the numbers of images that the {@link ImageMemory} keeps. */
  default Batch newBatch(KeptImages images) {
    throw new UnsupportedOperationException("this backend keeps no images");
  }

  /** A batch that carries whole images. */
  default Batch newBatch(Batch.Format format) {
    return newBatch(format, format);
  }

  /**
   * Steps that may be under way at once: as many calls of {@link #train} may be made before the
   * first of their results is waited for. If one's loss is not finite, those that were begun after
   * it learn nothing either.
   */
  default int stepsAhead() {
    return 1;
  }

  /**
   * Evaluations that may be under way at once: as many calls of {@link #evaluate(Batch, List)} may
   * be made before the first of their results is waited for.
   */
  default int evaluationsAhead() {
    return 1;
  }

  /** Gives a batch of {@link #newBatch} back before the executable is closed. */
  default void release(Batch batch) {}

  /** One training step. If the loss is not finite, parameters and momentum stay as they were. */
  Pending train(Batch batch, StepSettings settings);

  /** The evaluation program. */
  Pending evaluate(Batch batch);

  /**
   * The evaluation program, after which some of its tensors come back too: with several under way,
   * each brings its own.
   *
   * @param tensors observed ones of the program, whole or parts
   */
  default PendingTensors evaluate(Batch batch, List<Tensor> tensors) {
    Pending pending = evaluate(batch);
    return () -> {
      pending.await();
      return tensors.stream().map(this::read).toList();
    };
  }

  /**
   * Waits for the step under way and copies a tensor as N C H W: a persistent one, or an observed
   * one of the program that ran last. Of a network that is cut, a tensor may be whole or one of its
   * parts.
   */
  float[] read(Tensor tensor);

  /**
   * As {@link #read(Tensor)}, for tensors that are read again and again.
   *
   * @param reusable an array as long as the tensor, which is given back with the tensor in it where
   *     the backend can; null where there is none
   */
  default float[] read(Tensor tensor, float[] reusable) {
    return read(tensor);
  }

  /** Overwrites a persistent tensor, given as N C H W. */
  void write(Tensor tensor, float[] values);

  /** Bytes that the last step sent from one device to another, by sender and receiver. */
  long[][] bytesTransferred();

  /**
   * Runs one training step on the batch as {@link #train} does, and times every kernel.
   *
   * @return seconds, in the order of the kernels
   */
  double[] profile(Batch batch, StepSettings settings);

  @Override
  void close();
}
