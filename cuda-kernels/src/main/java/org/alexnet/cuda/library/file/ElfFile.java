package org.alexnet.cuda.library.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.alexnet.AlexNetException;

/**
 * The dynamic section of a shared library of 64 bits: what it needs, and which symbol versions of
 * it. Every offset is checked against the file, so that a damaged one is an error and never an
 * index out of bounds.
 */
public final class ElfFile {
  private static final int PROGRAM_HEADER_BYTES = 56;
  private static final int PT_LOAD = 1;
  private static final int PT_DYNAMIC = 2;
  private static final long DT_NULL = 0;
  private static final long DT_NEEDED = 1;
  private static final long DT_STRTAB = 5;
  private static final long DT_STRSZ = 10;
  private static final long DT_SONAME = 14;
  private static final long DT_VERNEED = 0x6ffffffeL;
  private static final long DT_VERNEEDNUM = 0x6fffffffL;

  /** A string of the file and where it begins. */
  private record Text(int offset, String value) {}

  /** A symbol version that is required; {@code hash} is where the hash of its name lies. */
  private record Version(Text file, Text name, int hash) {}

  /** A range of addresses that is filled from the file. */
  private record Segment(long address, long offset, long bytes) {}

  /** What symbol versions a library must have. */
  record Requirement(String file, String version, int hash) {}

  private final String name;
  private final ByteBuffer data;
  private final List<Segment> segments = new ArrayList<>();
  private final List<Text> needed = new ArrayList<>();
  private final List<Version> versions = new ArrayList<>();
  private String soname = "";
  private int strings;
  private int stringsEnd;

  private ElfFile(String name, ByteBuffer data) {
    this.name = name;
    this.data = data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Parses a library.
   *
   * @param name of the file, for messages
   * @param bytes all of it, from the buffer's beginning to its capacity
   * @throws AlexNetException if it is not a whole shared library for x86-64
   */
  public static ElfFile parse(String name, ByteBuffer bytes) {
    byte[] start = new byte[Math.min(bytes.capacity(), ElfHeader.BYTES)];
    bytes.get(0, start);
    String objection = ElfHeader.objection(start);
    if (!objection.isEmpty()) {
      throw new AlexNetException(name + " " + objection + "; install it again.");
    }
    ElfFile file = new ElfFile(name, bytes);
    file.dynamicSection(file.programHeaders());
    return file;
  }

  /** Parses a file of up to 2 GB without reading more of it than is looked at. */
  public static ElfFile read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (channel.size() > Integer.MAX_VALUE) {
        throw new AlexNetException(file + " is larger than a library of CUDA is.");
      }
      return parse(file.toString(), channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size()));
    }
  }

  /** Names of the libraries it needs. */
  public List<String> needed() {
    return needed.stream().map(Text::value).toList();
  }

  /** The name by which others need it, or an empty string. */
  String soname() {
    return soname;
  }

  /** Symbol versions that it requires. */
  List<Requirement> requirements() {
    return versions.stream()
        .map(v -> new Requirement(v.file.value, v.name.value, data.getInt(v.hash)))
        .toList();
  }

  /**
   * The same file with another library in the place of one it needs: the name itself and, where
   * symbol versions are named after the library, their names and hashes.
   *
   * @throws AlexNetException if the names differ in length, since nothing can be moved in the file
   */
  public byte[] renamed(String from, String to) {
    if (from.length() != to.length()) {
      throw new AlexNetException(
          "%s needs %s, which cannot become %s: the names must be of one length."
              .formatted(name, from, to));
    }
    byte[] copy = new byte[data.capacity()];
    data.get(0, copy);
    for (Text text : needed) {
      replace(copy, text, from, to);
    }
    for (Version version : versions) {
      replace(copy, version.file, from, to);
      if (replace(copy, version.name, from, to)) {
        ElfHeader.buffer(copy).putInt(version.hash, hash(to));
      }
    }
    return copy;
  }

  private boolean replace(byte[] copy, Text text, String from, String to) {
    if (!text.value.equals(from)) {
      return false;
    }
    if (text.offset > strings && data.get(text.offset - 1) != 0) {
      throw damaged("the name " + from + " is the end of another name");
    }
    byte[] replacement = to.getBytes(StandardCharsets.ISO_8859_1);
    System.arraycopy(replacement, 0, copy, text.offset, replacement.length);
    return true;
  }

  /** The hash function of the ELF specification. */
  static int hash(String name) {
    int hash = 0;
    for (int i = 0; i < name.length(); i++) {
      hash = (hash << 4) + name.charAt(i);
      hash = (hash ^ (hash & 0xf0000000) >>> 24) & 0x0fffffff;
    }
    return hash;
  }

  /** Reads the program headers and answers the dynamic segment. */
  private Segment programHeaders() {
    // A file that lacks its end has lost its section headers first.
    within(data.getLong(40), (long) unsigned(60) * unsigned(58), "section headers");
    int count = unsigned(56);
    int size = unsigned(54);
    if (size < PROGRAM_HEADER_BYTES) {
      throw damaged("its program headers have " + size + " bytes each");
    }
    int table = within(data.getLong(32), (long) count * size, "program headers");
    Segment dynamic = null;
    for (int i = 0; i < count; i++) {
      int header = table + i * size;
      int type = data.getInt(header);
      Segment segment =
          new Segment(
              data.getLong(header + 16), data.getLong(header + 8), data.getLong(header + 32));
      if (type == PT_LOAD || type == PT_DYNAMIC) {
        within(segment.offset, segment.bytes, "segment " + i);
      }
      if (type == PT_LOAD) {
        segments.add(segment);
      } else if (type == PT_DYNAMIC) {
        dynamic = segment;
      }
    }
    if (dynamic == null) {
      throw damaged("it has no dynamic section");
    }
    return dynamic;
  }

  private void dynamicSection(Segment dynamic) {
    List<Long> neededAt = new ArrayList<>();
    long sonameAt = -1;
    long table = -1;
    long tableBytes = 0;
    long verneed = -1;
    long verneedCount = 0;
    int start = (int) dynamic.offset;
    for (int entry = start; entry + 16 <= start + dynamic.bytes; entry += 16) {
      long tag = data.getLong(entry);
      long value = data.getLong(entry + 8);
      if (tag == DT_NULL) {
        break;
      } else if (tag == DT_NEEDED) {
        neededAt.add(value);
      } else if (tag == DT_SONAME) {
        sonameAt = value;
      } else if (tag == DT_STRTAB) {
        table = value;
      } else if (tag == DT_STRSZ) {
        tableBytes = value;
      } else if (tag == DT_VERNEED) {
        verneed = value;
      } else if (tag == DT_VERNEEDNUM) {
        verneedCount = value;
      }
    }
    if (table == -1) {
      throw damaged("it has no table of names");
    }
    strings = located(table, tableBytes, "table of names");
    stringsEnd = strings + (int) tableBytes;
    neededAt.forEach(at -> needed.add(text(at)));
    soname = sonameAt < 0 ? "" : text(sonameAt).value;
    if (verneed != -1) {
      versions(located(verneed, 16, "required versions"), verneedCount);
    }
  }

  /** Two nested lists whose links are distances, so that they can only lead on. */
  private void versions(int first, long count) {
    long at = first;
    for (long i = 0; i < count; i++) {
      int need = within(at, 16, "required versions");
      Text file = text(data.getInt(need + 4) & 0xffffffffL);
      long next = need + (data.getInt(need + 8) & 0xffffffffL);
      for (int j = data.getShort(need + 2) & 0xffff; j > 0; j--) {
        int auxiliary = within(next, 16, "required versions");
        versions.add(new Version(file, text(data.getInt(auxiliary + 8) & 0xffffffffL), auxiliary));
        long step = data.getInt(auxiliary + 12) & 0xffffffffL;
        if (step == 0) {
          break;
        }
        next = auxiliary + step;
      }
      long step = data.getInt(need + 12) & 0xffffffffL;
      if (step == 0) {
        break;
      }
      at = need + step;
    }
  }

  private Text text(long index) {
    if (index < 0 || index >= stringsEnd - strings) {
      throw damaged("a name lies outside of the table of names");
    }
    int offset = strings + (int) index;
    int end = offset;
    while (end < stringsEnd && data.get(end) != 0) {
      end++;
    }
    if (end == stringsEnd) {
      throw damaged("a name has no end");
    }
    byte[] characters = new byte[end - offset];
    data.get(offset, characters);
    return new Text(offset, new String(characters, StandardCharsets.ISO_8859_1));
  }

  /** The place in the file of an address in memory. */
  private int located(long address, long size, String what) {
    for (Segment segment : segments) {
      long distance = address - segment.address;
      if (distance >= 0 && distance < segment.bytes && size >= 0) {
        if (size > segment.bytes - distance) {
          break;
        }
        return within(segment.offset + distance, size, what);
      }
    }
    throw damaged("its " + what + " lie outside of the file");
  }

  private int within(long offset, long size, String what) {
    if (offset < 0 || size < 0 || size > data.capacity() || offset > data.capacity() - size) {
      throw damaged("its " + what + " reach beyond its end at " + data.capacity() + " bytes");
    }
    return (int) offset;
  }

  private int unsigned(int offset) {
    return data.getShort(offset) & 0xffff;
  }

  private AlexNetException damaged(String how) {
    return new AlexNetException(
        "%s is damaged or cut short: %s; install it again.".formatted(name, how));
  }
}
