package org.alexnet.network;

/**
 * The absolute value |x|. Its derivative at 0 is -1, as in the authors' program.
 *
 * @param name in the network and in messages
 */
public record AbsoluteValue(String name) implements Activation {}
