package org.alexnet.cuda.kernel;

import org.alexnet.program.Shape;

/** Channels, rows and columns of images, as kernels take them. */
public record Sizes(Divisor c, Divisor h, Divisor w) {
  public static Sizes of(Shape shape) {
    return new Sizes(new Divisor(shape.c()), new Divisor(shape.h()), new Divisor(shape.w()));
  }
}
