package org.alexnet.network;

/**
 * The logistic function 1 / (1 + e^-x).
 *
 * @param name in the network and in messages
 */
public record Logistic(String name) implements Activation {}
