package org.alexnet.data.image;

import java.awt.Graphics2D;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.alexnet.data.Batch;

/** Brings pictures in memory to the format that a network stores. */
public final class Pictures {
  private Pictures() {}

  /**
   * Writes a picture as C H W.
   *
   * @param image of any colour model
   * @param format that it is brought to
   * @param stretched whether both sides are brought to their size, and not the shorter one
   * @param to memory of at least {@code format.bytes()} bytes
   */
  public static void write(
      BufferedImage image, Batch.Format format, boolean stretched, MemorySegment to) {
    write(convert(plain(image)), format, stretched, to);
  }

  /** As {@link #write(BufferedImage, Batch.Format, boolean, MemorySegment)}, of a decoded image. */
  static void write(Picture picture, Batch.Format format, boolean stretched, MemorySegment to) {
    Picture whole = picture.withChannels(format.channels());
    Picture fitted =
        stretched
            ? Resizer.stretch(whole, format.height(), format.width())
            : Resizer.fit(whole, format.height(), format.width());
    int plane = format.height() * format.width();
    for (int c = 0; c < format.channels(); c++) {
      MemorySegment.copy(fitted.planes()[c], 0, to, ValueLayout.JAVA_BYTE, (long) c * plane, plane);
    }
  }

  /** The image itself where its samples are red, green and blue or grey, else a copy that has. */
  private static BufferedImage plain(BufferedImage image) {
    ColorModel model = image.getColorModel();
    int colours = model.getColorSpace().getType();
    boolean known = colours == ColorSpace.TYPE_RGB || colours == ColorSpace.TYPE_GRAY;
    if (known && !model.isAlphaPremultiplied()) {
      return image;
    }
    BufferedImage copy =
        new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_ARGB);
    Graphics2D graphics = copy.createGraphics();
    graphics.drawImage(image, 0, 0, null);
    graphics.dispose();
    return copy;
  }

  /** Takes samples as they are stored; bands are R G B or grey, with or without alpha. */
  static Picture convert(BufferedImage image) {
    Raster raster = image.getRaster();
    ColorModel model = image.getColorModel();
    int width = image.getWidth();
    int height = image.getHeight();
    int bands = raster.getNumBands();
    IndexColorModel palette = model instanceof IndexColorModel index ? index : null;
    Picture picture = Picture.blank(palette != null || bands >= 3 ? 3 : 1, width, height);
    byte[][] planes = picture.planes();
    int[] row = new int[width * bands];
    for (int y = 0; y < height; y++) {
      raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
      for (int x = 0; x < width; x++) {
        for (int c = 0; c < planes.length; c++) {
          planes[c][y * width + x] =
              palette != null
                  ? (byte) (palette.getRGB(row[x]) >> (16 - 8 * c))
                  : eightBits(row[x * bands + c], model.getComponentSize(c));
        }
      }
    }
    return picture;
  }

  private static byte eightBits(int sample, int bits) {
    if (bits == 8) {
      return (byte) sample;
    }
    long most = (1L << bits) - 1;
    return (byte) ((sample * 255L + most / 2) / most);
  }
}
