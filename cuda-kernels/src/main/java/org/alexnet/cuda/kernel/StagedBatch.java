package org.alexnet.cuda.kernel;

/**
 * Where a batch lies on a device: one of some places that take turns, so that the next batch is
 * brought while the last one is computed on.
 *
 * @param step address of the step's settings, see common.cuh
 * @param images address of label, first row, first column and mirror of each image
 * @param shift address of the colour shifts
 * @param pixels address of the pixels
 * @param errors address of a word an image, 1 where it is judged wrongly
 */
public record StagedBatch(long step, long images, long shift, long pixels, long errors) {}
