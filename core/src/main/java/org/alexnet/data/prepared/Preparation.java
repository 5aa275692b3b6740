package org.alexnet.data.prepared;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.Consumer;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.data.PixelStatistics;
import org.alexnet.data.ProgressListener;
import org.alexnet.file.DurableFiles;

/**
 * Packs a folder of images into one file that is mapped into memory for training: each image scaled
 * to a square, as bytes.
 *
 * <p>The file grows under a name of its own and gets the one asked for when it is complete. What
 * was interrupted goes on where it was. The same images give the same file, with any number of
 * threads and however often it was interrupted.
 *
 * @param folder one subfolder per class, or {@code train/} and {@code val/} (or {@code test/})
 *     above those
 * @param out the file to make, which must not exist; its name must end in {@code .axd}
 * @param size rows and columns of an image
 * @param stretched whether both sides are scaled to the size; else the shorter one is, and the
 *     centre cut out
 * @param threads threads that decode
 * @param say receives what the user should know
 * @param progress is told how many images are done
 */
public record Preparation(
    Path folder,
    Path out,
    int size,
    boolean stretched,
    int threads,
    Consumer<String> say,
    ProgressListener progress) {

  /**
   * What was packed.
   *
   * @param train training images
   * @param validation validation images
   * @param classes names in the order of their labels
   * @param statistics of the training images' pixels
   * @param leftOut files that could not be read, each with the reason
   */
  public record Result(
      int train,
      int validation,
      List<String> classes,
      PixelStatistics statistics,
      List<String> leftOut) {}

  /** The most rows and columns that an image is kept with. */
  public static final int LARGEST_SIZE = 4096;

  private static final int CHANNELS = 3;

  /** What is left free on the disk. */
  private static final long MARGIN = 64L << 20;

  /**
   * Checks the size, the threads and the name of the file.
   *
   * @throws UsageException naming the one that is not allowed
   */
  public Preparation {
    if (size < 1 || size > LARGEST_SIZE) {
      throw UsageException.value(Setting.SIZE, size, "from 1 to %,d".formatted(LARGEST_SIZE));
    }
    if (threads < 1) {
      throw UsageException.value(Setting.THREADS, threads, "at least 1");
    }
    if (!out.toString().endsWith(".axd")) {
      throw UsageException.value(Setting.OUT, out, "a name that ends in .axd");
    }
  }

  /**
   * Does it.
   *
   * @return what was packed
   * @throws AlexNetException if the folder does not hold what it must, if the file exists already
   *     or is being written, or if it cannot be written
   */
  public Result run() {
    if (Files.exists(out)) {
      throw new AlexNetException(
          Message.of("%s exists already; remove it, or choose another %s", out, Setting.OUT));
    }
    PreparedListing listing = PreparedListing.of(folder);
    Path partial = out.resolveSibling(out.getFileName() + ".partial");
    try (FileChannel channel = open(partial);
        FileLock _ = lock(channel, partial)) {
      Result result =
          new PreparedWriter(this, listing, channel).write(begin(channel, listing, partial));
      if (Files.exists(out)) {
        throw new AlexNetException(
            "%s was made by somebody else meanwhile; what was packed is in %s"
                .formatted(out, partial));
      }
      Files.move(partial, out);
      DurableFiles.forceDirectory(DurableFiles.parent(out));
      return result;
    } catch (IOException e) {
      throw new AlexNetException(cannotWrite(partial, e), e);
    }
  }

  static String cannotWrite(Path partial, IOException e) {
    return "%s cannot be written: %s; fix that and run the same command again to continue"
        .formatted(partial, DurableFiles.reason(e));
  }

  private static FileChannel open(Path partial) throws IOException {
    return FileChannel.open(
        partial, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
  }

  private static FileLock lock(FileChannel channel, Path partial) throws IOException {
    FileLock lock = null;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // Held by another thread of this process.
    }
    if (lock == null) {
      throw new AlexNetException(partial + " is being written by another alexnet prepare");
    }
    return lock;
  }

  /** Takes up a file that was begun from the same images, or begins it anew. */
  private PreparedHeader begin(FileChannel channel, PreparedListing listing, Path partial)
      throws IOException {
    try {
      return begin(channel, listing);
    } catch (AlexNetException | IOException e) {
      if (channel.size() == 0) {
        Files.deleteIfExists(partial);
      }
      throw e;
    }
  }

  private PreparedHeader begin(FileChannel channel, PreparedListing listing) throws IOException {
    byte[] fingerprint = listing.fingerprint(size);
    PreparedHeader header =
        PreparedHeader.begun(
            CHANNELS, size, stretched, listing.files().size(), listing.trainCount(), fingerprint);
    if (channel.size() > 0) {
      if (sameBeginning(channel, header)) {
        say.accept("Going on with %s.partial.".formatted(out));
        return header;
      }
      say.accept(
          "%s.partial was begun from other images or in another way, or is damaged: starting anew."
              .formatted(out));
      channel.truncate(0);
    }
    requireRoom(header);
    ByteBuffer empty =
        ByteBuffer.allocate(PreparedHeader.ENTRY * 4096).order(ByteOrder.LITTLE_ENDIAN);
    while (empty.hasRemaining()) {
      empty.putInt(-1).putInt(0);
    }
    for (int slot = 0; slot < header.slots(); slot += 4096) {
      int count = Math.min(4096, header.slots() - slot);
      writeAll(channel, empty.slice(0, count * PreparedHeader.ENTRY), header.entry(slot));
    }
    writeAll(channel, header.toBytes(), 0); // last, so that a table that is begun is whole
    return header;
  }

  private boolean sameBeginning(FileChannel channel, PreparedHeader header) throws IOException {
    ByteBuffer page = ByteBuffer.allocate(PreparedHeader.PAGE);
    while (page.hasRemaining() && channel.read(page, page.position()) > 0) {
      // Until the page is full.
    }
    return page.flip().equals(header.toBytes()) && channel.size() >= header.entry(header.slots());
  }

  private void requireRoom(PreparedHeader header) throws IOException {
    long free = Files.getFileStore(DurableFiles.parent(out)).getUsableSpace();
    if (free < header.tail() + MARGIN) {
      throw new AlexNetException(
          Message.of(
              "%s needs %,d MB for %,d images and the disk has %,d MB free; make room, or choose a"
                  + " smaller %s or an %s on another disk",
              out, header.tail() >> 20, header.slots(), free >> 20, Setting.SIZE, Setting.OUT));
    }
  }

  static void writeAll(FileChannel channel, ByteBuffer bytes, long position) throws IOException {
    long at = position;
    while (bytes.hasRemaining()) {
      at += channel.write(bytes, at);
    }
  }
}
