package org.alexnet.network;

/**
 * Softmax over the classes and the cross-entropy with the label, averaged over real images.
 *
 * @param name in the network and in messages
 */
public record SoftmaxCrossEntropy(String name) implements Layer {}
