package org.alexnet.data.prepared;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.alexnet.AlexNetException;
import org.alexnet.data.Parallel;
import org.alexnet.data.PixelStatistics;
import org.alexnet.data.PixelSums;
import org.alexnet.data.ProgressCounter;
import org.alexnet.data.UnreadableImageException;
import org.alexnet.data.image.ImageFiles;

/** Fills the slots of a prepared file that was begun, and finishes it. */
final class PreparedWriter {
  private final Preparation preparation;
  private final PreparedListing listing;
  private final FileChannel channel;
  private final ConcurrentLinkedQueue<Worker> workers = new ConcurrentLinkedQueue<>();
  private final Map<Integer, String> leftOut = new ConcurrentSkipListMap<>();

  PreparedWriter(Preparation preparation, PreparedListing listing, FileChannel channel) {
    this.preparation = preparation;
    this.listing = listing;
    this.channel = channel;
  }

  Preparation.Result write(PreparedHeader header) throws IOException {
    ImageFiles images = new ImageFiles(header.format(), header.stretched());
    var progress = new ProgressCounter(preparation.progress(), header.slots());
    Parallel.forEach(
        header.slots(),
        preparation.threads(),
        slot -> {
          Worker worker = workers.poll();
          if (worker == null) {
            worker = new Worker(header);
          }
          worker.fill(slot, images);
          workers.add(worker);
          progress.finishedOne();
        });
    requireAllClasses();
    PixelStatistics statistics =
        PixelSums.statistics(workers.stream().map(worker -> worker.sums).toList());
    finish(header, statistics);
    int bad = (int) leftOut.keySet().stream().filter(i -> i < listing.trainCount()).count();
    return new Preparation.Result(
        listing.trainCount() - bad,
        header.slots() - listing.trainCount() - (leftOut.size() - bad),
        listing.classes(),
        statistics,
        List.copyOf(leftOut.values()));
  }

  private void requireAllClasses() {
    Set<Integer> seen = new HashSet<>();
    IntStream.range(0, listing.trainCount())
        .filter(i -> !leftOut.containsKey(i))
        .forEach(i -> seen.add(listing.labels().get(i)));
    for (int label = 0; label < listing.classes().size(); label++) {
      if (!seen.contains(label)) {
        throw new AlexNetException(
            "class %s of %s holds no image that can be read: add some or remove it"
                .formatted(listing.classes().get(label), preparation.folder()));
      }
    }
  }

  private void finish(PreparedHeader header, PixelStatistics statistics) throws IOException {
    List<String> names = IntStream.range(0, header.slots()).mapToObj(listing::name).toList();
    ByteBuffer tail = PreparedTail.toBytes(statistics, listing.classes(), names);
    int tailSum = PreparedHeader.checksumOf(tail.duplicate());
    int tailBytes = tail.remaining();
    channel.truncate(header.tail());
    Preparation.writeAll(channel, tail, header.tail());
    channel.force(true);
    // Only now: a header that says complete stands before a file that is.
    ByteBuffer page = header.finished(tailBytes, tableChecksum(header), tailSum).toBytes();
    Preparation.writeAll(channel, page, 0);
    channel.force(true);
  }

  private int tableChecksum(PreparedHeader header) throws IOException {
    CRC32C sum = new CRC32C();
    ByteBuffer piece = ByteBuffer.allocate(1 << 16);
    long end = header.entry(header.slots());
    for (long at = PreparedHeader.PAGE; at < end; at += piece.capacity()) {
      piece.clear().limit((int) Math.min(piece.capacity(), end - at));
      readAll(piece, at);
      sum.update(piece.flip());
    }
    return (int) sum.getValue();
  }

  private void readAll(ByteBuffer to, long position) throws IOException {
    long at = position;
    while (to.hasRemaining()) {
      int n = channel.read(to, at);
      if (n < 0) {
        // A hole at the end of a file that was cut short.
        to.put(new byte[to.remaining()]);
      }
      at += n;
    }
  }

  /** Fills slots, for one thread at a time. */
  private final class Worker {
    private final PreparedHeader header;
    private final byte[] image;
    private final PixelSums sums;
    private final ByteBuffer entry =
        ByteBuffer.allocate(PreparedHeader.ENTRY).order(ByteOrder.LITTLE_ENDIAN);

    Worker(PreparedHeader header) {
      this.header = header;
      this.image = new byte[header.format().values()];
      this.sums = new PixelSums(header.format(), true);
    }

    void fill(int slot, ImageFiles images) {
      try {
        if (!filledBefore(slot)) {
          try {
            images.read(listing.files().get(slot), MemorySegment.ofArray(image));
          } catch (UnreadableImageException e) {
            leftOut.put(slot, listing.name(slot) + " " + e.reason());
            return;
          }
          store(slot);
        }
        if (slot < listing.trainCount()) {
          sums.add(image);
        }
      } catch (IOException e) {
        Path partial = Path.of(preparation.out() + ".partial");
        throw new AlexNetException(Preparation.cannotWrite(partial, e), e);
      }
    }

    /** The entry comes after the image, and its checksum tells whether the image got there. */
    private void store(int slot) throws IOException {
      Preparation.writeAll(channel, ByteBuffer.wrap(image), header.image(slot));
      int sum = PreparedHeader.checksumOf(ByteBuffer.wrap(image));
      entry.clear().putInt(listing.labels().get(slot)).putInt(sum);
      Preparation.writeAll(channel, entry.flip(), header.entry(slot));
    }

    /** Reads an image that an interrupted run left. */
    private boolean filledBefore(int slot) throws IOException {
      readAll(entry.clear(), header.entry(slot));
      if (entry.getInt(0) != listing.labels().get(slot)) {
        return false;
      }
      readAll(ByteBuffer.wrap(image), header.image(slot));
      return PreparedHeader.checksumOf(ByteBuffer.wrap(image)) == entry.getInt(Integer.BYTES);
    }
  }
}
