package org.alexnet.cuda;

/**
 * A way of cuDNN's to compute a convolution.
 *
 * @param number as cuDNN counts, for one direction
 * @param milliseconds measured, or what cuDNN expects; below 0 if unknown
 * @param workspaceBytes scratch memory
 * @param deterministic whether it gives the same bits every time
 */
record ConvolutionAlgorithm(
    int number, float milliseconds, long workspaceBytes, boolean deterministic) {}
