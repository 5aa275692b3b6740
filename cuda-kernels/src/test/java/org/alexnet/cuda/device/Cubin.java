package org.alexnet.cuda.device;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What the compiler notes of each kernel in machine code, an ELF file with sections of its own. */
public final class Cubin {
  private static final int SYMBOLS = 2;
  private static final int REGISTERS = 0x2f;
  private static final int FRAME = 0x11;

  /**
   * A kernel.
   *
   * @param registers of a thread
   * @param frame bytes of memory that each thread has besides: what is spilled, and arrays
   * @param shared bytes that a block's threads share
   */
  public record Kernel(int registers, int frame, int shared) {}

  private record Section(String name, int type, int at, int size, int link) {}

  private final ByteBuffer file;
  private final List<Section> sections = new ArrayList<>();
  private final Map<String, int[]> kernels = new TreeMap<>(); // registers, frame, shared

  private Cubin(byte[] code) {
    this.file = ByteBuffer.wrap(code).order(ByteOrder.LITTLE_ENDIAN);
    int headers = (int) file.getLong(0x28);
    int size = file.getShort(0x3A);
    int names = header(headers + size * file.getShort(0x3E), 0x18);
    for (int i = 0; i < file.getShort(0x3C); i++) {
      int at = headers + i * size;
      sections.add(
          new Section(
              text(names + file.getInt(at)),
              file.getInt(at + 4),
              header(at, 0x18),
              header(at, 0x20),
              file.getInt(at + 0x28)));
    }
  }

  private int header(int at, int field) {
    return (int) file.getLong(at + field);
  }

  private String text(int at) {
    int end = at;
    while (file.get(end) != 0) {
      end++;
    }
    return new String(file.array(), at, end - at, StandardCharsets.UTF_8);
  }

  /** The kernels of some machine code by name. */
  public static Map<String, Kernel> kernels(byte[] code) {
    Cubin cubin = new Cubin(code);
    cubin.sections.forEach(cubin::read);
    Map<String, Kernel> all = new TreeMap<>();
    cubin.kernels.forEach((name, k) -> all.put(name, new Kernel(k[0], k[1], k[2])));
    all.keySet().removeIf(name -> name.startsWith("$")); // functions of the compiler
    return all;
  }

  private int[] kernel(String name) {
    return kernels.computeIfAbsent(name, any -> new int[3]);
  }

  private void read(Section section) {
    String shared = ".nv.shared.";
    if (section.name.startsWith(shared) && !section.name.contains(".reserved.")) {
      kernel(section.name.substring(shared.length()))[2] = section.size;
    } else if (section.name.equals(".nv.info")) {
      attributes(section);
    }
  }

  /** Each is a format, a number and a size or a value; format 4 has as many bytes behind it. */
  private void attributes(Section section) {
    int at = section.at;
    while (at < section.at + section.size) {
      int format = file.get(at);
      int attribute = file.get(at + 1);
      int size = file.getShort(at + 2);
      at += 4;
      if (format == 4) {
        if (attribute == REGISTERS) {
          kernel(symbol(file.getInt(at)))[0] = file.getInt(at + 4);
        } else if (attribute == FRAME) {
          kernel(symbol(file.getInt(at)))[1] = file.getInt(at + 4);
        }
        at += size;
      }
    }
  }

  private String symbol(int number) {
    Section symbols = sections.stream().filter(s -> s.type == SYMBOLS).findFirst().orElseThrow();
    return text(sections.get(symbols.link).at + file.getInt(symbols.at + 24 * number));
  }
}
