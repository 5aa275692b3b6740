package org.alexnet.formats.caffe;

/** The order of colours: blue, green, red in Caffe, red, green, blue here. */
final class Colours {
  private static final int COUNT = 3;

  private Colours() {}

  /**
   * Exchanges the first and the last of each three planes.
   *
   * @param values planes of three colours, one after the other, again and again
   * @param plane values of a plane
   */
  static void turn(float[] values, long plane) {
    int size = Math.toIntExact(plane);
    if (size == 0) {
      return;
    }
    for (int first = 0; first + COUNT * size <= values.length; first += COUNT * size) {
      int last = first + (COUNT - 1) * size;
      for (int i = 0; i < size; i++) {
        float value = values[first + i];
        values[first + i] = values[last + i];
        values[last + i] = value;
      }
    }
  }
}
