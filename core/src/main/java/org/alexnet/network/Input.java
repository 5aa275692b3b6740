package org.alexnet.network;

import java.util.List;
import java.util.stream.IntStream;

/**
 * What the first layer reads.
 *
 * @param channels colours, 3 for photographs
 * @param size height and width of the image that the network sees
 * @param stored height and width of the images that are kept and cropped from, at least {@code
 *     size}
 * @param normalization how pixels become numbers
 */
public record Input(int channels, int size, int stored, Normalization normalization) {
  public Input {
    if (channels < 1 || size < 1 || stored < size) {
      throw new IllegalArgumentException(
          "input of %d channels, size %d, stored %d".formatted(channels, size, stored));
    }
    if (normalization instanceof Normalization.Channels c && c.means().size() != channels) {
      throw new IllegalArgumentException(
          "input of %d channels, normalized by %d means".formatted(channels, c.means().size()));
    }
  }

  /** An input that the mean image of the training set is subtracted from, after scaling. */
  public Input(int channels, int size, int stored, float scale) {
    this(channels, size, stored, new Normalization.MeanImage(scale));
  }

  /** What a pixel of 0..255 is multiplied by before the mean is subtracted, by channel. */
  public List<Float> scales() {
    return IntStream.range(0, channels).mapToObj(normalization::scale).toList();
  }
}
