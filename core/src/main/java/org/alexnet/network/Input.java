package org.alexnet.network;

/**
 * What the first layer reads.
 *
 * @param channels colours, 3 for photographs
 * @param size height and width of the image that the network sees
 * @param stored height and width of the images that are kept and cropped from, at least {@code
 *     size}
 * @param scale what a pixel of 0..255 is multiplied by before the mean is subtracted
 */
public record Input(int channels, int size, int stored, float scale) {
  public Input {
    if (channels < 1 || size < 1 || stored < size) {
      throw new IllegalArgumentException(
          "input of %d channels, size %d, stored %d".formatted(channels, size, stored));
    }
  }
}
