package org.alexnet.network;

import static org.alexnet.InvalidNetworkException.require;

import java.util.List;
import java.util.OptionalDouble;

/**
 * How pixels of 0..255 become the numbers that a network reads: {@code scale * pixel - mean}, each
 * channel by itself.
 */
public sealed interface Normalization {

  /**
   * {@return what a pixel of a channel is multiplied by before the mean is subtracted}
   *
   * @param channel from 0
   */
  float scale(int channel);

  /**
   * {@return what is subtracted from the scaled pixels of a channel; empty where that differs by
   * pixel and is no part of the network}
   *
   * @param channel from 0
   */
  default OptionalDouble offset(int channel) {
    return OptionalDouble.empty();
  }

  /**
   * The mean image of the training set is subtracted (section 2 of the 2012 paper).
   *
   * @param scale of every channel: 1 leaves pixels at 0..255
   */
  record MeanImage(float scale) implements Normalization {
    /**
     * Checks the scale.
     *
     * @throws org.alexnet.InvalidNetworkException if it is not finite and above 0
     */
    public MeanImage {
      require(scale > 0 && Float.isFinite(scale), null, "scale", scale, "finite, above 0");
    }

    @Override
    public float scale(int channel) {
      return scale;
    }
  }

  /**
   * {@code scale * (pixel - mean)} with one constant mean a channel, as Caffe's networks have where
   * they have no mean image.
   *
   * @param scale of every channel: 1 leaves pixels at 0..255
   * @param means by channel, on the scale of 0..255
   */
  record ChannelMeans(float scale, List<Float> means) implements Normalization {
    /**
     * Checks every field.
     *
     * @throws org.alexnet.InvalidNetworkException naming the field that is not allowed
     */
    public ChannelMeans {
      require(scale > 0 && Float.isFinite(scale), null, "scale", scale, "finite, above 0");
      means = List.copyOf(means);
      for (float mean : means) {
        require(Float.isFinite(mean), null, "means", means, "finite");
      }
    }

    @Override
    public float scale(int channel) {
      return scale;
    }

    @Override
    public OptionalDouble offset(int channel) {
      return OptionalDouble.of(scale * means.get(channel));
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
    /**
     * Checks every field.
     *
     * @throws org.alexnet.InvalidNetworkException naming the field that is not allowed
     */
    public Channels {
      means = List.copyOf(means);
      deviations = List.copyOf(deviations);
      for (float mean : means) {
        require(Float.isFinite(mean), null, "means", means, "finite");
      }
      for (float deviation : deviations) {
        boolean good = deviation > 0 && Float.isFinite(deviation);
        require(good, null, "deviations", deviations, "finite, above 0");
      }
      require(
          deviations.size() == means.size(),
          null,
          "deviations",
          deviations,
          "as many as the means, %d".formatted(means.size()));
    }

    @Override
    public float scale(int channel) {
      return 1 / (255 * deviations.get(channel));
    }

    @Override
    public OptionalDouble offset(int channel) {
      return OptionalDouble.of(means.get(channel) / deviations.get(channel));
    }
  }
}
