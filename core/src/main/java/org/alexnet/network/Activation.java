package org.alexnet.network;

/** A function of each number by itself. {@link Relu} and {@link Tanh} are layers of their own. */
public sealed interface Activation extends Layer
    permits Logistic, Softplus, AbsoluteValue, Square {}
