package org.alexnet.network;

/**
 * The hyperbolic tangent, what the paper compares its rectifier with (figure 1).
 *
 * @param name in the network and in messages
 */
public record Tanh(String name) implements Layer {}
