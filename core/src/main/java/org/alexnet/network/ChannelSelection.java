package org.alexnet.network;

import static org.alexnet.InvalidNetworkException.require;

import java.util.List;
import org.alexnet.InvalidNetworkException;

/**
 * Channels of its input in another order: channel i of the output is channel {@code
 * channels.get(i)} of the input, [n, c, h, w] becomes [n, channels.size(), h, w]. A channel may be
 * chosen several times, and its gradient is then the sum over its places, in their order; one that
 * is not chosen gets a gradient of zero. Groups of the authors' program that read channels drawn at
 * random (randSparse) are such a selection, group after group, before a convolution in groups.
 *
 * @param name in the network and in messages
 * @param channels numbers of channels of the input, from 0; from 1 to {@value #MOST} of them
 */
public record ChannelSelection(String name, List<Integer> channels) implements Layer {
  /** The most channels of the output, so that files of networks stay small. */
  public static final int MOST = 1 << 16;

  /**
   * Checks their number and that none is negative. Whether the input has them is known when the
   * network is compiled.
   *
   * @throws InvalidNetworkException naming the channel, or saying how many there are
   */
  public ChannelSelection {
    channels = List.copyOf(channels);
    if (channels.isEmpty() || channels.size() > MOST) {
      throw InvalidNetworkException.of(
          name,
          "channels",
          "%,d are chosen; from 1 to %,d are required".formatted(channels.size(), MOST));
    }
    for (int i = 0; i < channels.size(); i++) {
      requireChannel(channels.get(i) >= 0, name, i, channels.get(i), "at least 0");
    }
  }

  /**
   * Checks the channels against those of the input.
   *
   * @param inputs channels of the input
   * @throws InvalidNetworkException if the input does not have one of them
   */
  public void requireFrom(int inputs) {
    for (int i = 0; i < channels.size(); i++) {
      requireChannel(
          channels.get(i) < inputs,
          name,
          i,
          channels.get(i),
          "below the number of channels of its input, %,d".formatted(inputs));
    }
  }

  private static void requireChannel(
      boolean good, String name, int index, int channel, String allowed) {
    require(good, name, "channels[%d]".formatted(index), channel, allowed);
  }
}
