package org.alexnet.cuda.library.file;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.alexnet.file.DurableFiles;

/** The first bytes of a library, which say for which machine it is. */
public final class ElfHeader {
  static final int BYTES = 64;
  private static final int MAGIC = 0x464c457f;
  private static final int SHARED_OBJECT = 3;
  private static final int X86_64 = 62;

  private ElfHeader() {}

  /** Why a file is no library for Linux on x86-64, as "is ..."; empty if it is one. */
  public static String objection(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return objection(in.readNBytes(BYTES));
    } catch (IOException e) {
      return "cannot be read: " + DurableFiles.reason(e);
    }
  }

  public static String objection(byte[] start) {
    if (start.length == 0) {
      return "is empty";
    }
    if (start.length < 20 || buffer(start).getInt(0) != MAGIC) {
      return "is not a library (no ELF header)";
    }
    ByteBuffer header = buffer(start);
    if (header.get(4) != 2) {
      return "is not a 64-bit library";
    }
    if (header.get(5) != 1 || header.getShort(18) != X86_64) {
      return "is a library for another processor";
    }
    if (header.getShort(16) != SHARED_OBJECT) {
      return "is not a shared library";
    }
    return start.length < BYTES ? "is cut short" : "";
  }

  static ByteBuffer buffer(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
