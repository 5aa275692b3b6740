package org.alexnet.program;

import java.util.List;

/**
 * The size of a tensor, N C H W: images, channels, rows, columns. Filters are [out, in / groups,
 * kernel, kernel], the weights of a fully-connected layer [out, in, 1, 1], a vector [1, n, 1, 1].
 */
public record Shape(int n, int c, int h, int w) {
  public Shape {
    if (n < 1 || c < 1 || h < 1 || w < 1) {
      throw new IllegalArgumentException(
          "shape is %dx%dx%dx%d, must have no size below 1".formatted(n, c, h, w));
    }
  }

  /** A vector of {@code n} elements. */
  public static Shape vector(int n) {
    return new Shape(1, n, 1, 1);
  }

  /**
   * The shape in a program of a parameter whose sizes in files are given. Weights that differ by
   * position, [h, w, out, in / groups, kernel, kernel], are [positions, out, in / groups, kernel *
   * kernel].
   */
  public static Shape ofParameter(List<Integer> sizes) {
    return switch (sizes.size()) {
      case 1 -> vector(sizes.getFirst());
      case 2 -> new Shape(sizes.get(0), sizes.get(1), 1, 1);
      case 3 -> new Shape(1, sizes.get(0), sizes.get(1), sizes.get(2));
      case 4 -> new Shape(sizes.get(0), sizes.get(1), sizes.get(2), sizes.get(3));
      case 6 ->
          new Shape(
              Math.multiplyExact(sizes.get(0), sizes.get(1)),
              sizes.get(2),
              sizes.get(3),
              Math.multiplyExact(sizes.get(4), sizes.get(5)));
      default -> throw new IllegalArgumentException("no parameter has the sizes " + sizes);
    };
  }

  public long elements() {
    return (long) n * imageElements();
  }

  /** Elements of one image. */
  public int imageElements() {
    return Math.multiplyExact(Math.multiplyExact(c, h), w);
  }

  /** The same with another number of images. */
  public Shape withN(int count) {
    return new Shape(count, c, h, w);
  }

  /** Its size along what a tensor is cut along. */
  public int along(Part.Axis axis) {
    return switch (axis) {
      case CHANNELS -> c;
      case IMAGES -> n;
    };
  }

  /** The same with another size along what a tensor is cut along. */
  public Shape withSize(Part.Axis axis, int size) {
    return switch (axis) {
      case CHANNELS -> new Shape(n, size, h, w);
      case IMAGES -> withN(size);
    };
  }

  @Override
  public String toString() {
    return n + "x" + c + "x" + h + "x" + w;
  }
}
