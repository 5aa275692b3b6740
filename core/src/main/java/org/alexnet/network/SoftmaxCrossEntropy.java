package org.alexnet.network;

/** Softmax over the classes and the cross-entropy with the label, averaged over real images. */
public record SoftmaxCrossEntropy(String name) implements Layer {}
