package org.alexnet.cuda.convolution;

/**
 * A way of cuDNN's to compute a convolution.
 *
 * @param number as cuDNN counts, for one direction
 * @param mathType what products are formed of, as cuDNN counts
 * @param workspaceBytes scratch memory that it needs with this arithmetic
 */
public record ConvolutionAlgorithm(int number, int mathType, long workspaceBytes) {}
