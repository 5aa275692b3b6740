package org.alexnet.pictures;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.IntStream;
import org.alexnet.data.Batch;
import org.alexnet.data.ImageSource;

/** Images of 3 x 4 x 4 whose pixels say where they are from. */
record FakeImages(List<String> classNames, int... labels) implements ImageSource {
  static final int SIDE = 4;

  static int value(int image, int channel, int y, int x) {
    return (image * 50 + channel * 16 + y * SIDE + x) & 0xFF;
  }

  static int rgb(int image, int y, int x) {
    return value(image, 0, y, x) << 16 | value(image, 1, y, x) << 8 | value(image, 2, y, x);
  }

  @Override
  public String description() {
    return "fake images";
  }

  @Override
  public int size() {
    return labels.length;
  }

  @Override
  public Batch.Format format() {
    return new Batch.Format(3, SIDE, SIDE, false);
  }

  @Override
  public boolean labelled() {
    return true;
  }

  @Override
  public int label(int i) {
    return labels[i];
  }

  @Override
  public String name(int i) {
    return "image " + i;
  }

  @Override
  public void read(int i, MemorySegment to) {
    IntStream.range(0, 3 * SIDE * SIDE)
        .forEach(
            at ->
                to.set(
                    ValueLayout.JAVA_BYTE,
                    at,
                    (byte) value(i, at / 16, at / SIDE % SIDE, at % SIDE)));
  }
}
