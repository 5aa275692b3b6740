package org.alexnet.data.image;

/**
 * A decoded image: one plane of unsigned bytes a channel, each row by row.
 *
 * @param planes {@code [channels][height * width]}
 */
public record Picture(int width, int height, byte[][] planes) {

  public static Picture blank(int channels, int width, int height) {
    return new Picture(width, height, new byte[channels][Math.multiplyExact(width, height)]);
  }

  /**
   * This picture in one channel or three: three become one by the luma of ITU-R BT.601 ({@code .299
   * R + .587 G + .114 B}, rounded), one becomes three equal ones.
   */
  Picture withChannels(int channels) {
    if (channels == planes.length) {
      return this;
    }
    if (channels == 3) {
      return new Picture(width, height, new byte[][] {planes[0], planes[0], planes[0]});
    }
    byte[] grey = new byte[planes[0].length];
    for (int i = 0; i < grey.length; i++) {
      int r = planes[0][i] & 0xFF;
      int g = planes[1][i] & 0xFF;
      int b = planes[2][i] & 0xFF;
      grey[i] = (byte) ((299 * r + 587 * g + 114 * b + 500) / 1000);
    }
    return new Picture(width, height, new byte[][] {grey});
  }
}
