package org.alexnet.pictures;

import java.lang.foreign.MemorySegment;
import org.alexnet.AlexNetException;
import org.alexnet.data.Batch;
import org.alexnet.data.ImageSource;
import org.alexnet.pictures.drawing.Pixels;

/** The images of a source as they are drawn. */
public final class Images {
  private Images() {}

  /**
   * An image of a source, in the size that it is stored with.
   *
   * @param source any
   * @param i number of the image
   * @return its pixels; of numbers of any scale, the least is black and the most white
   */
  public static Pixels of(ImageSource source, int i) {
    Batch.Format format = source.format();
    if (format.floats()) {
      float[] values = new float[format.values()];
      source.read(i, MemorySegment.ofArray(values));
      return of(values, format);
    }
    byte[] values = new byte[format.values()];
    source.read(i, MemorySegment.ofArray(values));
    int plane = format.height() * format.width();
    return Pixels.of(
        format.width(),
        format.height(),
        (x, y) -> {
          int at = y * format.width() + x;
          return colour(format.channels(), c -> values[c * plane + at] & 0xFF);
        });
  }

  /** Refuses that all images of a source were left out, since none could be read. */
  static void requireSome(int count, ImageSource source) {
    if (count == 0) {
      throw new AlexNetException(
          "%s holds no image that can be read".formatted(source.description()));
    }
  }

  /** Floating-point numbers of whatever scale: the least of an image is black, the most white. */
  private static Pixels of(float[] values, Batch.Format format) {
    Range range = Range.of(values, 0, values.length);
    int plane = format.height() * format.width();
    return Pixels.of(
        format.width(),
        format.height(),
        (x, y) -> {
          int at = y * format.width() + x;
          return colour(
              format.channels(), c -> (int) Math.round(255 * range.share(values[c * plane + at])));
        });
  }

  /** A level of 0..255 by channel. */
  interface Level {
    int of(int channel);
  }

  /** Three channels are red, green and blue; of another number the first is grey. */
  static int colour(int channels, Level level) {
    return channels == 3
        ? Pixels.colour(level.of(0), level.of(1), level.of(2))
        : Pixels.grey(level.of(0));
  }
}
