package org.alexnet.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.file.DurableFiles;
import org.alexnet.file.JsonFiles;

/**
 * A file with one object a line, appended and cut back when a run resumes: {@code metrics.jsonl}
 * and {@code steps.jsonl}.
 */
final class JsonLines {
  static final String METRICS = "metrics.jsonl";
  static final String STEPS = "steps.jsonl";

  private final Path file;

  JsonLines(Path dir, String name) {
    this.file = dir.resolve(name);
  }

  /** Length in bytes; 0 where there is no file. */
  long length() {
    try {
      return Files.exists(file) ? Files.size(file) : 0;
    } catch (IOException e) {
      throw failed("read", e);
    }
  }

  /**
   * Appends one line; of a line that fails, nothing stays.
   *
   * @param durable whether to force it to disk at once
   */
  void append(ObjectNode line, boolean durable) {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      long before = channel.size();
      try {
        ByteBuffer bytes = ByteBuffer.wrap(JsonFiles.line(line));
        channel.position(before);
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        if (durable) {
          channel.force(true);
        }
      } catch (IOException e) {
        channel.truncate(before);
        throw e;
      }
    } catch (IOException e) {
      throw failed("written", e);
    }
  }

  /** Forces to disk what was appended. */
  void force() {
    if (!Files.exists(file)) {
      return;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    } catch (IOException e) {
      throw failed("written", e);
    }
  }

  /** Cuts the file to its length at a checkpoint. */
  void cutTo(long bytes) {
    long length = length();
    if (length < bytes) {
      throw tooShort(length, bytes);
    }
    if (length == bytes) {
      return;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(bytes);
      channel.force(true);
    } catch (IOException e) {
      throw failed("cut", e);
    }
  }

  /** The lines in the first so many bytes. */
  List<JsonNode> read(long bytes) {
    if (bytes == 0) {
      return List.of();
    }
    byte[] text;
    try (InputStream in = Files.newInputStream(file)) {
      text = in.readNBytes(Math.toIntExact(bytes));
    } catch (IOException e) {
      throw failed("read", e);
    }
    if (text.length < bytes) {
      throw tooShort(text.length, bytes);
    }
    var lines = new ArrayList<JsonNode>();
    for (String line : new String(text, StandardCharsets.UTF_8).split("\n")) {
      lines.add(JsonFiles.parse(file.toString(), lines.size() + 1, line));
    }
    return lines;
  }

  private AlexNetException tooShort(long length, long required) {
    return new AlexNetException(
        Message.of(
            "%s has %d bytes; the checkpoint beside it requires %d: restore the file, or begin a"
                + " new run with %s",
            file, length, required, Setting.INIT.to(file.resolveSibling(CheckpointStore.MODEL))));
  }

  private AlexNetException failed(String what, IOException e) {
    return new AlexNetException(file + " cannot be " + what + ": " + DurableFiles.reason(e), e);
  }
}
