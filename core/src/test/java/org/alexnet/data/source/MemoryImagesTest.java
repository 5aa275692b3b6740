package org.alexnet.data.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.data.DataSet;
import org.alexnet.data.ImageSource;
import org.alexnet.data.TestImages;
import org.alexnet.data.folder.FolderOptions;
import org.alexnet.data.folder.FolderSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MemoryImagesTest {
  @TempDir Path dir;

  private static byte[] read(ImageSource source, int image) {
    MemorySegment to = MemorySegment.ofArray(new byte[(int) source.format().bytes()]);
    source.read(image, to);
    return to.toArray(ValueLayout.JAVA_BYTE);
  }

  private static String refused(Runnable making) {
    return assertThrows(IllegalArgumentException.class, making::run).getMessage();
  }

  @Test
  void pixelsAreReadAsTheyWereGiven() {
    byte[] first = {1, 2, 3, 4, 5, 6};
    byte[] second = {7, 8, 9, 10, 11, -1};
    MemoryImages images = MemoryImages.pixels(1, 2, 3, List.of(first, second));
    assertFalse(images.labelled());
    assertEquals("2 images in memory", images.description());
    assertArrayEquals(second, read(images, 1));
    MemoryImages labelled = images.labelled(new int[] {1, 0}, List.of("a", "b"));
    assertEquals(1, labelled.label(0));
    assertEquals(List.of("a", "b"), labelled.classNames());
    assertArrayEquals(first, read(labelled, 0));
  }

  @Test
  void floatsAreReadAsTheyWereGiven() {
    float[] values = {0.5f, -1, 3, 4};
    MemoryImages images = MemoryImages.floats(1, 2, 2, List.of(values));
    MemorySegment to = MemorySegment.ofArray(new byte[16]);
    images.read(0, to);
    assertArrayEquals(values, to.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED));
  }

  /** The same picture from a file has the same bytes, whatever its colour model in memory. */
  @Test
  void picturesAreThoseOfTheirFiles() throws IOException {
    for (int type :
        List.of(
            BufferedImage.TYPE_INT_RGB,
            BufferedImage.TYPE_3BYTE_BGR,
            BufferedImage.TYPE_INT_ARGB,
            BufferedImage.TYPE_INT_ARGB_PRE,
            BufferedImage.TYPE_4BYTE_ABGR_PRE,
            BufferedImage.TYPE_INT_BGR)) {
      BufferedImage picture =
          TestImages.image(type, 21, 34, p -> 0xFF000000 | (p * 7919 & 0xFFFFFF));
      Path file = dir.resolve("picture" + type + ".png");
      TestImages.write(file, TestImages.bytes(picture, "png"));
      for (boolean stretched : new boolean[] {true, false}) {
        MemoryImages images = MemoryImages.pictures(3, 9, stretched, List.of(picture));
        FolderOptions options =
            new FolderOptions(3, 9, 9, 1, false, true, stretched, (done, all) -> {});
        try (ImageSource files = FolderSource.files(List.of(file), options)) {
          assertArrayEquals(read(files, 0), read(images, 0), "type " + type);
        }
      }
    }
  }

  @Test
  void whatCannotBeIsRefused() {
    byte[] image = new byte[12];
    assertTrue(refused(() -> MemoryImages.pixels(3, 2, 2, List.of())).contains("at least one"));
    assertEquals(
        "image 1 has 11 values; 3 x 2 x 2 (channels x height x width) are 12",
        refused(() -> MemoryImages.pixels(3, 2, 2, List.of(image, new byte[11]))));
    assertTrue(
        refused(() -> MemoryImages.pixels(3, 1 << 20, 1 << 20, List.of(image)))
            .contains("3 x 1048576 x 1048576"));
    assertEquals(
        "image 0 holds NaN; values must be finite",
        refused(() -> MemoryImages.floats(1, 1, 2, List.of(new float[] {1, Float.NaN}))));
    MemoryImages images = MemoryImages.pixels(3, 2, 2, List.of(image, image));
    assertTrue(
        refused(() -> images.labelled(new int[] {0}, List.of())).contains("1 labels for 2 images"));
    assertTrue(refused(() -> images.labelled(new int[] {0, -1}, List.of())).contains("label -1"));
    assertTrue(
        refused(() -> images.labelled(new int[] {0, 2}, List.of("a", "b")))
            .contains("image 1 has label 2"));
    assertThrows(
        AlexNetException.class, () -> images.labelled(new int[] {0, 1}, List.of("a", "a")));
  }

  /** Given images are fitted, split and matched as named ones are, and stay open. */
  @Test
  void givenImagesAreASource() {
    boolean[] closed = new boolean[1];
    MemoryImages images =
        MemoryImages.pixels(3, 4, 4, List.of(new byte[48], new byte[48], new byte[48]))
            .labelled(new int[] {0, 1, 1}, List.of("a", "b"));
    ImageSource watched =
        new ClosingSource(images) {
          @Override
          public void close() {
            closed[0] = true;
          }
        };
    OpenOptions options = new OpenOptions(3, 2, 2, 2, 1, 1, false, null);
    MemoryImages renumbered =
        MemoryImages.pixels(3, 2, 2, List.of(new byte[12])).labelled(new int[] {0}, List.of("b"));
    try (DataSet set = DataSets.open(Data.given(watched), Data.given(renumbered), 0, options)) {
      assertEquals(2, set.train().format().width());
      assertEquals(1, set.validation().label(0));
    }
    assertFalse(closed[0]);
    MemoryImages many =
        MemoryImages.pixels(3, 2, 2, List.of(new byte[12], new byte[12], new byte[12]))
            .labelled(new int[] {0, 0, 0}, List.of());
    try (DataSet set = DataSets.open(Data.given(many), null, 0.3, options)) {
      assertEquals(2, set.train().size());
      assertEquals(1, set.validation().size());
    }
    MemoryImages grey = MemoryImages.pixels(1, 2, 2, List.of(new byte[4]));
    String refused =
        assertThrows(AlexNetException.class, () -> DataSets.given(grey, options)).getMessage();
    assertTrue(refused.contains("1 image in memory holds images of 1 x 2 x 2"), refused);
  }

  /** A source of somebody's own. */
  private static class ClosingSource extends ForwardingSource {
    ClosingSource(ImageSource images) {
      super(images);
    }

    @Override
    public String description() {
      return "my images";
    }
  }
}
