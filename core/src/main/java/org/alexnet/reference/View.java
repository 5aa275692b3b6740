package org.alexnet.reference;

import java.util.Arrays;
import org.alexnet.program.Shape;

/** A tensor in memory as N C H W. */
record View(float[] memory, int offset, Shape shape) {

  private int index(int n, int c, int h, int w) {
    return offset + ((n * shape.c() + c) * shape.h() + h) * shape.w() + w;
  }

  float get(int n, int c, int h, int w) {
    return memory[index(n, c, h, w)];
  }

  void set(int n, int c, int h, int w, double value) {
    memory[index(n, c, h, w)] = (float) value;
  }

  float get(int i) {
    return memory[offset + i];
  }

  void set(int i, double value) {
    memory[offset + i] = (float) value;
  }

  void clear() {
    Arrays.fill(memory, offset, offset + length(), 0);
  }

  int length() {
    return Math.toIntExact(shape.elements());
  }

  /** Whether a row and a column lie in the image. */
  boolean inside(int h, int w) {
    return h >= 0 && h < shape.h() && w >= 0 && w < shape.w();
  }
}
