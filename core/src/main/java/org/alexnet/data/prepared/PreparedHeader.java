package org.alexnet.data.prepared;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.alexnet.AlexNetException;
import org.alexnet.data.Batch;

/**
 * The first page of a prepared file (docs/prepared-files.md), which says where everything is.
 *
 * @param complete whether the file was finished
 * @param channels colours an image
 * @param size rows and columns of an image
 * @param stretched whether both sides of an image were brought to the size, and not the shorter one
 *     and then the centre
 * @param slots places for images, of which those of unreadable files stay empty
 * @param trainSlots the first of them, which hold training images; the others are for validation
 * @param fingerprint of what the file is made from
 * @param tailBytes length of what follows the images
 * @param tableChecksum of the table of slots
 * @param tailChecksum of the tail
 */
record PreparedHeader(
    boolean complete,
    int channels,
    int size,
    boolean stretched,
    int slots,
    int trainSlots,
    byte[] fingerprint,
    long tailBytes,
    int tableChecksum,
    int tailChecksum) {

  /** Bytes of the header, and what the images begin at a multiple of. */
  static final int PAGE = 4096;

  /** Bytes of a slot in the table: label, or -1 where it is empty, and checksum of the image. */
  static final int ENTRY = 8;

  /** The format's version. */
  static final int VERSION = 1;

  private static final byte[] MAGIC = {'A', 'X', 'D', '\r', '\n', 0x1A, '\n', 0};
  private static final int FINGERPRINT = 32;

  /** Begins a file that is not complete. */
  static PreparedHeader begun(
      int channels, int size, boolean stretched, int slots, int trainSlots, byte[] fingerprint) {
    return new PreparedHeader(
        false, channels, size, stretched, slots, trainSlots, fingerprint, 0, 0, 0);
  }

  PreparedHeader finished(long tail, int tableSum, int tailSum) {
    return new PreparedHeader(
        true, channels, size, stretched, slots, trainSlots, fingerprint, tail, tableSum, tailSum);
  }

  Batch.Format format() {
    return new Batch.Format(channels, size, size, false);
  }

  long entry(int slot) {
    return PAGE + (long) slot * ENTRY;
  }

  long tableBytes() {
    return (long) slots * ENTRY;
  }

  long image(int slot) {
    long table = Math.ceilDiv(PAGE + tableBytes(), (long) PAGE) * PAGE;
    return table + slot * format().bytes();
  }

  long tail() {
    return image(slots);
  }

  long fileBytes() {
    return tail() + tailBytes;
  }

  ByteBuffer toBytes() {
    ByteBuffer page = ByteBuffer.allocate(PAGE).order(ByteOrder.LITTLE_ENDIAN);
    page.put(MAGIC).putInt(VERSION).putInt(complete ? 1 : 0);
    page.putInt(channels).putInt(size).putInt(slots).putInt(trainSlots);
    page.putLong(tailBytes).putInt(tableChecksum).putInt(tailChecksum).put(fingerprint);
    page.putInt(stretched ? 1 : 0); // 0 before there was another way
    return page.putInt(PAGE - Integer.BYTES, checksum(page)).rewind();
  }

  /**
   * Reads a header.
   *
   * @param page the first bytes of a file, fewer where it is shorter than a page
   * @param what names the file in messages
   */
  static PreparedHeader of(ByteBuffer page, String what) {
    page.order(ByteOrder.LITTLE_ENDIAN);
    byte[] magic = new byte[MAGIC.length];
    page.get(magic, 0, Math.min(magic.length, page.remaining()));
    if (!Arrays.equals(magic, MAGIC)) {
      throw new AlexNetException(
          what + " is no prepared file: one that alexnet prepare made is required");
    }
    if (page.capacity() < PAGE) {
      throw new AlexNetException(
          "%s was cut short: it has %d bytes, its header alone has %d; prepare it again"
              .formatted(what, page.capacity(), PAGE));
    }
    page.position(MAGIC.length);
    int version = page.getInt();
    if (version != VERSION) {
      throw new AlexNetException(
          "%s has version %d, and this program reads version %d; prepare it again"
              .formatted(what, version, VERSION));
    }
    if (page.getInt(PAGE - Integer.BYTES) != checksum(page)) {
      throw new AlexNetException(what + " is damaged in its header; prepare it again");
    }
    boolean complete = page.getInt() == 1;
    int channels = page.getInt();
    int size = page.getInt();
    int slots = page.getInt();
    int trainSlots = page.getInt();
    long tail = page.getLong();
    int tableSum = page.getInt();
    int tailSum = page.getInt();
    byte[] fingerprint = new byte[FINGERPRINT];
    page.get(fingerprint);
    boolean stretched = page.getInt() == 1;
    return new PreparedHeader(
        complete,
        channels,
        size,
        stretched,
        slots,
        trainSlots,
        fingerprint,
        tail,
        tableSum,
        tailSum);
  }

  private static int checksum(ByteBuffer page) {
    return checksumOf(page.slice(0, PAGE - Integer.BYTES));
  }

  /** CRC-32C, which processors compute by themselves. */
  static int checksumOf(ByteBuffer bytes) {
    CRC32C sum = new CRC32C();
    sum.update(bytes);
    return (int) sum.getValue();
  }
}
