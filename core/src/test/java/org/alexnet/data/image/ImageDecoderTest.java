package org.alexnet.data.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.alexnet.data.TestImages;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageDecoderTest {
  private final ImageDecoder decoder = new ImageDecoder();

  private static int[] pixel(Picture picture, int p) {
    int[] pixel = new int[picture.planes().length];
    for (int c = 0; c < pixel.length; c++) {
      pixel[c] = picture.planes()[c][p] & 0xFF;
    }
    return pixel;
  }

  private static void assertNear(int[] expected, int[] actual) {
    assertEquals(expected.length, actual.length);
    for (int c = 0; c < expected.length; c++) {
      assertEquals(expected[c], actual[c], 3, () -> Arrays.toString(actual));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "bmp", "gif"})
  void losslessFormatsGiveTheStoredColours(String format) throws IOException {
    BufferedImage image =
        TestImages.image(BufferedImage.TYPE_INT_RGB, 5, 9, p -> p % 2 == 0 ? 0x102030 : 0xFE8001);
    Picture picture = decoder.decode(TestImages.bytes(image, format));
    assertEquals(5, picture.width());
    assertEquals(9, picture.height());
    assertArrayEquals(new int[] {0x10, 0x20, 0x30}, pixel(picture, 0));
    assertArrayEquals(new int[] {0xFE, 0x80, 0x01}, pixel(picture, 13));
  }

  @Test
  void transparencyIsDropped() throws IOException {
    BufferedImage image =
        TestImages.image(BufferedImage.TYPE_INT_ARGB, 4, 4, p -> p << 28 | 0x0A0B0C);
    Picture picture = decoder.decode(TestImages.bytes(image, "png"));
    assertArrayEquals(new int[] {10, 11, 12}, pixel(picture, 1));
    assertArrayEquals(new int[] {10, 11, 12}, pixel(picture, 15));
  }

  @Test
  void greyIsTakenWithoutGamma() throws IOException {
    BufferedImage grey = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_GRAY);
    grey.getRaster().setSample(1, 0, 0, 77);
    assertArrayEquals(new int[] {77}, pixel(decoder.decode(TestImages.bytes(grey, "png")), 1));
    BufferedImage deep = new BufferedImage(2, 1, BufferedImage.TYPE_USHORT_GRAY);
    deep.getRaster().setSample(1, 0, 0, 77 * 257);
    assertArrayEquals(new int[] {77}, pixel(decoder.decode(TestImages.bytes(deep, "png")), 1));
    BufferedImage bits = new BufferedImage(9, 1, BufferedImage.TYPE_BYTE_BINARY);
    bits.setRGB(8, 0, 0xFFFFFF);
    assertEquals(255, pixel(decoder.decode(TestImages.bytes(bits, "png")), 8)[0]);
  }

  @Test
  void aPaletteIsLookedUp() throws IOException {
    BufferedImage image =
        TestImages.image(BufferedImage.TYPE_BYTE_INDEXED, 4, 4, p -> p < 8 ? 0xFF0000 : 0x0000FF);
    Picture picture = decoder.decode(TestImages.bytes(image, "png"));
    assertArrayEquals(new int[] {255, 0, 0}, pixel(picture, 0));
    assertArrayEquals(new int[] {0, 0, 255}, pixel(picture, 15));
  }

  @Test
  void jpegInColourAndGrey() throws IOException {
    byte[] colour = TestImages.bytes(TestImages.plain(20, 10, 0xC86432), "jpg");
    assertNear(new int[] {200, 100, 50}, pixel(decoder.decode(colour), 33));
    BufferedImage grey = new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY);
    Arrays.fill(((DataBufferByte) grey.getRaster().getDataBuffer()).getData(), (byte) 90);
    assertNear(new int[] {90}, pixel(decoder.decode(TestImages.bytes(grey, "jpg")), 5));
  }

  /** Inks 200, 100, 50 and black 55 leave (255 - ink) * 200 / 255 of red, green and blue. */
  @Test
  void cmykJpegWithAndWithoutAdobesInversion() throws IOException {
    int[] expected = {43, 122, 161};
    assertNear(expected, pixel(decoder.decode(TestImages.rawJpeg(200, 100, 50, 55)), 9));
    byte[] inverted = TestImages.adobe(TestImages.rawJpeg(55, 155, 205, 200), 0);
    assertNear(expected, pixel(decoder.decode(inverted), 9));
  }

  /** What is stored inverted, (55, 155, 205), is the complement of RGB (200, 100, 50) in YCC. */
  @Test
  void ycckJpeg() throws IOException {
    int[] rgb = {200, 100, 50};
    int y = (int) Math.round(0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]);
    int cb = (int) Math.round(128 + (rgb[2] - y) / 1.772);
    int cr = (int) Math.round(128 + (rgb[0] - y) / 1.402);
    byte[] file = TestImages.adobe(TestImages.rawJpeg(y, cb, cr, 200), 2);
    assertNear(new int[] {43, 122, 161}, pixel(decoder.decode(file), 9));
  }

  @Test
  void rgbJpegWithAdobesMarker() throws IOException {
    byte[] file = TestImages.adobe(TestImages.rawJpeg(10, 200, 90), 0);
    assertNear(new int[] {10, 200, 90}, pixel(decoder.decode(file), 9));
  }

  @ParameterizedTest
  @ValueSource(strings = {"jpg", "png", "bmp", "gif"})
  void aTruncatedFileIsRefusedWhereverItEnds(String format) throws IOException {
    BufferedImage noise =
        TestImages.image(BufferedImage.TYPE_INT_RGB, 40, 40, p -> p * 0x9E3779B1 >>> 8);
    byte[] whole = TestImages.bytes(noise, format);
    decoder.decode(whole);
    for (int tenths = 0; tenths < 10; tenths++) {
      byte[] cut = Arrays.copyOf(whole, whole.length * tenths / 10);
      IOException e = assertThrows(IOException.class, () -> decoder.decode(cut));
      assertTrue(e.getMessage().matches("(is|cannot) .*"), e.getMessage());
    }
    decoder.decode(whole);
  }

  @Test
  void aJpegWithoutItsEndMarkerIsRefused() throws IOException {
    byte[] whole = TestImages.bytes(TestImages.plain(16, 16, 0x808080), "jpg");
    byte[] cut = Arrays.copyOf(whole, whole.length - 2);
    IOException e = assertThrows(IOException.class, () -> decoder.decode(cut));
    assertTrue(e.getMessage().contains("Truncated"), e.getMessage());
  }

  @Test
  void whatIsNoImageIsRefused() {
    byte[] text = "Dear reader, this is a letter.".getBytes(StandardCharsets.UTF_8);
    IOException e = assertThrows(IOException.class, () -> decoder.decode(text));
    assertEquals("is not a JPEG, PNG, BMP or GIF image", e.getMessage());
    e = assertThrows(IOException.class, () -> decoder.decode(new byte[0]));
    assertEquals("is empty", e.getMessage());
  }

  @Test
  void aHeaderThatPromisesTooMuchIsRefused() throws IOException {
    byte[] png = TestImages.bytes(TestImages.plain(4, 4, 0), "png");
    png[18] = 0x7F;
    png[22] = 0x7F;
    assertThrows(IOException.class, () -> decoder.decode(png));
  }

  @Test
  void channelsAreConverted() {
    Picture rgb = new Picture(1, 1, new byte[][] {{(byte) 200}, {100}, {50}});
    assertArrayEquals(new int[] {124}, pixel(rgb.withChannels(1), 0));
    Picture grey = new Picture(1, 1, new byte[][] {{9}});
    assertArrayEquals(new int[] {9, 9, 9}, pixel(grey.withChannels(3), 0));
  }
}
