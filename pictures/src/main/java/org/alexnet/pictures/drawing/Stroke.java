package org.alexnet.pictures.drawing;

/**
 * How a line is drawn.
 *
 * @param colour {@code 0xRRGGBB}
 * @param width in pixels
 * @param dashed whether it is interrupted
 */
public record Stroke(int colour, double width, boolean dashed) {
  /** Length of a dash and of the gap after it, in widths. */
  static final double DASH = 3;

  /**
   * An uninterrupted line.
   *
   * @param colour {@code 0xRRGGBB}
   * @param width in pixels
   */
  public Stroke(int colour, double width) {
    this(colour, width, false);
  }
}
