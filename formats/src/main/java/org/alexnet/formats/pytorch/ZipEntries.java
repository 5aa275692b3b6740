package org.alexnet.formats.pytorch;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.alexnet.formats.MappedFile;

/**
 * The entries of a ZIP archive, where they lie in the mapped file. They must be stored as they are:
 * nothing is unpacked, and names are names, no places. Sizes and places are those of the directory
 * at the end, with 64 bits where it has them.
 */
final class ZipEntries {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int END = 0x06054b50;
  private static final int END_BYTES = 22;
  private static final int END_64 = 0x06064b50;
  private static final int END_64_BYTES = 56;
  private static final int LOCATOR = 0x07064b50;
  private static final int LOCATOR_BYTES = 20;
  private static final int CENTRAL = 0x02014b50;
  private static final int CENTRAL_BYTES = 46;
  private static final int LOCAL = 0x04034b50;
  private static final int LOCAL_BYTES = 30;
  private static final int LONGEST_COMMENT = 0xFFFF;
  private static final long IN_64_BITS = 0xFFFFFFFFL;

  private final MappedFile file;
  private final MemorySegment bytes;

  private ZipEntries(MappedFile file) {
    this.file = file;
    this.bytes = file.bytes();
  }

  /** What each entry holds, by its name. */
  static Map<String, MemorySegment> of(MappedFile file) {
    return new ZipEntries(file).read();
  }

  private record Directory(long offset, long size, long entries) {}

  private Map<String, MemorySegment> read() {
    Directory directory = directory();
    require(
        directory.size >= 0
            && directory.offset >= 0
            && directory.offset <= bytes.byteSize()
            && directory.size <= bytes.byteSize() - directory.offset
            && directory.entries >= 0
            && directory.entries <= directory.size / CENTRAL_BYTES,
        "its list of entries does not lie in the file");
    Map<String, MemorySegment> entries = new LinkedHashMap<>();
    TreeMap<Long, Long> taken = new TreeMap<>();
    long at = directory.offset;
    long end = directory.offset + directory.size;
    for (long i = 0; i < directory.entries; i++) {
      require(end - at >= CENTRAL_BYTES && int32(at) == CENTRAL, "its list of entries is damaged");
      int name = int16(at + 28);
      int extra = int16(at + 30);
      long next = at + CENTRAL_BYTES + name + extra + int16(at + 32);
      require(next <= end, "its list of entries is damaged");
      String called = text(at + CENTRAL_BYTES, name);
      MemorySegment content = content(at, called, at + CENTRAL_BYTES + name, extra);
      require(entries.put(called, content) == null, "it has two entries " + shown(called));
      long begin = content.address() - bytes.address();
      var before = taken.lowerEntry(begin + content.byteSize());
      require(
          content.byteSize() == 0 || before == null || before.getValue() <= begin,
          "its entry " + shown(called) + " overlaps another");
      if (content.byteSize() > 0) {
        taken.put(begin, begin + content.byteSize());
      }
      at = next;
    }
    return entries;
  }

  private Directory directory() {
    long last = bytes.byteSize() - END_BYTES;
    for (long at = last; at >= Math.max(0, last - LONGEST_COMMENT); at--) {
      if (int32(at) == END && int16(at + 20) == last - at) {
        boolean in64 =
            int16(at + 10) == 0xFFFF
                || unsigned(at + 12) == IN_64_BITS
                || unsigned(at + 16) == IN_64_BITS;
        return in64
            ? directory64(at - LOCATOR_BYTES)
            : new Directory(unsigned(at + 16), unsigned(at + 12), int16(at + 10));
      }
    }
    throw file.wrong(
        "it begins as an archive of PyTorch and has no list of entries at its end: it is cut"
            + " short");
  }

  private Directory directory64(long locator) {
    require(locator >= 0 && int32(locator) == LOCATOR, "its list of entries is damaged");
    long at = bytes.get(LONG, locator + 8);
    require(
        at >= 0 && at <= locator - END_64_BYTES && int32(at) == END_64,
        "its list of entries is damaged");
    return new Directory(
        bytes.get(LONG, at + 48), bytes.get(LONG, at + 40), bytes.get(LONG, at + 32));
  }

  /** What an entry of the directory at {@code at} holds. */
  private MemorySegment content(long at, String name, long extra, int extraBytes) {
    require((int16(at + 8) & 1) == 0, "its entry " + shown(name) + " is encrypted");
    require(
        int16(at + 10) == 0,
        "its entry "
            + shown(name)
            + " is compressed, as programs of TorchScript are and a state dict never is; save one:"
            + " torch.save(model.state_dict(), FILE)");
    long packed = unsigned(at + 20);
    long size = unsigned(at + 24);
    long offset = unsigned(at + 42);
    // What does not fit in 32 bits follows in this order, and only that.
    long wide = field64(extra, extraBytes);
    long left = wide < 0 ? 0 : int16(wide - 2);
    if (size == IN_64_BITS && left >= Long.BYTES) {
      size = bytes.get(LONG, wide);
      wide += Long.BYTES;
      left -= Long.BYTES;
    }
    if (packed == IN_64_BITS && left >= Long.BYTES) {
      packed = bytes.get(LONG, wide);
      wide += Long.BYTES;
      left -= Long.BYTES;
    }
    if (offset == IN_64_BITS && left >= Long.BYTES) {
      offset = bytes.get(LONG, wide);
    }
    String damaged = "its entry " + shown(name) + " does not lie in the file: it is damaged";
    require(size >= 0 && size == packed, damaged);
    require(offset >= 0 && offset <= bytes.byteSize() - LOCAL_BYTES, damaged);
    require(int32(offset) == LOCAL, damaged);
    long begin = offset + LOCAL_BYTES + int16(offset + 26) + int16(offset + 28);
    require(begin <= bytes.byteSize() && size <= bytes.byteSize() - begin, damaged);
    return bytes.asSlice(begin, size);
  }

  /** Where the numbers of 64 bits are; -1 where there are none. */
  private long field64(long extra, int extraBytes) {
    long end = extra + extraBytes;
    for (long at = extra; at + 4 <= end; at += 4 + int16(at + 2)) {
      if (int16(at) == 1 && at + 4 + int16(at + 2) <= end) {
        return at + 4;
      }
    }
    return -1;
  }

  private int int16(long at) {
    return Short.toUnsignedInt(bytes.get(SHORT, at));
  }

  private int int32(long at) {
    return bytes.get(INT, at);
  }

  private long unsigned(long at) {
    return Integer.toUnsignedLong(int32(at));
  }

  private String text(long at, int length) {
    return new String(
        bytes.asSlice(at, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
  }

  private void require(boolean good, String otherwise) {
    if (!good) {
      throw file.wrong(otherwise);
    }
  }

  private static String shown(String name) {
    return MappedFile.shown(name);
  }
}
