package org.alexnet.network;

/** The hyperbolic tangent, what the paper compares its rectifier with (figure 1). */
public record Tanh(String name) implements Layer {}
