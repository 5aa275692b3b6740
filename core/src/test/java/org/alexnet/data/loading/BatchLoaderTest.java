package org.alexnet.data.loading;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.alexnet.AlexNetException;
import org.alexnet.data.Augmentation;
import org.alexnet.data.Batch;
import org.alexnet.data.ColourAxes;
import org.alexnet.data.ColourShift;
import org.alexnet.data.ImageSource;
import org.alexnet.data.KeptImages;
import org.alexnet.data.TestImages;
import org.alexnet.data.UnreadableImageException;
import org.alexnet.data.source.MemoryImages;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(30)
class BatchLoaderTest {
  private static final Batch.Format FORMAT = new Batch.Format(3, 8, 10, false);
  private static final ImageSource SOURCE = TestImages.counted(50, FORMAT, List.of());

  /** Everything that a batch holds, copied. */
  private record Snapshot(
      int count,
      List<Byte> pixels,
      List<Integer> labels,
      List<Integer> crops,
      List<Boolean> mirror,
      List<Float> shift) {
    static Snapshot of(Batch batch) {
      List<Byte> pixels = new ArrayList<>();
      for (byte b : batch.pixels().toArray(ValueLayout.JAVA_BYTE)) {
        pixels.add(b);
      }
      List<Integer> crops = new ArrayList<>();
      List<Boolean> mirror = new ArrayList<>();
      for (int i = 0; i < batch.capacity(); i++) {
        crops.add(batch.cropY()[i] * 1000 + batch.cropX()[i]);
        mirror.add(batch.mirror()[i]);
      }
      List<Integer> labels = Arrays.stream(batch.labels()).boxed().toList();
      List<Float> shift = new ArrayList<>();
      for (float value : batch.shift()) {
        shift.add(value);
      }
      return new Snapshot(batch.count(), pixels, labels, crops, mirror, shift);
    }

    /** The same with nothing of images but the windows that are read. */
    Snapshot window(int height, int width) {
      List<Byte> part = new ArrayList<>();
      for (int i = 0; i < labels.size(); i++) {
        int top = crops.get(i) / 1000;
        int left = crops.get(i) % 1000;
        for (int c = 0; c < FORMAT.channels(); c++) {
          for (int y = 0; y < height; y++) {
            int row = (i * FORMAT.channels() + c) * FORMAT.height() + top + y;
            int from = row * FORMAT.width() + left;
            part.addAll(pixels.subList(from, from + width));
          }
        }
      }
      return new Snapshot(count, part, labels, crops, mirror, shift);
    }
  }

  private static final ColourShift COLOUR =
      new ColourShift(
          new ColourAxes(
              new float[][] {{0.6f, 0.6f, 0.6f}, {0.7f, 0, -0.7f}, {0.4f, -0.8f, 0.4f}},
              new float[] {60, 12, 4}),
          List.of(0.5f, 0.25f, 1f));

  private static LoaderOptions options(Augmentation augmentation, int threads) {
    return options(augmentation, threads, 16);
  }

  private static LoaderOptions options(Augmentation augmentation, int threads, int batch) {
    boolean crops = augmentation != Augmentation.SHAPES;
    return new LoaderOptions(
        batch,
        crops ? 6 : 8,
        crops ? 7 : 10,
        9,
        true,
        augmentation,
        threads,
        3,
        augmentation == Augmentation.PAPER ? COLOUR : null);
  }

  /** A field that is new in a batch has to be compared here, too. */
  @Test
  void snapshotsHoldAllThatABatchHolds() {
    Set<String> fields =
        Arrays.stream(Batch.class.getDeclaredFields())
            .map(Field::getName)
            .collect(Collectors.toSet());
    assertEquals(
        Set.of(
            "stored", "format", "kept", "pixels", "labels", "cropY", "cropX", "mirror", "shift",
            "count"),
        fields);
  }

  private static BatchLoader loader(LoaderOptions options) {
    return new BatchLoader(SOURCE, options, () -> Batch.onHeap(FORMAT, options.batch()));
  }

  /** The same where batches carry windows. */
  private static BatchLoader windows(ImageSource source, LoaderOptions options) {
    Batch.Format window = FORMAT.window(options.height(), options.width());
    return new BatchLoader(source, options, () -> Batch.onHeap(FORMAT, window, options.batch()));
  }

  private static List<Snapshot> rest(BatchLoader loader) {
    List<Snapshot> batches = new ArrayList<>();
    for (Batch batch = loader.next(); batch != null; batch = loader.next()) {
      batches.add(Snapshot.of(batch));
      loader.release(batch);
    }
    assertNull(loader.next());
    return batches;
  }

  private static List<Snapshot> epoch(LoaderOptions options, int epoch, long step, int batch) {
    try (BatchLoader loader = loader(options)) {
      loader.start(epoch, step, batch);
      return rest(loader);
    }
  }

  @ParameterizedTest
  @EnumSource(Augmentation.class)
  void bitsDoNotDependOnTheNumberOfThreads(Augmentation augmentation) {
    List<Snapshot> one = epoch(options(augmentation, 1), 2, 8, 0);
    assertEquals(4, one.size());
    assertEquals(one, epoch(options(augmentation, 2), 2, 8, 0));
    assertEquals(one, epoch(options(augmentation, 5), 2, 8, 0));
  }

  /** Whether they are read, or copied from where the source has its images. */
  @ParameterizedTest
  @EnumSource(
      value = Augmentation.class,
      names = {"NONE", "PAPER"})
  void windowsAreWhatIsReadOfWholeImages(Augmentation augmentation) {
    LoaderOptions options = options(augmentation, 3);
    List<Snapshot> whole = epoch(options, 2, 8, 0);
    List<byte[]> images = new ArrayList<>();
    for (int i = 0; i < SOURCE.size(); i++) {
      images.add(TestImages.read(SOURCE, i));
    }
    int[] labels = IntStream.range(0, 50).map(SOURCE::label).toArray();
    ImageSource inMemory =
        MemoryImages.pixels(3, FORMAT.height(), FORMAT.width(), images).labelled(labels, List.of());
    assertNotNull(inMemory.pixels(0));
    assertNull(SOURCE.pixels(0));
    for (ImageSource source : List.of(SOURCE, inMemory)) {
      for (int threads : new int[] {1, 2, 5}) {
        try (BatchLoader loader = windows(source, options(augmentation, threads))) {
          loader.start(2, 8, 0);
          List<Snapshot> got = rest(loader);
          assertEquals(whole.stream().map(b -> b.window(6, 7)).toList(), got);
        }
      }
    }
  }

  /** Images of the source, which a backend would keep. */
  private record Kept(ImageSource source) implements KeptImages {
    @Override
    public void close() {}
  }

  private static Batch naming(ImageSource source) {
    return Batch.naming(new Kept(source), 16, MemorySegment.ofArray(new int[16]));
  }

  @ParameterizedTest
  @EnumSource(
      value = Augmentation.class,
      names = {"NONE", "PAPER"})
  void numbersAreThoseOfTheImagesThatWouldBeRead(Augmentation augmentation) {
    List<Snapshot> whole = epoch(options(augmentation, 3), 2, 8, 0);
    for (int threads : new int[] {1, 2, 5}) {
      try (BatchLoader loader =
          new BatchLoader(SOURCE, options(augmentation, threads), () -> naming(SOURCE))) {
        loader.start(2, 8, 0);
        for (Snapshot expected : whole) {
          Batch batch = loader.next();
          Snapshot got = Snapshot.of(batch);
          assertEquals(
              new Snapshot(
                  expected.count,
                  got.pixels,
                  expected.labels,
                  expected.crops,
                  expected.mirror,
                  expected.shift),
              got);
          for (int i = 0; i < batch.capacity(); i++) {
            int number = batch.image(i).get(ValueLayout.JAVA_INT_UNALIGNED, 0);
            byte first = expected.pixels.get(i * FORMAT.values());
            assertEquals(i < batch.count() ? image(first) : 0, number);
          }
          loader.release(batch);
        }
      }
    }
  }

  /** An image that is left out has its crop all the same: nothing of the batch before is seen. */
  @Test
  void whatIsLeftOutDependsOnNoBatchBefore() {
    LoaderOptions options =
        new LoaderOptions(16, 6, 7, 9, true, Augmentation.PAPER, 2, 3, COLOUR, true);
    ImageSource bad =
        new Failing(
            SOURCE, 20, new UnreadableImageException(Path.of("x.jpg"), new IOException("cut")));
    for (boolean cropped : new boolean[] {false, true}) {
      List<List<Snapshot>> seen = new ArrayList<>();
      for (int before : new int[] {0, 1}) {
        try (BatchLoader loader =
            cropped
                ? windows(bad, options)
                : new BatchLoader(bad, options, () -> Batch.onHeap(FORMAT, 16))) {
          for (int epoch = 0; epoch < before; epoch++) {
            loader.start(7, 100, 0);
            rest(loader);
          }
          loader.start(3, 12, 0);
          seen.add(rest(loader));
          assertEquals(Set.of(20), loader.leftOut().keySet());
        }
      }
      assertEquals(seen.getFirst(), seen.getLast());
    }
  }

  /** Races are rare: thousands of batches, each of more pieces than there are threads. */
  @ParameterizedTest
  @EnumSource(Augmentation.class)
  void thousandsOfBatchesAreTheSameOnOneToEightThreads(Augmentation augmentation) {
    int epochs = 80;
    List<List<Snapshot>> expected = new ArrayList<>();
    try (BatchLoader loader = loader(options(augmentation, 1, 12))) {
      for (int epoch = 0; epoch < epochs; epoch++) {
        loader.start(epoch, 5L * epoch, 0);
        expected.add(rest(loader));
      }
    }
    for (int threads = 2; threads <= 8; threads++) {
      try (BatchLoader loader = loader(options(augmentation, threads, 12))) {
        for (int epoch = 0; epoch < epochs; epoch++) {
          loader.start(epoch, 5L * epoch, 0);
          assertEquals(
              expected.get(epoch), rest(loader), "epoch %d, %d threads".formatted(epoch, threads));
        }
      }
    }
  }

  /** A batch that is used again keeps nothing of the loader or augmentation before. */
  @Test
  void noShiftIsLeftFromBefore() {
    LoaderOptions options = options(Augmentation.NONE, 2);
    try (BatchLoader loader =
        new BatchLoader(
            SOURCE,
            options,
            () -> {
              Batch batch = Batch.onHeap(FORMAT, 16);
              Arrays.fill(batch.shift(), 7);
              return batch;
            })) {
      loader.start(0, 0, 0);
      for (Snapshot batch : rest(loader)) {
        assertEquals(Collections.nCopies(48, 0f), batch.shift());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Augmentation.class)
  void anEpochIsResumedInItsMiddle(Augmentation augmentation) {
    LoaderOptions options = options(augmentation, 2);
    List<Snapshot> whole = epoch(options, 2, 8, 0);
    assertEquals(whole.subList(3, 4), epoch(options, 2, 11, 3));
    assertEquals(List.of(), epoch(options, 2, 12, 4));
  }

  @Test
  void everyImageCountsOnceAndTheTailIsZero() {
    LoaderOptions options = new LoaderOptions(16, 8, 10, 9, true, Augmentation.NONE, 2, 2);
    for (int epoch = 0; epoch < 2; epoch++) {
      List<Snapshot> batches = epoch(options, epoch, 0, 0);
      boolean[] seen = new boolean[50];
      for (Snapshot batch : batches) {
        for (int i = 0; i < 16; i++) {
          byte first = batch.pixels.get(i * FORMAT.values());
          if (i < batch.count) {
            int image = image(first);
            assertFalse(seen[image]);
            seen[image] = true;
            assertEquals(Integer.valueOf(image % 3), batch.labels.get(i));
          } else {
            assertEquals((byte) 0, first);
            assertEquals(Byte.valueOf((byte) 0), batch.pixels.get((i + 1) * FORMAT.values() - 1));
            assertEquals(Integer.valueOf(0), batch.labels.get(i));
          }
        }
      }
      assertEquals(2, batches.getLast().count);
      for (boolean one : seen) {
        assertTrue(one);
      }
    }
  }

  /** The image whose first byte is {@code 31 i}. */
  private static int image(byte first) {
    for (int i = 0; i < 50; i++) {
      if ((byte) (31 * i) == first) {
        return i;
      }
    }
    throw new AssertionError("no image begins with " + first);
  }

  @Test
  void epochsHaveOrdersOfTheirOwnIfShuffled() {
    int[] first = EpochOrder.shuffled(50, 9, 0);
    assertFalse(Arrays.equals(first, EpochOrder.shuffled(50, 9, 1)));
    assertFalse(Arrays.equals(first, EpochOrder.shuffled(50, 8, 0)));
    assertArrayEquals(first, EpochOrder.shuffled(50, 9, 0));
    LoaderOptions plain = new LoaderOptions(16, 8, 10, 9, false, Augmentation.NONE, 2, 2);
    List<Snapshot> batches = epoch(plain, 5, 0, 0);
    for (int i = 0; i < 50; i++) {
      assertEquals(
          Byte.valueOf((byte) (31 * i)), batches.get(i / 16).pixels.get(i % 16 * FORMAT.values()));
    }
  }

  /** Each image comes to each place about equally often. */
  @Test
  void shufflingIsEven() {
    int[][] counts = new int[5][5];
    for (int epoch = 0; epoch < 5000; epoch++) {
      int[] order = EpochOrder.shuffled(5, 3, epoch);
      for (int i = 0; i < 5; i++) {
        counts[i][order[i]]++;
      }
    }
    for (int[] row : counts) {
      for (int count : row) {
        assertEquals(1000, count, 150);
      }
    }
  }

  @Test
  void batchesAreReused() {
    LoaderOptions options = options(Augmentation.PAPER, 2);
    Set<Batch> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    List<Batch> made = Collections.synchronizedList(new ArrayList<>());
    try (BatchLoader loader =
        new BatchLoader(
            SOURCE,
            options,
            () -> {
              made.add(Batch.onHeap(FORMAT, 16));
              return made.getLast();
            })) {
      for (int epoch = 0; epoch < 10; epoch++) {
        loader.start(epoch, 4L * epoch, 0);
        for (Batch batch = loader.next(); batch != null; batch = loader.next()) {
          seen.add(batch);
          loader.release(batch);
        }
      }
      assertEquals(4, made.size());
      assertTrue(made.containsAll(seen));
      assertTrue(loader.waitNanos() > 0);
      assertThrows(IllegalArgumentException.class, () -> loader.release(made.getFirst()));
    }
  }

  @Test
  void anEpochCanBeLeftInItsMiddle() {
    LoaderOptions options = options(Augmentation.SHAPES, 3);
    List<Snapshot> expected = epoch(options, 7, 100, 0);
    try (BatchLoader loader = loader(options)) {
      for (int round = 0; round < 20; round++) {
        loader.start(round, 0, 0);
        loader.release(loader.next());
      }
      loader.start(7, 100, 0);
      assertEquals(expected, rest(loader));
    }
  }

  @Test
  void keepingEveryBatchIsAnErrorAndNoDeadlock() {
    LoaderOptions options = new LoaderOptions(2, 8, 10, 9, true, Augmentation.NONE, 2, 1);
    try (BatchLoader loader = loader(options)) {
      assertThrows(IllegalStateException.class, loader::next);
      loader.start(0, 0, 0);
      Batch first = loader.next();
      loader.next();
      String message = assertThrows(IllegalStateException.class, loader::next).getMessage();
      assertEquals("all 2 batches were handed out and none was released", message);
      loader.release(first);
      assertEquals(first, loader.next());
    }
  }

  /** A source that fails at one image. */
  private record Failing(ImageSource source, int at, RuntimeException failure)
      implements ImageSource {
    @Override
    public String description() {
      return "failing";
    }

    @Override
    public int size() {
      return source.size();
    }

    @Override
    public Batch.Format format() {
      return source.format();
    }

    @Override
    public List<String> classNames() {
      return List.of();
    }

    @Override
    public boolean labelled() {
      return false;
    }

    @Override
    public int label(int i) {
      throw new AssertionError("no labels");
    }

    @Override
    public String name(int i) {
      return "image " + i;
    }

    @Override
    public void read(int i, MemorySegment to) {
      if (i == at) {
        throw failure;
      }
      source.read(i, to);
    }
  }

  @Test
  void whatGoesWrongComesOutOfNext() {
    LoaderOptions options = new LoaderOptions(16, 8, 10, 9, false, Augmentation.NONE, 2, 3);
    ImageSource bad = new Failing(SOURCE, 20, new AlexNetException("x.jpg is truncated"));
    try (BatchLoader loader = new BatchLoader(bad, options, () -> Batch.onHeap(FORMAT, 16))) {
      loader.start(0, 0, 0);
      loader.release(loader.next());
      for (int again = 0; again < 2; again++) {
        assertEquals(
            "x.jpg is truncated", assertThrows(AlexNetException.class, loader::next).getMessage());
      }
      loader.start(0, 2, 2);
      assertEquals(2, rest(loader).size());
    }
    bad = new Failing(SOURCE, 0, new ArithmeticException("odd"));
    try (BatchLoader loader = new BatchLoader(bad, options, () -> Batch.onHeap(FORMAT, 16))) {
      loader.start(0, 0, 0);
      String message = assertThrows(IllegalStateException.class, loader::next).getMessage();
      assertTrue(message.startsWith("image 0 of failing cannot be put into a batch"), message);
    }
  }

  @Test
  void closingStopsTheThreads() {
    BatchLoader loader = loader(options(Augmentation.SHAPES, 3));
    loader.start(0, 0, 0);
    loader.close();
    loader.close();
    assertThrows(IllegalStateException.class, loader::next);
  }

  @Test
  void wrongBatchesAndPlacesAreRefused() {
    LoaderOptions options = options(Augmentation.NONE, 1);
    assertThrows(
        IllegalArgumentException.class,
        () -> new BatchLoader(SOURCE, options, () -> Batch.onHeap(FORMAT, 15)));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new BatchLoader(SOURCE, options, () -> Batch.onHeap(FORMAT, FORMAT.window(5, 7), 16)));
    assertThrows(
        IllegalArgumentException.class, () -> Batch.onHeap(FORMAT, FORMAT.window(9, 10), 16));
    ImageSource other = TestImages.counted(50, FORMAT, List.of());
    assertThrows(
        IllegalArgumentException.class,
        () -> new BatchLoader(SOURCE, options, () -> naming(other)));
    assertThrows(
        IllegalArgumentException.class,
        () -> new BatchLoader(SOURCE, options(Augmentation.SHAPES, 1), () -> naming(SOURCE)));
    try (BatchLoader loader = loader(options)) {
      assertThrows(IllegalArgumentException.class, () -> loader.start(0, 0, 5));
      assertThrows(IllegalArgumentException.class, () -> loader.start(0, 0, -1));
    }
  }
}
