package org.alexnet.network;

/**
 * Mirrors every image: left is right.
 *
 * @param name in the network and in messages
 */
public record HorizontalFlip(String name) implements Layer {}
