package org.alexnet.data.loading;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.data.Augmentation;
import org.alexnet.data.Batch;
import org.alexnet.data.ImageSource;
import org.alexnet.data.TestImages;
import org.alexnet.random.Philox;
import org.junit.jupiter.api.Test;

class AugmentationTest {
  private static final Batch.Format STORED = new Batch.Format(3, 10, 12, false);

  private static LoaderOptions options(Augmentation augmentation, int height, int width) {
    return new LoaderOptions(1000, height, width, 5, true, augmentation, 1, 1);
  }

  private static Batch assembled(
      ImageSource source, Augmentation augmentation, int height, int width, long step) {
    Augmenter augmenter = new Augmenter(source, options(augmentation, height, width));
    Augmenter.Scratch scratch = augmenter.new Scratch();
    Batch batch = Batch.onHeap(source.format(), 1000);
    for (int place = 0; place < 1000; place++) {
      augmenter.put(0, batch, place, augmenter.draws(step), scratch);
    }
    return batch;
  }

  private static String refused(Batch.Format stored, Augmentation augmentation, int size) {
    ImageSource source = TestImages.counted(3, stored, List.of());
    return assertThrows(
            AlexNetException.class, () -> new Augmenter(source, options(augmentation, size, size)))
        .getMessage();
  }

  @Test
  void namesAreThoseOfTheCommandLine() {
    for (Augmentation augmentation : Augmentation.values()) {
      assertEquals(augmentation, Augmentation.named(augmentation.toString()));
    }
    assertEquals(Augmentation.PAPER, Augmentation.named("paper"));
    assertEquals(
        "there is no augmentation 'PAPER'; there are none, shapes, paper",
        assertThrows(AlexNetException.class, () -> Augmentation.named("PAPER")).getMessage());
  }

  @Test
  void noneTakesTheCentre() {
    ImageSource source = TestImages.counted(1, STORED, List.of());
    Batch batch = assembled(source, Augmentation.NONE, 6, 7, 3);
    for (int i = 0; i < 1000; i++) {
      assertEquals(2, batch.cropY()[i]);
      assertEquals(2, batch.cropX()[i]);
      assertFalse(batch.mirror()[i]);
    }
    assertArrayEquals(TestImages.read(source, 0), batch.image(9).toArray(ValueLayout.JAVA_BYTE));
  }

  @Test
  void paperCropsAndMirrorsEvenly() {
    ImageSource source = TestImages.counted(1, STORED, List.of());
    Batch batch = assembled(source, Augmentation.PAPER, 7, 8, 3);
    int[] rows = new int[4];
    int[] columns = new int[5];
    int mirrored = 0;
    for (int i = 0; i < 1000; i++) {
      rows[batch.cropY()[i]]++;
      columns[batch.cropX()[i]]++;
      mirrored += batch.mirror()[i] ? 1 : 0;
    }
    Arrays.stream(rows).forEach(n -> assertEquals(250, n, 60));
    Arrays.stream(columns).forEach(n -> assertEquals(200, n, 55));
    assertEquals(500, mirrored, 65);
    Batch other = assembled(source, Augmentation.PAPER, 7, 8, 4);
    assertFalse(Arrays.equals(batch.cropY(), other.cropY()));
  }

  /** On a picture of one colour only the noise is seen. */
  @Test
  void shapesAddNoiseOfTheRightSize() {
    Batch.Format format = new Batch.Format(3, 32, 32, false);
    ImageSource grey = TestImages.drawn(format, v -> 128);
    Batch batch = assembled(grey, Augmentation.SHAPES, 32, 32, 0);
    double sum = 0;
    double squares = 0;
    int n = 100 * format.values();
    for (int i = 0; i < n; i++) {
      double d = (batch.pixels().get(ValueLayout.JAVA_BYTE, i) & 0xFF) - 128;
      sum += d;
      squares += d * d;
    }
    assertEquals(0, sum / n, 0.1);
    assertEquals(0.05 * 255, Math.sqrt(squares / n), 0.1);
    for (byte edge : new byte[] {0, (byte) 255}) {
      byte[] image = new byte[format.values()];
      Arrays.fill(image, edge);
      ByteNoise.add(new Philox(1, 0, 0), 0, image, new int[4]);
      for (byte b : image) {
        assertTrue(Math.abs((b & 0xFF) - (edge & 0xFF)) < 48, "clipped, not wrapped");
      }
    }
  }

  /** With the noise taken off again, each picture is one of the windows, mirrored or not. */
  @Test
  void shapesMirrorAndCrop() {
    Batch.Format format = new Batch.Format(3, 32, 32, false);
    ImageSource source = TestImages.drawn(format, v -> 60 + 4 * (v < 1024 ? v % 32 : v / 32 % 32));
    Batch batch = assembled(source, Augmentation.SHAPES, 32, 32, 0);
    int mirrored = 0;
    int[] lefts = new int[5];
    int[] tops = new int[5];
    for (int i = 0; i < 1000; i++) {
      assertEquals(0, batch.cropX()[i]);
      assertFalse(batch.mirror()[i]);
      byte[] image = batch.image(i).toArray(ValueLayout.JAVA_BYTE);
      double first = mean(image, 0, 0);
      double last = mean(image, 0, 31);
      boolean mirror = first > last;
      mirrored += mirror ? 1 : 0;
      // Columns hold 4 x + 60: the window's first column says where it lies.
      double edge = ((mirror ? 31 - (first - 60) / 4 : (first - 60) / 4) + 0.5);
      lefts[Math.clamp((int) edge, 0, 4)]++;
      tops[Math.clamp((int) ((meanOfRow(image, 1, 0) - 60) / 4 + 0.5), 0, 4)]++;
    }
    assertEquals(500, mirrored, 65);
    Arrays.stream(lefts).forEach(n -> assertEquals(200, n, 80));
    Arrays.stream(tops).forEach(n -> assertEquals(200, n, 80));
  }

  private static double mean(byte[] image, int channel, int column) {
    double sum = 0;
    for (int y = 0; y < 32; y++) {
      sum += image[(channel * 32 + y) * 32 + column] & 0xFF;
    }
    return sum / 32;
  }

  private static double meanOfRow(byte[] image, int channel, int row) {
    double sum = 0;
    for (int x = 0; x < 32; x++) {
      sum += image[(channel * 32 + row) * 32 + x] & 0xFF;
    }
    return sum / 32;
  }

  @Test
  void noiseDependsOnThePlaceAlone() {
    for (int length : new int[] {8, 13, 3072}) {
      byte[] a = new byte[length];
      byte[] b = new byte[length];
      Arrays.fill(a, (byte) 100);
      Arrays.fill(b, (byte) 100);
      Philox random = new Philox(1, 2, 3);
      ByteNoise.add(random, 7, a, new int[4]);
      ByteNoise.add(random, 7, b, new int[4]);
      assertArrayEquals(a, b);
      ByteNoise.add(random, 8, b, new int[4]);
      assertFalse(Arrays.equals(a, b));
    }
  }

  @Test
  void whatDoesNotGoTogetherIsRefused() {
    Batch.Format floats = new Batch.Format(3, 10, 10, true);
    assertTrue(refused(floats, Augmentation.PAPER, 10).contains("augmentation must be none"));
    assertTrue(refused(floats, Augmentation.NONE, 8).contains("floating-point data requires"));
    assertTrue(refused(STORED, Augmentation.SHAPES, 10).contains("augmentation shapes requires"));
    assertTrue(refused(STORED, Augmentation.PAPER, 11).contains("must not be smaller"));
  }
}
