package org.alexnet.data.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.data.Batch;
import org.alexnet.data.DataSet;
import org.alexnet.data.ImageSource;
import org.alexnet.data.TestImages;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataSetsTest {
  private static final OpenOptions OPTIONS = new OpenOptions(3, 32, 32, 32, 2, 42, false, null);

  @TempDir Path dir;

  private static String refused(String src) {
    return assertThrows(AlexNetException.class, () -> DataSets.open(src, null, 0, OPTIONS))
        .getMessage();
  }

  private static int[] sizes(String src, String valSrc, double fraction) {
    try (DataSet set = DataSets.open(src, valSrc, fraction, OPTIONS)) {
      return new int[] {set.train().size(), set.validation() == null ? 0 : set.validation().size()};
    }
  }

  private static void assertSizes(int train, int validation, int[] sizes) {
    assertEquals(List.of(train, validation), List.of(sizes[0], sizes[1]));
  }

  @Test
  void shapes() {
    assertSizes(40, 10, sizes("shapes:40", null, 0));
    assertSizes(30, 10, sizes("shapes:40", null, 0.25));
    assertSizes(10, 5, sizes("shapes:10", "shapes:20", 0));
    try (ImageSource evaluated = DataSets.openForEvaluation("shapes:40", OPTIONS);
        DataSet set = DataSets.open("shapes:40", null, 0, OPTIONS)) {
      assertEquals(evaluated.description(), set.validation().description());
    }
    for (String bad : List.of("shapes:9", "shapes:", "shapes:many", "shapes:-1")) {
      assertTrue(refused(bad).startsWith(bad + ": the number of images"), bad);
    }
  }

  @Test
  void shapesAreBroughtToTheSizeOfTheNetwork() {
    OpenOptions large = new OpenOptions(3, 48, 64, 48, 1, 42, false, null);
    try (DataSet set = DataSets.open("shapes:10", null, 0, large)) {
      assertEquals(new Batch.Format(3, 48, 64, false), set.train().format());
      assertEquals(new Batch.Format(3, 48, 64, false), set.validation().format());
    }
    OpenOptions grey = new OpenOptions(1, 32, 32, 32, 1, 42, false, null);
    String message =
        assertThrows(AlexNetException.class, () -> DataSets.open("shapes:10", null, 0, grey))
            .getMessage();
    assertTrue(message.contains("3 x 32 x 32"), message);
  }

  @Test
  void aFolderOfClasses() throws IOException {
    String src = TestImages.folder(dir, 4, "a", "b").toString();
    assertSizes(8, 0, sizes(src, null, 0));
    assertSizes(6, 2, sizes(src, null, 0.2));
  }

  @Test
  void validationLabelsFollowTheTrainingClasses() throws IOException {
    String src = TestImages.folder(dir.resolve("data"), 2, "a", "b").toString();
    String val = TestImages.folder(dir.resolve("more"), 2, "b").toString();
    try (DataSet set = DataSets.open(src, val, 0, OPTIONS)) {
      assertEquals(List.of("a", "b"), set.validation().classNames());
      assertEquals(1, set.validation().label(0));
    }
    String strange = TestImages.folder(dir.resolve("other"), 1, "b", "z").toString();
    String message =
        assertThrows(AlexNetException.class, () -> DataSets.open(src, strange, 0, OPTIONS))
            .getMessage();
    assertTrue(message.contains("class 'z'"), message);
  }

  @Test
  void aFolderWithParts() throws IOException {
    TestImages.folder(dir.resolve("train"), 3, "a", "b");
    TestImages.folder(dir.resolve("test"), 1, "a", "b");
    assertSizes(6, 2, sizes(dir.toString(), null, 0));
    assertSizes(4, 2, sizes(dir.toString(), null, 0.3));
    TestImages.folder(dir.resolve("val"), 2, "a", "b");
    assertSizes(6, 4, sizes(dir.toString(), null, 0));
    try (ImageSource source = DataSets.openForEvaluation(dir.toString(), OPTIONS)) {
      assertEquals(4, source.size());
    }
    String part = dir.resolve("train").toString();
    try (ImageSource source = DataSets.openForEvaluation(part, OPTIONS)) {
      assertEquals(6, source.size());
    }
  }

  @Test
  void aMissingPartIsNamed() throws IOException {
    TestImages.folder(dir.resolve("x/val"), 1, "a", "b");
    assertTrue(refused(dir.resolve("x").toString()).contains("holds val/ but no train/"));
    TestImages.folder(dir.resolve("y/train"), 1, "a", "b");
    String y = dir.resolve("y").toString();
    assertSizes(2, 0, sizes(y, null, 0));
    String message =
        assertThrows(AlexNetException.class, () -> DataSets.openForEvaluation(y, OPTIONS))
            .getMessage();
    assertTrue(message.contains("holds train/ but no val/"), message);
  }

  @Test
  void aClassMayBeCalledTest() throws IOException {
    TestImages.folder(dir, 1, "test", "yard");
    try (DataSet set = DataSets.open(dir.toString(), null, 0, OPTIONS)) {
      assertEquals(List.of("test", "yard"), set.train().classNames());
      assertNull(set.validation());
    }
  }

  /** Floating-point images are used as given: they have the size the network takes. */
  @Test
  void floatingPointImagesHaveTheSizeOfTheNetwork() throws IOException {
    Path file =
        SafetensorsSourceTest.write(
            dir.resolve("f.safetensors"),
            SafetensorsSourceTest.floats("images", List.of(1, 3, 6, 6), new float[108]));
    OpenOptions crops = new OpenOptions(3, 8, 8, 6, 1, 42, false, null);
    try (ImageSource source = DataSets.openForEvaluation(file.toString(), crops)) {
      assertEquals(new Batch.Format(3, 6, 6, true), source.format());
    }
    OpenOptions others = new OpenOptions(3, 6, 6, 5, 1, 42, false, null);
    String message =
        assertThrows(
                AlexNetException.class, () -> DataSets.openForEvaluation(file.toString(), others))
            .getMessage();
    assertTrue(message.contains("3 x 5 x 5 are required"), message);
  }

  @Test
  void safetensors() throws IOException {
    Path file =
        SafetensorsSourceTest.write(
            dir.resolve("a.safetensors"),
            SafetensorsSourceTest.bytes("images", List.of(4, 3, 1, 1), new int[12]),
            SafetensorsSourceTest.longs("labels", 0, 0, 1, 1));
    assertSizes(4, 0, sizes(file.toString(), null, 0));
    assertSizes(2, 2, sizes(file.toString(), null, 0.5));
    Path unlabelled =
        SafetensorsSourceTest.write(
            dir.resolve("b.safetensors"),
            SafetensorsSourceTest.floats("images", List.of(1, 3, 1, 1), 1, 2, 3));
    assertTrue(refused(unlabelled.toString()).contains("3 x 1 x 1"));
  }

  @Test
  void whatIsNoSourceIsRefusedWithWhatIs() throws IOException {
    String nowhere = dir.resolve("nowhere").toString();
    assertTrue(refused(nowhere).startsWith("'" + nowhere + "' does not exist; data are 'shapes'"));
    Path packed = Files.write(dir.resolve("a.zip"), new byte[] {1});
    assertTrue(refused(packed.toString()).contains("no folder, .axd or .safetensors file"));
  }

  /** No path at all is no place either, such as one with letters that the system has not. */
  @Test
  void whatIsNoPathDoesNotExist() {
    assertFalse(DataSets.exists("a\0b"));
    assertTrue(refused("a\0b").contains("is not a path; data are 'shapes'"));
  }

  @Test
  void validationIsGivenOnce() {
    assertThrows(
        IllegalArgumentException.class, () -> DataSets.open("shapes", "shapes", 0.1, OPTIONS));
    assertThrows(IllegalArgumentException.class, () -> DataSets.open("shapes", null, 1, OPTIONS));
  }
}
