package org.alexnet.cpu;

import org.alexnet.backend.StepSettings;
import org.alexnet.data.Batch;

/**
 * What a kernel runs in.
 *
 * @param m all memory of its device
 * @param memories the memory of every device
 * @param crossed bytes sent between devices, by sender and receiver; a kernel adds to its own
 *     device's column only
 */
record Frame(
    float[] m,
    float[][] memories,
    long[][] crossed,
    Kernels kernels,
    WorkerPool pool,
    Batch batch,
    StepSettings settings) {}
