package org.alexnet.cuda.kernel;

import org.alexnet.cuda.device.Storage;
import org.alexnet.program.Shape;

/**
 * How a tensor lies on the device.
 *
 * @param shape its sizes; the weights of a fully-connected layer have those of the images they read
 * @param storage of its numbers
 * @param channelsLast whether it is N H W C rather than N C H W
 */
public record Layout(Shape shape, Storage storage, boolean channelsLast) {

  /** How many numbers there are; kernels count them in 32 bits. */
  public int elements() {
    return Math.toIntExact(shape.elements());
  }

  public long bytes() {
    return shape.elements() * storage.bytes();
  }

  /** Pixels of a plane if planes lie together, else 1: what separates the channels of a pixel. */
  int plane() {
    return channelsLast ? 1 : shape.h() * shape.w();
  }

  /**
   * @param values N C H W
   */
  public byte[] encode(float[] values) {
    return storage.encode(channelsLast ? permute(values, true) : values);
  }

  /** N C H W. */
  public float[] decode(byte[] data) {
    float[] values = storage.decode(data);
    return channelsLast ? permute(values, false) : values;
  }

  private float[] permute(float[] from, boolean toDevice) {
    int plane = shape.h() * shape.w();
    if (plane == 1) {
      return from;
    }
    float[] to = new float[from.length];
    for (int n = 0; n < shape.n(); n++) {
      for (int c = 0; c < shape.c(); c++) {
        for (int p = 0; p < plane; p++) {
          int planes = (n * shape.c() + c) * plane + p;
          int pixels = (n * plane + p) * shape.c() + c;
          to[toDevice ? pixels : planes] = from[toDevice ? planes : pixels];
        }
      }
    }
    return to;
  }
}
