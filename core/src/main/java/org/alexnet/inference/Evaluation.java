package org.alexnet.inference;

import java.io.Serializable;

/**
 * How well a network does on labelled images.
 *
 * @param images number of images
 * @param loss mean cross-entropy
 * @param top1Error share of images whose label is not the most probable class
 * @param top5Error share of images whose label is not among the five most probable
 */
public record Evaluation(int images, double loss, double top1Error, double top5Error)
    implements Serializable {}
