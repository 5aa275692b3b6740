package org.alexnet.cpu.execution;

import org.alexnet.backend.Peers;
import org.alexnet.backend.StepSettings;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.data.Batch;

/**
 * What a kernel runs in.
 *
 * @param m all memory of its device
 * @param memories the memory of every device
 * @param bytesTransferred bytes sent between devices, by sender and receiver; a kernel adds to its
 *     own device's column only
 * @param peers the other workers
 * @param parameters changes whenever parameters may have changed
 */
public record KernelContext(
    float[] m,
    float[][] memories,
    long[][] bytesTransferred,
    Kernels kernels,
    WorkerPool pool,
    Batch batch,
    StepSettings settings,
    Peers peers,
    long parameters) {}
