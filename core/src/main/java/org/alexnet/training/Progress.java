package org.alexnet.training;

import java.io.Serializable;

/**
 * Where a run stands, told after every step.
 *
 * @param epoch epoch under way, from 1
 * @param epochs epochs in all
 * @param batch steps done of the epoch
 * @param batches steps of an epoch
 * @param loss mean training loss of the epoch so far
 * @param error share of training images that were classed wrongly so far
 * @param imagesPerSecond since the epoch began or was taken up again
 * @param dataWait share of that time spent waiting for data
 * @param secondsLeft estimate for the rest of the run
 */
public record Progress(
    int epoch,
    int epochs,
    int batch,
    int batches,
    double loss,
    double error,
    double imagesPerSecond,
    double dataWait,
    double secondsLeft)
    implements Serializable {}
