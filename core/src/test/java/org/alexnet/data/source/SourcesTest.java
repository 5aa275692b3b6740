package org.alexnet.data.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.data.Batch;
import org.alexnet.data.DataSet;
import org.alexnet.data.ImageSource;
import org.alexnet.data.PixelStatistics;
import org.alexnet.data.ProgressListener;
import org.alexnet.data.TestImages;
import org.junit.jupiter.api.Test;

class SourcesTest {
  private static final Batch.Format FORMAT = new Batch.Format(1, 2, 2, false);

  private final ImageSource named = TestImages.counted(9, FORMAT, List.of("a", "b", "c"));
  private final ImageSource nameless = TestImages.counted(9, FORMAT, List.of());

  @Test
  void aSubsetKeepsImagesAndLabels() {
    ImageSource subset = Sources.subset(named, new int[] {7, 2}, "two");
    assertEquals("two", subset.description());
    assertEquals(2, subset.size());
    assertEquals("image 7", subset.name(0));
    assertEquals(2, subset.label(1));
    assertArrayEquals(TestImages.read(named, 2), TestImages.read(subset, 1));
    assertThrows(
        IllegalArgumentException.class, () -> Sources.subset(named, new int[] {9}, "none"));
  }

  @Test
  void labelsFollowTheNamesOfTheClasses() {
    ImageSource other = Sources.withClasses(named, List.of("c", "x", "b", "a"));
    assertEquals(List.of("c", "x", "b", "a"), other.classNames());
    assertEquals(3, other.label(0));
    assertEquals(2, other.label(1));
    assertEquals(0, other.label(2));
    assertSame(named, Sources.withClasses(named, List.of("a", "b", "c")));
    assertSame(nameless, Sources.withClasses(nameless, List.of("x")));
  }

  @Test
  void aClassTheNetworkDoesNotKnowIsNamed() {
    AlexNetException e =
        assertThrows(
            AlexNetException.class, () -> Sources.withClasses(named, List.of("a", "c", "d")));
    assertEquals(
        "counted has the class 'b', which the network does not know; it knows a, c, d",
        e.getMessage());
  }

  @Test
  void labelsOutOfRangeAreNamed() {
    Sources.checkLabels(named, 3);
    AlexNetException e = assertThrows(AlexNetException.class, () -> Sources.checkLabels(named, 2));
    assertEquals(
        "image 2 of counted has label 2; the network has 2 classes, so labels must be 0 to 1",
        e.getMessage());
  }

  @Test
  void theLastOfEachClassAreCutOff() {
    DataSet set = Sources.split(named, 0.34);
    assertEquals(6, set.train().size());
    assertEquals(3, set.validation().size());
    for (int i = 0; i < 3; i++) {
      assertEquals("image " + (6 + i), set.validation().name(i));
      assertEquals(i, set.validation().label(i));
    }
    assertEquals(3, Sources.split(named, 0.01).validation().size());
    assertEquals(3, Sources.split(named, 0.99).train().size());
    ImageSource four = TestImages.counted(4, FORMAT, List.of("a", "b", "c"));
    assertEquals(
        "class b of counted has one image; two are required to keep one for validation",
        assertThrows(AlexNetException.class, () -> Sources.split(four, 0.5)).getMessage());
  }

  @Test
  void resizingScalesAndCrops() {
    assertSame(named, Sources.resized(named, 2, 2, false));
    ImageSource large = Sources.resized(named, 4, 4, false);
    assertEquals(new Batch.Format(1, 4, 4, false), large.format());
    byte[] small = TestImages.read(named, 1);
    byte[] image = TestImages.read(large, 1);
    assertEquals(small[0], image[0]);
    assertEquals(small[3], image[15]);
  }

  @Test
  void theMeanIsExactWithAnyNumberOfThreads() {
    ImageSource many = TestImages.counted(1000, new Batch.Format(3, 5, 7, false), List.of());
    float[] one = PixelStatistics.of(many, 1, false, ProgressListener.NONE).mean();
    double[] expected = new double[105];
    for (int i = 0; i < 1000; i++) {
      byte[] image = TestImages.read(many, i);
      for (int v = 0; v < 105; v++) {
        expected[v] += image[v] & 0xFF;
      }
    }
    for (int v = 0; v < 105; v++) {
      assertEquals((float) (expected[v] / 1000), one[v]);
    }
    assertArrayEquals(one, PixelStatistics.of(many, 2, false, ProgressListener.NONE).mean());
    assertArrayEquals(one, PixelStatistics.of(many, 5, false, ProgressListener.NONE).mean());
    ImageSource floats = TestImages.counted(2, new Batch.Format(1, 1, 1, true), List.of());
    assertThrows(
        IllegalArgumentException.class,
        () -> PixelStatistics.of(floats, 1, false, ProgressListener.NONE));
  }
}
