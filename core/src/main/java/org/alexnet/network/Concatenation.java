package org.alexnet.network;

/**
 * The channels of several inputs, one input after the other. Their images have one size; of
 * fully-connected layers the outputs are joined.
 *
 * @param name in the network and in messages
 */
public record Concatenation(String name) implements Layer {
  @Override
  public boolean joins() {
    return true;
  }
}
