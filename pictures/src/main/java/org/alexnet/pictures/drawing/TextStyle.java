package org.alexnet.pictures.drawing;

/**
 * How text is set, in Java's logical sans-serif font.
 *
 * @param size in pixels
 * @param bold whether it is heavier
 */
public record TextStyle(int size, boolean bold) {
  /** Titles of panels, and what stands at axes. */
  public static final TextStyle BODY = new TextStyle(12, false);

  /** Headings. */
  public static final TextStyle HEADING = new TextStyle(14, true);

  /** From one line of text to the next, in pixels. */
  public int lineHeight() {
    return size * 4 / 3;
  }
}
