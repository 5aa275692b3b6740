package org.alexnet.data.prepared;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.alexnet.AlexNetException;
import org.alexnet.data.Batch;
import org.alexnet.data.ImageSource;
import org.alexnet.data.PixelStatistics;
import org.alexnet.file.DurableFiles;

/**
 * The training or the validation images of a file that {@link Preparation} made, mapped into
 * memory. Whatever is read is held against its checksum: header, table and tail when the file is
 * opened, each image every time it is read.
 */
public final class PreparedSource implements ImageSource {

  /** Which images of a file. */
  public enum Part {
    /** Those to train on. */
    TRAIN,
    /** Those to validate with. */
    VALIDATION
  }

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final String description;
  private final Arena arena = Arena.ofShared();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Part part;
  private final PreparedHeader header;
  private final MemorySegment file;
  private final PreparedTail tail;
  private final int[] slots;
  private final List<String> classes;

  private PreparedSource(Path path, Part part) {
    this.description = "prepared file " + path;
    this.part = part;
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      header = header(channel, description);
      checkLength(channel.size());
      file = channel.map(FileChannel.MapMode.READ_ONLY, 0, header.fileBytes(), arena);
      check(
          file.asSlice(PreparedHeader.PAGE, header.tableBytes()), header.tableChecksum(), "table");
      MemorySegment last = file.asSlice(header.tail(), header.tailBytes());
      check(last, header.tailChecksum(), "mean image and names");
      tail = new PreparedTail(last, header);
      classes = tail.classes(description);
      int from = part == Part.TRAIN ? 0 : header.trainSlots();
      int to = part == Part.TRAIN ? header.trainSlots() : header.slots();
      slots = IntStream.range(from, to).filter(slot -> labelOf(slot) >= 0).toArray();
    } catch (IOException e) {
      arena.close();
      throw new AlexNetException(
          "%s cannot be read: %s".formatted(description, DurableFiles.reason(e)), e);
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /**
   * Opens a file.
   *
   * @param path of a prepared file
   * @param part which of its images
   * @return the images, mapped into memory until closed
   * @throws AlexNetException naming the file, if it is not a prepared one, not complete, cut short,
   *     of another version or damaged
   */
  public static PreparedSource open(Path path, Part part) {
    return new PreparedSource(path, part);
  }

  /**
   * {@return whether a file has validation images}
   *
   * @param path of a prepared file
   */
  public static boolean hasValidation(Path path) {
    try (PreparedSource source = open(path, Part.VALIDATION)) {
      return source.size() > 0;
    }
  }

  static PreparedHeader header(FileChannel channel, String what) throws IOException {
    ByteBuffer page = ByteBuffer.allocate((int) Math.min(PreparedHeader.PAGE, channel.size()));
    while (page.hasRemaining() && channel.read(page, page.position()) > 0) {
      // Until the page is full.
    }
    return PreparedHeader.of(page.flip(), what);
  }

  private void checkLength(long bytes) {
    if (!header.complete()) {
      throw new AlexNetException(
          description
              + " is not complete: it is being written, or was interrupted; wait, or run the same"
              + " alexnet prepare again, which continues it");
    }
    if (bytes < header.fileBytes()) {
      throw new AlexNetException(
          "%s was cut short: it has %,d bytes of %,d; prepare it again"
              .formatted(description, bytes, header.fileBytes()));
    }
  }

  private void check(MemorySegment bytes, int checksum, String what) {
    if (checksum(bytes) != checksum) {
      throw new AlexNetException(
          "%s is damaged in its %s; prepare it again".formatted(description, what));
    }
  }

  /** A buffer holds 2 GiB at most, a table or tail may be longer. */
  private static int checksum(MemorySegment bytes) {
    CRC32C sum = new CRC32C();
    long piece = 1 << 30;
    for (long at = 0; at < bytes.byteSize(); at += piece) {
      sum.update(bytes.asSlice(at, Math.min(piece, bytes.byteSize() - at)).asByteBuffer());
    }
    return (int) sum.getValue();
  }

  private int labelOf(int slot) {
    return file.get(INT, header.entry(slot));
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public int size() {
    return slots.length;
  }

  @Override
  public Batch.Format format() {
    return header.format();
  }

  @Override
  public List<String> classNames() {
    return classes;
  }

  @Override
  public boolean labelled() {
    return true;
  }

  @Override
  public int label(int i) {
    return labelOf(slots[i]);
  }

  @Override
  public String name(int i) {
    return tail.name(slots[i]);
  }

  @Override
  public Optional<Boolean> stretched() {
    return Optional.of(header.stretched());
  }

  @Override
  public void read(int i, MemorySegment to) {
    MemorySegment.copy(pixels(i), 0, to, 0, header.format().bytes());
  }

  @Override
  public MemorySegment pixels(int i) {
    MemorySegment image = file.asSlice(header.image(slots[i]), header.format().bytes());
    if (PreparedHeader.checksumOf(image.asByteBuffer())
        != file.get(INT, header.entry(slots[i]) + Integer.BYTES)) {
      throw new AlexNetException(
          "%s is damaged: image %s does not have its checksum; prepare the file again"
              .formatted(description, name(i)));
    }
    return image;
  }

  @Override
  public PixelStatistics statistics() {
    return part == Part.TRAIN ? tail.statistics() : null;
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      arena.close();
    }
  }
}
