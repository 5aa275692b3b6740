package org.alexnet.network;

/**
 * The square x^2.
 *
 * @param name in the network and in messages
 */
public record Square(String name) implements Activation {}
