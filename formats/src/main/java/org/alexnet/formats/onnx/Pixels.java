package org.alexnet.formats.onnx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;
import org.alexnet.InvalidNetworkException;
import org.alexnet.network.Normalization;
import org.alexnet.tensor.FloatTensor;

/**
 * What a graph does with pixels before its first layer: {@code scale * pixel - mean}.
 *
 * @param scales one a channel
 * @param mean one a channel, or [channels, edge, edge]
 */
record Pixels(float[] scales, float[] mean) {
  /** Neighbours of a number that are tried for one that gives a graph's own bits. */
  private static final int NEIGHBOURS = 8;

  static Pixels asTheyAre(int channels) {
    float[] scales = new float[channels];
    Arrays.fill(scales, 1);
    return new Pixels(scales, new float[channels]);
  }

  /**
   * Whether they were made for pixels of 0..1, as PyTorch reads pictures: what they are multiplied
   * with would make numbers above 255 of those of 0..255.
   */
  boolean areOfOne() {
    for (float scale : scales) {
      if (scale > 1) {
        return true;
      }
    }
    return false;
  }

  /** The same of pixels of 0..255. */
  Pixels dividedBy255() {
    float[] divided = new float[scales.length];
    for (int c = 0; c < divided.length; c++) {
      divided[c] = scales[c] / 255;
    }
    return new Pixels(divided, mean);
  }

  private int channels() {
    return scales.length;
  }

  /** Of a tensor that is broadcast over images: one value a channel. */
  private float[] each(String node, float[] values) {
    if (values.length == channels()) {
      return values;
    }
    if (values.length == 1) {
      float[] all = new float[channels()];
      Arrays.fill(all, values[0]);
      return all;
    }
    throw new InvalidNetworkException(node, "pixels are multiplied by something else than colours");
  }

  Pixels times(String node, float[] values) {
    float[] factors = each(node, values);
    float[] scaled = scales.clone();
    float[] subtracted = mean.clone();
    for (int c = 0; c < scaled.length; c++) {
      scaled[c] *= factors[c];
    }
    int plane = mean.length / channels();
    for (int i = 0; i < subtracted.length; i++) {
      subtracted[i] *= factors[i / plane];
    }
    return new Pixels(scaled, subtracted);
  }

  /** With more subtracted, a sign times the values. */
  Pixels minus(String node, float sign, float[] values) {
    int channels = channels();
    float[] more = values.length > channels ? values : each(node, values);
    if (more.length % channels != 0 || (mean.length > channels && more.length > mean.length)) {
      throw new InvalidNetworkException(node, "two means of different sizes are subtracted");
    }
    float[] sum = new float[Math.max(mean.length, more.length)];
    for (int i = 0; i < sum.length; i++) {
      float before = mean[i / (sum.length / mean.length)];
      sum[i] = before + sign * more[i / (sum.length / more.length)];
    }
    return new Pixels(scales, sum);
  }

  private boolean areAsTheyWere() {
    return Arrays.equals(scales, asTheyAre(channels()).scales)
        && mean.length == channels()
        && Arrays.equals(mean, new float[channels()]);
  }

  private boolean alike() {
    for (float scale : scales) {
      if (scale != scales[0]) {
        return false;
      }
    }
    return true;
  }

  /**
   * What the input of a network says of it. Where a graph says nothing, a mean image has to be
   * given.
   */
  Normalization normalization() {
    boolean image = mean.length > channels();
    if ((image && alike()) || areAsTheyWere()) {
      return new Normalization.MeanImage(scales[0]);
    }
    if (image) {
      throw new InvalidNetworkException(
          null,
          "its pixels have a mean image subtracted and a scale a colour; one scale is required");
    }
    List<Float> means = new ArrayList<>();
    if (alike()) {
      for (float offset : mean) {
        means.add(nearest(offset / scales[0], m -> scales[0] * (float) m, offset));
      }
      return new Normalization.ChannelMeans(scales[0], means);
    }
    List<Float> deviations = new ArrayList<>();
    for (int c = 0; c < mean.length; c++) {
      float scale = scales[c];
      float offset = mean[c];
      float deviation = nearest(1 / (255 * scale), d -> 1 / (255 * (float) d), scale);
      deviations.add(deviation);
      means.add(nearest(offset * deviation, m -> (float) m / deviation, offset));
    }
    return new Normalization.Channels(means, deviations);
  }

  /** The number from which the same bits follow, if one near it does. */
  private static float nearest(float guess, DoubleUnaryOperator of, float wanted) {
    float up = guess;
    float down = guess;
    for (int i = 0; i < NEIGHBOURS; i++) {
      if ((float) of.applyAsDouble(up) == wanted) {
        return up;
      }
      if ((float) of.applyAsDouble(down) == wanted) {
        return down;
      }
      up = Math.nextUp(up);
      down = Math.nextDown(down);
    }
    return guess;
  }

  /** The mean image, [channels, edge, edge]; empty where there is none. */
  Optional<FloatTensor> image() {
    int channels = channels();
    if (mean.length == channels) {
      return Optional.empty();
    }
    long edge = (long) Math.sqrt((double) mean.length / channels);
    return Optional.of(new FloatTensor(List.of((long) channels, edge, edge), mean));
  }
}
