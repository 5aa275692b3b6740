package org.alexnet.network;

/**
 * The rectifier max(x, 0) of section 3.1.
 *
 * @param name in the network and in messages
 */
public record Relu(String name) implements Layer {}
