package org.alexnet.network;

/** Whether a last window that overhangs the image is dropped or kept. */
public enum Rounding {
  /** Dropped. */
  FLOOR,
  /** Kept. */
  CEIL;

  /** Number of windows along an edge of {@code size} pixels. */
  public int outputs(Window window, int size) {
    return switch (this) {
      case FLOOR -> window.floor(size);
      case CEIL -> window.ceil(size);
    };
  }
}
