package org.alexnet.network;

/** Whether a last window that overhangs the image is dropped or kept. */
public enum Rounding {
  /** Dropped. */
  FLOOR,
  /** Kept. */
  CEIL;

  /**
   * {@return number of windows along an edge of {@code size} pixels}
   *
   * @param window size, stride and padding in pixels
   * @param size of the image along the edge, in pixels
   */
  public int outputs(Window window, int size) {
    return switch (this) {
      case FLOOR -> window.floor(size);
      case CEIL -> window.ceil(size);
    };
  }
}
