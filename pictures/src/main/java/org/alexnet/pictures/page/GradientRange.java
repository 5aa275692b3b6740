package org.alexnet.pictures.page;

/**
 * How large the gradient of a layer was in the recorded steps: the Euclidean norm over its weights
 * and biases.
 *
 * @param layer its name
 * @param first in the first of these steps
 * @param least the smallest
 * @param median half of the steps have less
 * @param most the largest
 * @param last in the last step
 */
public record GradientRange(
    String layer, double first, double least, double median, double most, double last) {}
