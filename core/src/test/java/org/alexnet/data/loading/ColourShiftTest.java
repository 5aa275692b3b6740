package org.alexnet.data.loading;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Arrays;
import java.util.List;
import org.alexnet.data.Augmentation;
import org.alexnet.data.Batch;
import org.alexnet.data.ColourAxes;
import org.alexnet.data.ColourShift;
import org.alexnet.data.ImageSource;
import org.alexnet.data.PixelStatistics;
import org.alexnet.data.ProgressListener;
import org.alexnet.data.TestImages;
import org.junit.jupiter.api.Test;

class ColourShiftTest {
  /** The axes of ImageNet, to four digits, and its deviations. */
  private static final ColourAxes AXES =
      new ColourAxes(
          new float[][] {
            {0.5635f, 0.5762f, 0.5920f}, {-0.7126f, -0.0235f, 0.7012f}, {0.4180f, -0.8170f, 0.3973f}
          },
          new float[] {121.78f, 37.09f, 19.72f});

  private static final Batch.Format STORED = new Batch.Format(3, 10, 12, false);
  private static final int PLACES = 1000;

  private static Batch assembled(Augmentation augmentation, ColourShift shift, long step) {
    LoaderOptions options = new LoaderOptions(PLACES, 6, 7, 5, true, augmentation, 1, 1, shift);
    ImageSource source = TestImages.counted(1, STORED, List.of());
    Augmenter augmenter = new Augmenter(source, options);
    Augmenter.Scratch scratch = augmenter.new Scratch();
    Batch batch = Batch.onHeap(STORED, PLACES);
    for (int place = 0; place < PLACES; place++) {
      augmenter.put(0, batch, place, augmenter.draws(step), scratch);
    }
    return batch;
  }

  /** V diag((.1 s)^2) V', within five standard deviations of a covariance from so many draws. */
  @Test
  void theCovarianceIsThatOfTheAxes() {
    int steps = 40;
    float scale = 0.5f;
    double[][] got = new double[3][3];
    for (int step = 0; step < steps; step++) {
      float[] shift =
          assembled(
                  Augmentation.PAPER, new ColourShift(AXES, List.of(scale, 2 * scale, scale)), step)
              .shift();
      for (int n = 0; n < PLACES; n++) {
        for (int i = 0; i < 3; i++) {
          for (int j = 0; j < 3; j++) {
            got[i][j] += shift[3 * n + i] * (double) shift[3 * n + j] / (steps * PLACES);
          }
        }
      }
    }
    double[][] expected = new double[3][3];
    for (int axis = 0; axis < 3; axis++) {
      for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
          double s = 0.1 * AXES.deviations()[axis] * scale;
          int channels = (i == 1 ? 2 : 1) * (j == 1 ? 2 : 1); // green is scaled twice as much
          expected[i][j] += channels * s * s * AXES.axes()[axis][i] * AXES.axes()[axis][j];
        }
      }
    }
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 3; j++) {
        double variance =
            (expected[i][i] * expected[j][j] + expected[i][j] * expected[i][j]) / (steps * PLACES);
        assertEquals(expected[i][j], got[i][j], 5 * Math.sqrt(variance), i + ", " + j);
      }
    }
  }

  @Test
  void everyImageAndStepDrawsAnew() {
    ColourShift shift = new ColourShift(AXES, List.of(1f, 1f, 1f));
    float[] one = assembled(Augmentation.PAPER, shift, 1).shift();
    assertArrayEquals(one, assembled(Augmentation.PAPER, shift, 1).shift());
    assertFalse(Arrays.equals(one, assembled(Augmentation.PAPER, shift, 2).shift()));
    assertFalse(Arrays.equals(one, 0, 3, one, 3, 6));
  }

  @Test
  void nothingIsShiftedUnlessItIsAskedFor() {
    ColourShift shift = new ColourShift(AXES, List.of(1f, 1f, 1f));
    float[] none = new float[3 * PLACES];
    assertArrayEquals(none, assembled(Augmentation.NONE, shift, 1).shift());
    assertArrayEquals(none, assembled(Augmentation.PAPER, null, 1).shift());
  }

  /** A covariance made of known axes gives them back, the largest first, signs fixed. */
  @Test
  void axesAreThoseOfTheCovariance() {
    double r = Math.sqrt(0.5);
    double[][] axes = {{-r, 0, -r}, {0, -1, 0}, {r, 0, -r}};
    double[] variances = {400, 25, 9};
    double[][] covariance = new double[3][3];
    for (int k = 0; k < 3; k++) {
      for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
          covariance[i][j] += variances[k] * axes[k][i] * axes[k][j];
        }
      }
    }
    ColourAxes got = ColourAxes.of(covariance);
    assertArrayEquals(new float[] {20, 5, 3}, got.deviations(), 1e-5f);
    float h = (float) r;
    assertArrayEquals(new float[] {h, 0, h}, got.axes()[0], 1e-6f);
    assertArrayEquals(new float[] {0, 1, 0}, got.axes()[1], 1e-6f);
    assertEquals(-h * h, got.axes()[2][0] * got.axes()[2][2], 1e-6f);
  }

  /** The statistics of two images whose colours are known. */
  @Test
  void statisticsCountEveryPixel() {
    Batch.Format format = new Batch.Format(3, 1, 2, false);
    // Pixels (255, 0, 10) and (0, 255, 10).
    int[] values = {255, 0, 0, 255, 10, 10};
    ImageSource source = TestImages.drawn(format, v -> values[v]);
    PixelStatistics statistics = PixelStatistics.of(source, 1, true, ProgressListener.NONE);
    assertArrayEquals(new float[] {255, 0, 0, 255, 10, 10}, statistics.mean());
    float h = (float) Math.sqrt(0.5);
    // Red and green vary by 127.5 each, against each other.
    assertEquals(127.5 * Math.sqrt(2), statistics.colour().deviations()[0], 1e-4);
    assertEquals(0, statistics.colour().deviations()[1], 1e-4);
    assertEquals(h, Math.abs(statistics.colour().axes()[0][0]), 1e-6);
    assertEquals(-0.5, statistics.colour().axes()[0][0] * statistics.colour().axes()[0][1], 1e-6);
  }
}
