package org.alexnet.cpu;

import org.alexnet.backend.StepSettings;
import org.alexnet.data.Batch;

/**
 * What a kernel runs in.
 *
 * @param m all memory of the executable
 */
record Frame(float[] m, Kernels kernels, WorkerPool pool, Batch batch, StepSettings settings) {}
