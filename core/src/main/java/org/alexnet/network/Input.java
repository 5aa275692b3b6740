package org.alexnet.network;

import static org.alexnet.InvalidNetworkException.require;

import java.util.List;
import java.util.stream.IntStream;
import org.alexnet.InvalidNetworkException;

/**
 * What the first layer reads, and how a picture becomes that: it is brought to the size that images
 * are kept in, the centre (while training, perhaps another part) is cropped to the size that the
 * network sees, and pixels are normalized. Colours are in the order red, green, blue.
 *
 * @param channels colours, 3 for photographs
 * @param size height and width of the image that the network sees
 * @param stored height and width of the images that are kept and cropped from, at least {@code
 *     size}
 * @param resize how pictures are brought to that size
 * @param normalization how pixels become numbers
 */
public record Input(
    int channels, int size, int stored, Resize resize, Normalization normalization) {
  /** The most values of a stored image. */
  private static final long VALUES = Integer.MAX_VALUE - (1 << 24);

  /**
   * Checks every field.
   *
   * @throws org.alexnet.InvalidNetworkException naming the field that is not allowed
   */
  public Input {
    String range = "from 1 to %,d".formatted(Window.MOST);
    require(size >= 1 && size <= Window.MOST, null, "size", size, range);
    require(
        stored >= size && stored <= Window.MOST,
        null,
        "stored",
        stored,
        "from the size, %d, to %,d".formatted(size, Window.MOST));
    long most = VALUES / ((long) stored * stored);
    require(
        channels >= 1 && channels <= most,
        null,
        "channels",
        channels,
        "from 1 to %,d where images of %d x %d are stored".formatted(most, stored, stored));
    int means =
        switch (normalization) {
          case Normalization.MeanImage _ -> channels;
          case Normalization.Channels c -> c.means().size();
          case Normalization.ChannelMeans c -> c.means().size();
        };
    if (means != channels) {
      throw new InvalidNetworkException(
          null,
          "an input of %d channels cannot be normalized by %d means".formatted(channels, means));
    }
  }

  /**
   * An input whose pictures are brought to the stored size by their shorter side.
   *
   * @param channels of an image
   * @param size edge of what the network reads, in pixels
   * @param stored edge of what is cropped from, in pixels, at least {@code size}
   * @param normalization how pixels become numbers
   */
  public Input(int channels, int size, int stored, Normalization normalization) {
    this(channels, size, stored, Resize.COVER, normalization);
  }

  /**
   * An input that the mean image of the training set is subtracted from, after scaling.
   *
   * @param channels of an image
   * @param size edge of what the network reads, in pixels
   * @param stored edge of what is cropped from, in pixels, at least {@code size}
   * @param scale what a pixel of 0..255 is multiplied by
   */
  public Input(int channels, int size, int stored, float scale) {
    this(channels, size, stored, new Normalization.MeanImage(scale));
  }

  /** {@return what a pixel of 0..255 is multiplied by before the mean is subtracted, by channel} */
  public List<Float> scales() {
    return IntStream.range(0, channels).mapToObj(normalization::scale).toList();
  }
}
