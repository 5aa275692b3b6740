package org.alexnet.data;

import java.util.Collection;

/**
 * Sums over byte images, whole numbers all, so that neither the order of the images nor the number
 * of threads changes a bit. For one thread at a time.
 *
 * <p>A pixel adds less than 2^16 to a sum of products, so that 2^47 pixels fit in a {@code long}:
 * two billion images of 256 x 256.
 */
public final class PixelSums {
  private static final int CHANNELS = 3;

  private final long[] total; // of each value, C H W
  private final long[] channel = new long[CHANNELS];
  private final long[][] product = new long[CHANNELS][CHANNELS];
  private final boolean colour;
  private long images;

  /**
   * Sums of no image yet.
   *
   * @param format of images of byte pixels
   * @param colour whether colours are summed up as well, of images of three channels
   */
  public PixelSums(Batch.Format format, boolean colour) {
    this.total = new long[format.values()];
    this.colour = colour && format.channels() == CHANNELS;
  }

  /**
   * Adds an image, C H W.
   *
   * @param image as many bytes as the format has
   */
  public void add(byte[] image) {
    images++;
    for (int i = 0; i < total.length; i++) {
      total[i] += image[i] & 0xFF;
    }
    if (colour) {
      addColours(image);
    }
  }

  private void addColours(byte[] image) {
    int plane = image.length / CHANNELS;
    long rr = 0;
    long rg = 0;
    long rb = 0;
    long gg = 0;
    long gb = 0;
    long bb = 0;
    for (int i = 0; i < plane; i++) {
      int r = image[i] & 0xFF;
      int g = image[plane + i] & 0xFF;
      int b = image[2 * plane + i] & 0xFF;
      channel[0] += r;
      channel[1] += g;
      channel[2] += b;
      rr += r * r;
      rg += r * g;
      rb += r * b;
      gg += g * g;
      gb += g * b;
      bb += b * b;
    }
    long[][] sums = {{rr, rg, rb}, {rg, gg, gb}, {rb, gb, bb}};
    for (int i = 0; i < CHANNELS; i++) {
      for (int j = 0; j < CHANNELS; j++) {
        product[i][j] += sums[i][j];
      }
    }
  }

  private void add(PixelSums other) {
    images += other.images;
    for (int i = 0; i < total.length; i++) {
      total[i] += other.total[i];
    }
    for (int i = 0; i < CHANNELS; i++) {
      channel[i] += other.channel[i];
      for (int j = 0; j < CHANNELS; j++) {
        product[i][j] += other.product[i][j];
      }
    }
  }

  /**
   * {@return what the sums of several threads say, of at least one image}
   *
   * @param parts each of the images that a thread read
   */
  public static PixelStatistics statistics(Collection<PixelSums> parts) {
    PixelSums first = parts.iterator().next();
    parts.stream().skip(1).forEach(first::add);
    float[] mean = new float[first.total.length];
    for (int i = 0; i < mean.length; i++) {
      mean[i] = (float) ((double) first.total[i] / first.images);
    }
    return new PixelStatistics(mean, first.colour ? ColourAxes.of(first.covariance()) : null);
  }

  private double[][] covariance() {
    double pixels = (double) images * (total.length / CHANNELS);
    double[][] covariance = new double[CHANNELS][CHANNELS];
    for (int i = 0; i < CHANNELS; i++) {
      for (int j = 0; j < CHANNELS; j++) {
        covariance[i][j] = product[i][j] / pixels - (channel[i] / pixels) * (channel[j] / pixels);
      }
    }
    return covariance;
  }
}
