package org.alexnet.data.folder;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.alexnet.AlexNetException;
import org.alexnet.data.Batch;
import org.alexnet.data.ImageSource;
import org.alexnet.data.ProgressListener;
import org.alexnet.data.TestImages;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderSourceTest {
  private static final long PLENTY = 1L << 30;

  @TempDir Path dir;

  @BeforeEach
  void twoClasses() throws IOException {
    TestImages.folder(dir, 3, "cat", "dog");
  }

  private static FolderOptions options(int threads, boolean skipBad) {
    return new FolderOptions(3, 8, 8, threads, skipBad, null);
  }

  private String refused() {
    return refused(dir);
  }

  private static String refused(Path folder) {
    String one =
        assertThrows(AlexNetException.class, () -> FolderSource.open(folder, options(1, false)))
            .getMessage();
    String five =
        assertThrows(AlexNetException.class, () -> FolderSource.open(folder, options(5, false)))
            .getMessage();
    assertEquals(one, five);
    return one;
  }

  @Test
  void classesAndFilesAreSorted() throws IOException {
    TestImages.write(dir.resolve("cat/.DS_Store"), new byte[] {1});
    TestImages.write(dir.resolve(".git/x"), new byte[] {1});
    TestImages.write(dir.resolve("README.txt"), new byte[] {1});
    try (ImageSource source = FolderSource.open(dir, options(2, false))) {
      assertEquals(List.of("cat", "dog"), source.classNames());
      assertEquals(6, source.size());
      assertEquals(new Batch.Format(3, 8, 8, false), source.format());
      assertEquals(Path.of("dog", "001.png").toString(), source.name(4));
      assertEquals(1, source.label(4));
      assertEquals(41, TestImages.read(source, 4)[63]);
      assertEquals(List.of(), source.skipped());
    }
  }

  @Test
  void bitsDoNotDependOnThreadsOrOnWhereImagesAreKept() throws IOException {
    for (int k = 0; k < 8; k++) {
      int seed = k + 1;
      BufferedImage noise =
          TestImages.image(
              BufferedImage.TYPE_INT_RGB, 30 + 7 * k, 41, p -> (p + 1) * seed * 0x9E3779B1 >>> 8);
      String type = k % 2 == 0 ? "jpg" : "png";
      TestImages.write(dir.resolve("cat/n" + k + "." + type), TestImages.bytes(noise, type));
    }
    try (ImageSource one = FolderSource.open(dir, options(1, false))) {
      for (int threads : new int[] {2, 5}) {
        for (long budget : new long[] {0, PLENTY}) {
          try (ImageSource other = FolderSource.open(dir, options(threads, false), 2, budget)) {
            for (int i = 0; i < one.size(); i++) {
              assertArrayEquals(TestImages.read(one, i), TestImages.read(other, i));
            }
          }
        }
      }
    }
  }

  @Test
  void progressCountsEveryImageInOrder() {
    List<String> seen = new ArrayList<>();
    ProgressListener listener = (done, all) -> seen.add(done + " of " + all);
    FolderSource.open(dir, new FolderOptions(3, 8, 8, 3, false, listener)).close();
    assertEquals(IntStream.rangeClosed(1, 6).mapToObj(i -> i + " of 6").toList(), seen);
  }

  @Test
  void onePixelIsEnlarged() throws IOException {
    TestImages.write(
        dir.resolve("cat/a.png"), TestImages.bytes(TestImages.plain(1, 1, 0x0F0000), "png"));
    try (ImageSource source = FolderSource.open(dir, options(1, false))) {
      byte[] image = TestImages.read(source, 3);
      assertEquals(15, image[0]);
      assertEquals(15, image[63]);
      assertEquals(0, image[64]);
    }
  }

  @Test
  void greyNetworksGetGreyImages() {
    FolderOptions grey = new FolderOptions(1, 4, 4, 1, false, null);
    try (ImageSource source = FolderSource.open(dir, grey)) {
      byte[] image = TestImages.read(source, 5);
      assertEquals(16, image.length);
      assertEquals(Math.round(42 * 0.299), image[7]);
    }
  }

  @Test
  void foldersWithoutClassesAreRefused() throws IOException {
    Path empty = Files.createDirectories(dir.resolve("cat/empty"));
    assertTrue(refused(empty).contains("holds no class folders"));
    Path one = TestImages.folder(Files.createTempDirectory(dir.resolve("dog"), "one"), 2, "only");
    assertTrue(refused(one).contains("one class folder, only"));
    assertTrue(refused(dir.resolve("nowhere")).contains("nowhere"));
  }

  @Test
  void aClassWithoutImagesIsRefused() throws IOException {
    Files.createDirectories(dir.resolve("eel"));
    String message = refused();
    assertTrue(message.contains(dir.resolve("eel") + " holds no images"), message);
  }

  @Test
  void badFilesAreNamed() throws IOException {
    Path file = TestImages.write(dir.resolve("dog/notes.txt"), "a letter".getBytes("UTF-8"));
    String message = refused();
    assertTrue(message.startsWith(file + " is not a JPEG, PNG, BMP or GIF image"), message);
    byte[] jpeg = TestImages.bytes(TestImages.plain(64, 64, 0x123456), "jpg");
    file = TestImages.write(dir.resolve("dog/half.jpg"), Arrays.copyOf(jpeg, jpeg.length - 40));
    message = refused();
    assertTrue(message.startsWith(file + " cannot be decoded as JPEG"), message);
    file = Files.createSymbolicLink(dir.resolve("dog/broken.jpg"), dir.resolve("nothing"));
    message = refused();
    assertTrue(message.startsWith(file + " cannot be read"), message);
    file = Files.createDirectories(dir.resolve("dog/album"));
    message = refused();
    assertTrue(message.startsWith(file + " is a folder"), message);
  }

  @Test
  void badFilesAreSkippedAndCountedWhenAsked() throws IOException {
    TestImages.write(dir.resolve("cat/000b.txt"), new byte[] {1, 2, 3});
    TestImages.write(dir.resolve("dog/empty.jpg"), new byte[0]);
    for (long budget : new long[] {0, PLENTY}) {
      try (ImageSource source = FolderSource.open(dir, options(2, true), 2, budget)) {
        assertEquals(6, source.size());
        assertEquals(2, source.skipped().size());
        assertTrue(source.skipped().get(0).startsWith(Path.of("cat", "000b.txt") + " is not"));
        assertTrue(source.skipped().get(1).endsWith("is empty"));
        assertEquals(1, TestImages.read(source, 1)[0]);
        assertEquals(40, TestImages.read(source, 3)[0]);
        assertEquals(1, source.label(3));
      }
    }
    TestImages.write(dir.resolve("eel/x.jpg"), new byte[] {1});
    String message =
        assertThrows(AlexNetException.class, () -> FolderSource.open(dir, options(2, true)))
            .getMessage();
    assertTrue(message.contains("eel holds no image that can be read (3 bad"), message);
  }

  @Test
  void anImageThatGoesBadLaterIsNamedWhenRead() throws IOException {
    try (ImageSource source = FolderSource.open(dir, options(1, false), 2, 0)) {
      Files.delete(dir.resolve("dog/002.png"));
      String message =
          assertThrows(AlexNetException.class, () -> TestImages.read(source, 5)).getMessage();
      assertTrue(message.startsWith(dir.resolve("dog/002.png") + " cannot be read"), message);
    }
  }

  @Test
  void singleFilesHaveNoLabels() {
    List<Path> files = List.of(dir.resolve("dog/001.png"), dir.resolve("cat/002.png"));
    try (ImageSource source = FolderSource.files(files, options(1, false))) {
      assertFalse(source.labelled());
      assertEquals(files.get(0).toString(), source.name(0));
      assertEquals(2, TestImages.read(source, 1)[0]);
      assertThrows(IllegalStateException.class, () -> source.label(0));
    }
  }

  @Test
  void closingTwiceIsHarmless() {
    ImageSource source = FolderSource.open(dir, options(1, false));
    source.close();
    source.close();
  }

  @Test
  void channelsAreOneOrThree() {
    assertThrows(AlexNetException.class, () -> new FolderOptions(4, 8, 8, 1, false, null));
  }
}
