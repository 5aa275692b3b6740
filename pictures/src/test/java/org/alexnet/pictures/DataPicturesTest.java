package org.alexnet.pictures;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.imageio.ImageIO;
import org.alexnet.UsageException;
import org.alexnet.data.Augmentation;
import org.alexnet.data.ImageSource;
import org.alexnet.data.ProgressListener;
import org.alexnet.network.Input;
import org.alexnet.pictures.drawing.Panel;
import org.alexnet.pictures.drawing.Picture;
import org.junit.jupiter.api.Test;

/** Samples and augmentations show the pixels of the source. */
class DataPicturesTest {
  private static final ImageSource SOURCE =
      new FakeImages(List.of("cat", "dog"), 0, 0, 0, 0, 0, 0, 1, 1);

  /** The pixel of a panel at a place of the image that it shows. */
  private static int pixel(BufferedImage image, Panel panel, int size, int y, int x) {
    int scale = panel.width() / size;
    return image.getRGB(panel.x() + x * scale + scale / 2, panel.y() + y * scale + scale / 2)
        & 0xFFFFFF;
  }

  private static BufferedImage decoded(Picture picture) throws IOException {
    return ImageIO.read(new ByteArrayInputStream(picture.png()));
  }

  private static Picture augmentations(Augmentation augmentation, int size) {
    return Augmentations.of(
        SOURCE,
        new Input(3, size, FakeImages.SIDE, 1),
        new Augmentations.Options(5, 12, 42, augmentation),
        1,
        ProgressListener.NONE);
  }

  @Test
  void samplesAreTheImagesOfTheirNumbers() throws IOException {
    Picture picture = Samples.of(SOURCE, 8, 42);
    BufferedImage image = decoded(picture);
    Set<Integer> seen = new HashSet<>();
    for (Panel panel : picture.panels()) {
      seen.add(panel.index());
      assertEquals(SOURCE.classNames().get(SOURCE.label(panel.index())), panel.title());
      for (int y = 0; y < FakeImages.SIDE; y++) {
        for (int x = 0; x < FakeImages.SIDE; x++) {
          int expected = FakeImages.rgb(panel.index(), y, x);
          assertEquals(expected, pixel(image, panel, FakeImages.SIDE, y, x));
        }
      }
    }
    assertEquals(8, seen.size(), "each once");
  }

  @Test
  void asManyOfEachClassAsCanBe() {
    List<String> titles = Samples.of(SOURCE, 6, 7).panels().stream().map(Panel::title).toList();
    assertEquals(List.of("cat", "dog", "cat", "dog", "cat", "cat"), titles);
    List<Panel> same = Samples.of(SOURCE, 6, 7).panels();
    assertEquals(same, Samples.of(SOURCE, 6, 7).panels(), "the seed fixes which");
    assertNotEquals(same, Samples.of(SOURCE, 6, 8).panels());
  }

  @Test
  void moreThanThereAre() {
    UsageException e = assertThrows(UsageException.class, () -> Samples.of(SOURCE, 9, 42));
    assertEquals("n is 9, must be from 1 to 8, the images of fake images.", e.getMessage());
  }

  @Test
  void withoutAugmentationEveryVariantIsTheImage() throws IOException {
    Picture picture = augmentations(Augmentation.NONE, FakeImages.SIDE);
    BufferedImage image = decoded(picture);
    assertEquals(13, picture.panels().size());
    assertEquals(-1, picture.panels().getFirst().index());
    for (Panel panel : picture.panels()) {
      assertEquals(FakeImages.rgb(5, 1, 2), pixel(image, panel, FakeImages.SIDE, 1, 2));
    }
  }

  /** A crop of 2 x 2 out of 4 x 4, mirrored or not, its colours shifted as a whole. */
  @Test
  void thePapersVariantsAreCropsAndMirrors() throws IOException {
    Picture picture = augmentations(Augmentation.PAPER, 2);
    BufferedImage image = decoded(picture);
    Set<String> seen = new HashSet<>();
    for (Panel panel : picture.panels().subList(1, 13)) {
      int right = pixel(image, panel, 2, 0, 1) & 0xFF;
      int left = pixel(image, panel, 2, 0, 0) & 0xFF;
      int below = pixel(image, panel, 2, 1, 0) & 0xFF;
      assertEquals(1, Math.abs(right - left), "neighbours in the image");
      assertEquals(FakeImages.SIDE, below - left);
      seen.add(right > left ? "as it is" : "mirrored");
    }
    assertEquals(2, seen.size());
    assertTrue(
        picture.panels().stream().allMatch(panel -> panel.width() >= 96), "large enough to see");
  }

  @Test
  void anImageThatThereIsNot() {
    Augmentations.Options options = new Augmentations.Options(8, 1, 42, Augmentation.NONE);
    Input input = new Input(3, 4, 4, 1);
    UsageException e =
        assertThrows(
            UsageException.class,
            () -> Augmentations.of(SOURCE, input, options, 1, ProgressListener.NONE));
    assertTrue(e.getMessage().contains("from 0 to 7"), e.getMessage());
  }
}
