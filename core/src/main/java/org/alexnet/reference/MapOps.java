package org.alexnet.reference;

import org.alexnet.program.Shape;

/** Goes through the pixels of images. */
final class MapOps {
  private MapOps() {}

  /** What is done at one place. */
  interface Visit {
    void at(int n, int c, int h, int w);
  }

  static void each(Shape shape, Visit visit) {
    for (int n = 0; n < shape.n(); n++) {
      for (int c = 0; c < shape.c(); c++) {
        for (int h = 0; h < shape.h(); h++) {
          for (int w = 0; w < shape.w(); w++) {
            visit.at(n, c, h, w);
          }
        }
      }
    }
  }
}
