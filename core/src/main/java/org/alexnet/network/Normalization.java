package org.alexnet.network;

import java.util.List;

/**
 * How pixels of 0..255 become the numbers that a network reads: {@code scale * pixel - mean}, each
 * channel by itself.
 */
public sealed interface Normalization {

  /** What a pixel of a channel is multiplied by before the mean is subtracted. */
  float scale(int channel);

  /**
   * The mean image of the training set is subtracted (section 2 of the 2012 paper).
   *
   * @param scale of every channel: 1 leaves pixels at 0..255
   */
  record MeanImage(float scale) implements Normalization {
    @Override
    public float scale(int channel) {
      return scale;
    }
  }

  /**
   * {@code (pixel / 255 - mean) / deviation} with one constant mean and deviation a channel, as
   * torchvision normalizes. Whatever the network is trained on, the constants are these.
   *
   * @param means by channel, on the scale of 0..1
   * @param deviations by channel, on the scale of 0..1, above 0
   */
  record Channels(List<Float> means, List<Float> deviations) implements Normalization {
    public Channels {
      means = List.copyOf(means);
      deviations = List.copyOf(deviations);
      if (means.size() != deviations.size() || deviations.stream().anyMatch(d -> !(d > 0))) {
        throw new IllegalArgumentException(
            "means %s and deviations %s: as many of each, and deviations above 0, are required"
                .formatted(means, deviations));
      }
    }

    @Override
    public float scale(int channel) {
      return 1 / (255 * deviations.get(channel));
    }

    /** What is subtracted from the scaled pixels of a channel. */
    public float offset(int channel) {
      return means.get(channel) / deviations.get(channel);
    }
  }
}
