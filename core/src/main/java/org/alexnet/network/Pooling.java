package org.alexnet.network;

/**
 * The maximum or the average over windows of each channel. The average divides by the number of
 * pixels of the window that lie in the image.
 *
 * @param name in the network and in messages
 * @param kind maximum or average
 * @param window size, stride and padding in pixels
 * @param rounding whether a last window that overhangs the image is kept
 */
public record Pooling(String name, Kind kind, Window window, Rounding rounding) implements Layer {

  /** What is taken of a window. */
  public enum Kind {
    /** The largest value. */
    MAX,
    /** The mean of the values. */
    AVERAGE
  }
}
