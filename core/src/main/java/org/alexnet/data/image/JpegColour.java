package org.alexnet.data.image;

import java.awt.image.Raster;
import java.io.IOException;

/**
 * From the components a JPEG stores to RGB, in the integers libjpeg uses, so that no colour
 * management comes between the file and the network and the bits agree on all machines.
 *
 * <p>Which components they are follows libjpeg's rules: one is grey; three are YCbCr, unless an
 * Adobe marker or the component names say RGB; four are CMYK, or YCCK where an Adobe marker says
 * so. Where there is an Adobe marker, inks are stored inverted.
 *
 * @param components how many there are
 * @param luma whether they are luma and chroma (and black) and not colours or inks
 * @param adobe whether there is an Adobe marker
 */
record JpegColour(int components, boolean luma, boolean adobe) {
  private static final int HALF = 1 << 15;
  private static final int RED_CR = 91881; // 1.40200 * 2^16
  private static final int GREEN_CR = 46802; // 0.71414 * 2^16
  private static final int GREEN_CB = 22554; // 0.34414 * 2^16
  private static final int BLUE_CB = 116130; // 1.77200 * 2^16

  private static final int SOS = 0xDA;
  private static final int EOI = 0xD9;
  private static final int APP0 = 0xE0;
  private static final int APP14 = 0xEE;

  /** Reads the markers up to the frame header. */
  static JpegColour of(byte[] file) throws IOException {
    boolean jfif = false;
    int adobe = -1;
    int at = 2;
    while (at + 4 <= file.length) {
      if ((file[at] & 0xFF) != 0xFF) {
        at++;
        continue;
      }
      int marker = file[at + 1] & 0xFF;
      if (marker == 0xFF || marker == 0 || marker == 1 || (marker >= 0xD0 && marker <= 0xD8)) {
        at += marker == 0xFF ? 1 : 2;
        continue;
      }
      if (marker == SOS || marker == EOI) {
        break;
      }
      int length = (file[at + 2] & 0xFF) << 8 | file[at + 3] & 0xFF;
      int body = at + 4;
      if (isFrame(marker)) {
        return frame(file, body, jfif, adobe);
      }
      jfif |= marker == APP0 && startsWith(file, body, "JFIF");
      if (marker == APP14 && length >= 14 && startsWith(file, body, "Adobe")) {
        adobe = body + 11 < file.length ? file[body + 11] & 0xFF : -1;
      }
      at += 2 + Math.max(2, length);
    }
    throw new IOException("is a JPEG file without a frame header: it is truncated or damaged");
  }

  private static boolean isFrame(int marker) {
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
  }

  private static boolean startsWith(byte[] file, int at, String text) {
    for (int i = 0; i < text.length(); i++) {
      if (at + i >= file.length || file[at + i] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private static JpegColour frame(byte[] file, int body, boolean jfif, int adobe)
      throws IOException {
    if (body + 6 > file.length) {
      throw new IOException("is a JPEG file that ends within its frame header: it is truncated");
    }
    int components = file[body + 5] & 0xFF;
    boolean luma =
        switch (components) {
          case 1 -> false;
          case 3 -> jfif || (adobe >= 0 ? adobe != 0 : !namedRgb(file, body + 6));
          case 4 -> adobe == 2;
          default ->
              throw new IOException(
                  "is a JPEG file of %d components; 1, 3 and 4 can be read".formatted(components));
        };
    return new JpegColour(components, luma, adobe >= 0);
  }

  private static boolean namedRgb(byte[] file, int at) {
    return at + 6 < file.length && file[at] == 'R' && file[at + 3] == 'G' && file[at + 6] == 'B';
  }

  /** Converts what the reader gave without conversion. */
  Picture convert(Raster raster) throws IOException {
    if (raster.getNumBands() != components) {
      throw new IOException(
          "is a JPEG file of %d components that decodes to %d"
              .formatted(components, raster.getNumBands()));
    }
    int width = raster.getWidth();
    int height = raster.getHeight();
    Picture picture = Picture.blank(components == 1 ? 1 : 3, width, height);
    byte[] row = new byte[width * components];
    for (int y = 0; y < height; y++) {
      raster.getDataElements(raster.getMinX(), raster.getMinY() + y, width, 1, row);
      for (int x = 0; x < width; x++) {
        pixel(row, x * components, picture.planes(), y * width + x);
      }
    }
    return picture;
  }

  private void pixel(byte[] row, int from, byte[][] planes, int to) {
    if (components == 1) {
      planes[0][to] = row[from];
      return;
    }
    int a = row[from] & 0xFF;
    int b = row[from + 1] & 0xFF;
    int c = row[from + 2] & 0xFF;
    if (luma) {
      int cb = b - 128;
      int cr = c - 128;
      b = clip(a + ((HALF - GREEN_CB * cb - GREEN_CR * cr) >> 16));
      c = clip(a + ((BLUE_CB * cb + HALF) >> 16));
      a = clip(a + ((RED_CR * cr + HALF) >> 16));
    }
    if (components == 4) {
      int black = row[from + 3] & 0xFF;
      // An Adobe file stores the light an ink leaves, and YCCK the complement of what it stores.
      boolean light = adobe && !luma;
      a = ink(light ? a : 255 - a, black);
      b = ink(light ? b : 255 - b, black);
      c = ink(light ? c : 255 - c, black);
    }
    planes[0][to] = (byte) a;
    planes[1][to] = (byte) b;
    planes[2][to] = (byte) c;
  }

  /** What an ink and black leave of white, the ink given by the light it leaves. */
  private int ink(int light, int black) {
    return (light * (adobe ? black : 255 - black) + 127) / 255;
  }

  private static int clip(int value) {
    return Math.clamp(value, 0, 255);
  }
}
