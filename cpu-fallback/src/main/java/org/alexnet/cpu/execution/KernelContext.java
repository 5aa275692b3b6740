package org.alexnet.cpu.execution;

import org.alexnet.backend.Peers;
import org.alexnet.backend.StepSettings;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.data.Batch;

/**
 * What a kernel runs in.
 *
 * @param m all memory of its device
 * @param exchange what it sends and receives by
 * @param parameters changes whenever parameters may have changed
 */
public record KernelContext(
    float[] m,
    Exchange exchange,
    Kernels kernels,
    WorkerPool pool,
    Batch batch,
    StepSettings settings,
    long parameters) {

  /**
   * The other devices.
   *
   * @param memories the memory of every device of this process
   * @param bytesTransferred bytes sent between them, by sender and receiver; a kernel adds to its
   *     own device's column only
   * @param peers the other workers
   */
  public record Exchange(float[][] memories, long[][] bytesTransferred, Peers peers) {}
}
