package org.alexnet.pictures.drawing;

/**
 * How text is set, in Java's logical sans-serif font.
 *
 * @param size in pixels
 * @param bold whether it is heavier
 * @param colour {@code 0xRRGGBB}
 * @param align which point of it its place is of
 */
public record TextStyle(int size, boolean bold, int colour, Align align) {
  private static final int INK = 0x333333;
  private static final int PALE_INK = 0x777777;

  /** Titles of panels, and what stands at axes. */
  public static final TextStyle BODY = new TextStyle(12, false, INK, Align.LEFT);

  /** Numbers in cells. */
  public static final TextStyle SMALL = new TextStyle(11, false, INK, Align.LEFT);

  /** What matters less. */
  public static final TextStyle PALE = new TextStyle(11, false, PALE_INK, Align.LEFT);

  /** Headings. */
  public static final TextStyle HEADING = new TextStyle(14, true, INK, Align.LEFT);

  /**
   * The same about another point.
   *
   * @param other to have
   * @return a style
   */
  public TextStyle at(Align other) {
    return new TextStyle(size, bold, colour, other);
  }

  /**
   * The same in another colour.
   *
   * @param other to have
   * @return a style
   */
  public TextStyle in(int other) {
    return new TextStyle(size, bold, other, align);
  }

  /**
   * The same, heavier.
   *
   * @return a style
   */
  public TextStyle heavy() {
    return new TextStyle(size, true, colour, align);
  }

  /**
   * From one line of text to the next, in pixels.
   *
   * @return in pixels
   */
  public int lineHeight() {
    return size * 3 / 2;
  }
}
