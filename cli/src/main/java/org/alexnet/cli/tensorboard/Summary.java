package org.alexnet.cli.tensorboard;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import javax.imageio.ImageIO;

/** A Summary (summary.proto): values of one step, each under the tag that TensorBoard shows. */
final class Summary {
  /** Fields of Summary.Value. */
  private static final int TAG = 1;

  private static final int SIMPLE_VALUE = 2;
  private static final int IMAGE = 4;
  private static final int HISTOGRAM = 5;

  private static final int RGB = 3;
  private static final int BUCKETS = 50;

  private final Protobuf message = new Protobuf();

  Protobuf message() {
    return message;
  }

  Summary scalar(String tag, double value) {
    return value(new Protobuf().text(TAG, tag).real(SIMPLE_VALUE, (float) value));
  }

  Summary image(String tag, BufferedImage image) throws IOException {
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(image, "png", png);
    Protobuf body =
        new Protobuf()
            .integer(1, image.getHeight())
            .integer(2, image.getWidth())
            .integer(3, RGB)
            .binary(4, png.toByteArray());
    return value(new Protobuf().text(TAG, tag).message(IMAGE, body));
  }

  /** In buckets of one width from the least to the largest value; those not finite are left out. */
  Summary histogram(String tag, float[] values) {
    double min = Double.POSITIVE_INFINITY;
    double max = Double.NEGATIVE_INFINITY;
    double sum = 0;
    double squares = 0;
    for (float value : values) {
      if (Float.isFinite(value)) {
        min = Math.min(min, value);
        max = Math.max(max, value);
        sum += value;
        squares += (double) value * value;
      }
    }
    if (min > max) {
      return this; // no value is finite
    }
    double width = (max - min) / BUCKETS;
    double[] limits = new double[BUCKETS];
    for (int i = 0; i < BUCKETS; i++) {
      limits[i] = i == BUCKETS - 1 ? Math.nextUp(max) : min + (i + 1) * width;
    }
    double[] counts = new double[BUCKETS];
    for (float value : values) {
      if (Float.isFinite(value)) {
        counts[width == 0 ? BUCKETS - 1 : Math.min(BUCKETS - 1, (int) ((value - min) / width))]++;
      }
    }
    Protobuf body =
        new Protobuf()
            .real(1, min)
            .real(2, max)
            .real(3, Arrays.stream(counts).sum())
            .real(4, sum)
            .real(5, squares)
            .reals(6, limits)
            .reals(7, counts);
    return value(new Protobuf().text(TAG, tag).message(HISTOGRAM, body));
  }

  private Summary value(Protobuf value) {
    message.message(1, value);
    return this;
  }
}
