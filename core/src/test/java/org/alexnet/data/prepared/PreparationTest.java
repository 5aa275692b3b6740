package org.alexnet.data.prepared;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.alexnet.AlexNetException;
import org.alexnet.data.Batch;
import org.alexnet.data.DataSet;
import org.alexnet.data.ImageSource;
import org.alexnet.data.PixelStatistics;
import org.alexnet.data.ProgressListener;
import org.alexnet.data.TestImages;
import org.alexnet.data.folder.FolderOptions;
import org.alexnet.data.folder.FolderSource;
import org.alexnet.data.prepared.PreparedSource.Part;
import org.alexnet.data.source.DataSets;
import org.alexnet.data.source.OpenOptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreparationTest {
  private static final int SIZE = 12;

  @TempDir Path dir;
  private Path folder;
  private Path out;
  private final List<String> said = new ArrayList<>();

  @BeforeEach
  void images() throws IOException {
    folder = dir.resolve("images");
    out = dir.resolve("packed.axd");
    Random random = new Random(1);
    for (String part : List.of("train", "val")) {
      for (String name : List.of("cat", "dog", "owl")) {
        for (int i = 0; i < (part.equals("train") ? 4 : 2); i++) {
          BufferedImage image =
              TestImages.image(
                  BufferedImage.TYPE_INT_RGB, 17, 14, p -> random.nextInt(1 << 24) | 0x303030);
          Path file = folder.resolve(part).resolve(name).resolve(i + ".png");
          TestImages.write(file, TestImages.bytes(image, "png"));
        }
      }
    }
  }

  private Preparation preparation(int threads) {
    return new Preparation(folder, out, SIZE, false, threads, said::add, (done, all) -> {});
  }

  private byte[] packed(int threads) throws IOException {
    preparation(threads).run();
    byte[] bytes = Files.readAllBytes(out);
    Files.delete(out);
    return bytes;
  }

  private FolderSource folderSource(String part) {
    FolderOptions options = new FolderOptions(3, SIZE, SIZE, 1, false, null);
    return (FolderSource) FolderSource.open(folder.resolve(part), options);
  }

  private static void assertSame(ImageSource expected, ImageSource got) {
    assertEquals(expected.size(), got.size());
    assertEquals(expected.classNames(), got.classNames());
    assertEquals(expected.format(), got.format());
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(expected.label(i), got.label(i));
      assertTrue(got.name(i).endsWith(expected.name(i)), got.name(i));
      assertArrayEquals(TestImages.read(expected, i), TestImages.read(got, i), got.name(i));
    }
  }

  @Test
  void aPreparedFileIsTheFolder() {
    Preparation.Result result = preparation(2).run();
    assertEquals(12, result.train());
    assertEquals(6, result.validation());
    assertEquals(List.of(), result.leftOut());
    try (ImageSource train = PreparedSource.open(out, Part.TRAIN);
        ImageSource validation = PreparedSource.open(out, Part.VALIDATION);
        ImageSource trainFolder = folderSource("train");
        ImageSource validationFolder = folderSource("val")) {
      assertSame(trainFolder, train);
      assertSame(validationFolder, validation);
      // The statistics are those of the training images, as if they were read again.
      PixelStatistics expected = PixelStatistics.of(trainFolder, 1, true, ProgressListener.NONE);
      assertArrayEquals(expected.mean(), train.statistics().mean());
      assertArrayEquals(expected.colour().axes(), train.statistics().colour().axes());
      assertArrayEquals(expected.colour().deviations(), train.statistics().colour().deviations());
    }
  }

  @Test
  void asDataItBringsItsValidationImages() {
    preparation(1).run();
    OpenOptions options = new OpenOptions(3, SIZE, SIZE, SIZE, 2, 1, false, null);
    try (DataSet set = DataSets.open(out.toString(), null, 0, options)) {
      assertEquals(12, set.train().size());
      assertEquals(6, set.validation().size());
    }
    try (DataSet set = DataSets.open(out.toString(), null, 0.25, options)) {
      assertEquals(9, set.train().size());
      assertEquals(3, set.validation().size());
      // What is known of all images is not true of some.
      assertEquals(null, set.train().statistics());
    }
    try (ImageSource source = DataSets.openForEvaluation(out.toString(), options)) {
      assertEquals(6, source.size());
    }
    OpenOptions smaller = new OpenOptions(3, 8, 8, 8, 2, 1, false, null);
    try (ImageSource source = DataSets.openForEvaluation(out.toString(), smaller)) {
      assertEquals(new Batch.Format(3, 8, 8, false), source.format());
    }
  }

  /** As networks of Caffe take pictures, whose proportions are then lost. */
  @Test
  void bothSidesBroughtToTheSize() {
    interruptedAfter(5); // of a file with the centres, which is of no use
    Preparation stretching =
        new Preparation(folder, out, SIZE, true, 2, said::add, (done, all) -> {});
    stretching.run();
    assertTrue(said.getLast().contains("in another way"), said.toString());
    OpenOptions centres = new OpenOptions(3, SIZE, SIZE, SIZE, 2, 1, false, null);
    OpenOptions whole = centres.stretched(true);
    try (ImageSource packed = DataSets.openAll(out.toString(), whole);
        ImageSource pictures = DataSets.openAll(folder.toString(), whole);
        ImageSource cut = DataSets.openAll(folder.toString(), centres)) {
      assertSame(pictures, packed);
      assertFalse(Arrays.equals(TestImages.read(cut, 0), TestImages.read(packed, 0)));
      assertEquals(Optional.empty(), DataSets.otherwiseResized(packed, whole, "it"));
      assertEquals(Optional.empty(), DataSets.otherwiseResized(pictures, whole, "it"));
      assertEquals(
          packed.description()
              + " holds whole pictures, stretched to squares, and it takes their centres: prepare"
              + " them again in that way (stretched).",
          DataSets.otherwiseResized(packed, centres, "it").orElseThrow().toString());
    }
  }

  // Interruptions.

  private static final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private void interruptedAfter(int images) {
    Preparation stopping =
        new Preparation(
            folder,
            out,
            SIZE,
            false,
            1,
            said::add,
            (done, all) -> {
              if (done == images) {
                throw new Stopped();
              }
            });
    assertThrows(Stopped.class, stopping::run);
    assertFalse(Files.exists(out));
  }

  private Path partial() {
    return dir.resolve("packed.axd.partial");
  }

  @Test
  void neitherThreadsNorInterruptionsChangeABit() throws IOException {
    byte[] expected = packed(1);
    assertArrayEquals(expected, packed(3));
    for (int images : new int[] {1, 7, 18}) {
      interruptedAfter(images);
      assertArrayEquals(expected, packed(2));
      assertTrue(said.getLast().contains("Going on"), said.toString());
      assertFalse(Files.exists(partial()));
    }
  }

  @Test
  void whatAnInterruptionLeftIsCheckedBeforeItIsUsed() throws IOException {
    byte[] expected = packed(1);
    interruptedAfter(9);
    byte[] left = Files.readAllBytes(partial());
    left[2 * PreparedHeader.PAGE + 5]++; // the first image
    Files.write(partial(), Arrays.copyOf(left, left.length - 100)); // the last one that was written
    assertArrayEquals(expected, packed(2));
  }

  @Test
  void otherImagesBeginAnew() throws IOException {
    interruptedAfter(9);
    Path changed = folder.resolve("train/cat/0.png");
    Files.setLastModifiedTime(changed, FileTime.fromMillis(1_000_000));
    byte[] got = packed(1);
    assertTrue(said.getLast().contains("starting anew"), said.toString());
    assertArrayEquals(packed(2), got);
  }

  @Test
  void whatIsThereIsNotOverwritten() throws IOException {
    Files.writeString(out, "precious");
    assertTrue(refused().contains("exists already"));
    assertEquals("precious", Files.readString(out));
    Files.delete(out);
    try (FileChannel other =
        FileChannel.open(partial(), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      other.lock();
      assertTrue(refused().contains("is being written by another"));
    }
  }

  private String refused() {
    return assertThrows(AlexNetException.class, preparation(2)::run).getMessage();
  }

  // Bad images.

  @Test
  void filesThatCannotBeReadAreLeftOutAndListed() throws IOException {
    Files.writeString(folder.resolve("train/dog/1.png"), "no image");
    Files.write(folder.resolve("val/owl/0.png"), new byte[0]);
    Preparation.Result result = preparation(3).run();
    assertEquals(11, result.train());
    assertEquals(5, result.validation());
    assertEquals(2, result.leftOut().size());
    assertTrue(result.leftOut().getFirst().startsWith("train/dog/1.png is not a JPEG"));
    assertTrue(result.leftOut().getLast().startsWith("val/owl/0.png is empty"));
    try (ImageSource train = PreparedSource.open(out, Part.TRAIN)) {
      FolderOptions options = new FolderOptions(3, SIZE, SIZE, 1, true, null);
      try (ImageSource readable = FolderSource.open(folder.resolve("train"), options)) {
        assertSame(readable, train);
      }
    }
  }

  @Test
  void aClassWithoutAReadableImageIsNamed() throws IOException {
    for (int i = 0; i < 4; i++) {
      Files.writeString(folder.resolve("train/dog/" + i + ".png"), "no image");
    }
    String message = refused();
    assertTrue(message.contains("class dog"), message);
    assertFalse(Files.exists(out));
  }

  // Bad files.

  private String opening(byte[] bytes) throws IOException {
    Files.write(out, bytes);
    String message =
        assertThrows(AlexNetException.class, () -> PreparedSource.open(out, Part.TRAIN))
            .getMessage();
    assertTrue(message.contains(out.toString()), message);
    return message;
  }

  @Test
  void whatIsNoPreparedFileIsSaidSo() throws IOException {
    assertTrue(opening(new byte[0]).contains("is no prepared file"));
    assertTrue(opening("pixels".getBytes()).contains("is no prepared file"));
    assertTrue(opening(new byte[100_000]).contains("is no prepared file"));
  }

  @Test
  void aFileCutShort() throws IOException {
    byte[] whole = packed(1);
    for (int length : new int[] {9, 4095, 4096, 5000, whole.length / 2, whole.length - 1}) {
      assertTrue(opening(Arrays.copyOf(whole, length)).contains("was cut short"), length + "");
    }
  }

  @Test
  void aFileOfAnotherVersion() throws IOException {
    byte[] whole = packed(1);
    ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).putInt(8, 2);
    assertTrue(opening(whole).contains("has version 2, and this program reads version 1"));
  }

  @Test
  void aFileThatIsBeingWritten() throws IOException {
    interruptedAfter(9);
    assertTrue(opening(Files.readAllBytes(partial())).contains("is not complete"));
  }

  @Test
  void oneByteAltered() throws IOException {
    byte[] whole = packed(1);
    int images = 2 * PreparedHeader.PAGE;
    int tail = images + 18 * 3 * SIZE * SIZE;
    int[] places = {16, 30, 70, 4000, PreparedHeader.PAGE, PreparedHeader.PAGE + 99, tail + 5};
    for (int place : places) {
      assertTrue(opening(altered(whole, place)).contains("is damaged"), "byte " + place);
    }
    assertTrue(opening(altered(whole, whole.length - 1)).contains("is damaged"));
    // Pixels are checked when they are read.
    Files.write(out, altered(whole, images + 5 * 3 * SIZE * SIZE + 77));
    try (ImageSource source = PreparedSource.open(out, Part.TRAIN)) {
      assertEquals(3 * SIZE * SIZE, TestImages.read(source, 4).length);
      String message =
          assertThrows(AlexNetException.class, () -> TestImages.read(source, 5)).getMessage();
      assertTrue(message.contains("train/dog/1.png"), message);
      assertTrue(message.contains(out.toString()), message);
    }
  }

  private static byte[] altered(byte[] bytes, int place) {
    byte[] copy = bytes.clone();
    copy[place] ^= 4;
    return copy;
  }

  /** A sparse file: only the last of its images has bytes on the disk. */
  @Test
  void moreThanTwoGibibytes() throws IOException {
    int slots = 11_000;
    int size = 256;
    PreparedHeader begun = PreparedHeader.begun(3, size, false, slots, slots, new byte[32]);
    assertTrue(begun.tail() > Integer.MAX_VALUE);
    byte[] image = new byte[begun.format().values()];
    new Random(2).nextBytes(image);
    ByteBuffer table = ByteBuffer.allocate((int) begun.tableBytes()).order(ByteOrder.LITTLE_ENDIAN);
    while (table.hasRemaining()) {
      table.putInt(-1).putInt(0);
    }
    table.putInt(table.capacity() - 8, 1);
    table.putInt(table.capacity() - 4, PreparedHeader.checksumOf(ByteBuffer.wrap(image)));
    List<String> names = new ArrayList<>();
    for (int i = 0; i < slots; i++) {
      names.add("b/" + i);
    }
    PixelStatistics statistics = new PixelStatistics(new float[image.length], null);
    ByteBuffer tail = PreparedTail.toBytes(statistics, List.of("a", "b"), names);
    PreparedHeader header =
        begun.finished(
            tail.remaining(),
            PreparedHeader.checksumOf(table.rewind().duplicate()),
            PreparedHeader.checksumOf(tail.duplicate()));
    try (FileChannel channel =
        FileChannel.open(out, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      Preparation.writeAll(channel, header.toBytes(), 0);
      Preparation.writeAll(channel, table, header.entry(0));
      Preparation.writeAll(channel, ByteBuffer.wrap(image), header.image(slots - 1));
      Preparation.writeAll(channel, tail, header.tail());
    }
    try (ImageSource source = PreparedSource.open(out, Part.TRAIN)) {
      assertEquals(1, source.size());
      assertEquals(1, source.label(0));
      assertEquals("b/10999", source.name(0));
      assertArrayEquals(image, TestImages.read(source, 0));
    }
  }
}
