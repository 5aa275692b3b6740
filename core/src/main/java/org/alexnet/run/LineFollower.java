package org.alexnet.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.file.DurableFiles;
import org.alexnet.file.JsonFiles;

/**
 * Reads a file of one object a line as it grows. Where the file was cut back, as a run that is
 * resumed does, all of it is read again; that is seen by its length, or by its having another line
 * where the last one was read.
 */
final class LineFollower {
  private static final int PIECE = 1 << 20;

  private final Path file;
  private final List<String> required;
  private long offset;
  private int number;
  private byte[] last = new byte[0];

  /**
   * @param required fields that are a number on every line
   */
  LineFollower(Path file, String... required) {
    this.file = file;
    this.required = List.of(required);
  }

  /**
   * Hands on the lines that were completed since the last call.
   *
   * @return whether there is anything new
   * @throws AlexNetException if the file cannot be read, or naming a line that is no object or has
   *     not the fields that are required
   */
  boolean read(RunLog.Lines lines) {
    if (!Files.exists(file)) {
      return restart(lines);
    }
    try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
      boolean cut = !continues(in) && restart(lines);
      long before = offset;
      in.seek(offset);
      byte[] rest = new byte[0];
      byte[] piece = new byte[PIECE];
      for (int n = in.read(piece); n > 0; n = in.read(piece)) {
        byte[] text = Arrays.copyOf(rest, rest.length + n);
        System.arraycopy(piece, 0, text, rest.length, n);
        rest = take(text, lines);
      }
      return cut || offset > before;
    } catch (IOException e) {
      throw new AlexNetException(file + " cannot be read: " + DurableFiles.reason(e), e);
    }
  }

  /** Whether the last line read is still where it was. */
  private boolean continues(RandomAccessFile in) throws IOException {
    if (in.length() < offset) {
      return false;
    }
    byte[] there = new byte[last.length];
    in.seek(offset - last.length);
    try {
      in.readFully(there);
    } catch (EOFException _) {
      return false; // cut back just now
    }
    return Arrays.equals(there, last);
  }

  /** Whether lines were read that no longer hold. */
  private boolean restart(RunLog.Lines lines) {
    boolean read = offset > 0;
    offset = 0;
    number = 0;
    last = new byte[0];
    if (read) {
      lines.restart();
    }
    return read;
  }

  /** Hands on the whole lines of a text, and returns the rest. */
  private byte[] take(byte[] text, RunLog.Lines lines) {
    int from = 0;
    for (int i = 0; i < text.length; i++) {
      if (text[i] == '\n') {
        String line = new String(text, from, i - from, StandardCharsets.UTF_8);
        ObjectNode object = parse(line);
        number++;
        last = Arrays.copyOfRange(text, from, i + 1);
        offset += last.length;
        from = i + 1;
        lines.line(object);
      }
    }
    return Arrays.copyOfRange(text, from, text.length);
  }

  private ObjectNode parse(String line) {
    ObjectNode object = JsonFiles.parse(file.toString(), number + 1, line);
    for (String field : required) {
      if (!object.path(field).isNumber()) {
        throw new AlexNetException(
            "%s is damaged: %s is %s at line %d, a number is required; restore it from a copy"
                .formatted(file, field, object.get(field), number + 1));
      }
    }
    return object;
  }
}
