package org.alexnet.model;

import org.alexnet.data.Augmentation;

/**
 * How a network is trained unless the user says otherwise.
 *
 * @param epochs passes over the training images
 * @param batch images a step
 * @param rate learning rate at the start
 * @param momentum share of the last update that is kept
 * @param decay weight decay, a multiple of the weights taken off at the learning rate
 * @param schedule how the rate falls
 * @param augmentation how images are varied
 */
public record Recipe(
    int epochs,
    int batch,
    float rate,
    float momentum,
    float decay,
    Schedule schedule,
    Augmentation augmentation) {}
