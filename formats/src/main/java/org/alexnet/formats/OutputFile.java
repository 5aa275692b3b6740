package org.alexnet.formats;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.alexnet.AlexNetException;
import org.alexnet.file.DurableFiles;

/**
 * A file that gets its name when it is whole: until {@link #complete} it is called like it with
 * {@code .tmp} appended, and closed before that it is removed.
 */
public final class OutputFile implements AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 20;
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path file;
  private final Path temporary;
  private final FileChannel channel;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
  private final MemorySegment segment = MemorySegment.ofBuffer(buffer);
  private long written;
  private boolean completed;

  /** Takes pieces of what is written, such as a checksum does. */
  @FunctionalInterface
  public interface Observer {
    /** The bytes from the buffer's position to its limit. */
    void accept(ByteBuffer bytes);
  }

  /**
   * Begins a file.
   *
   * @throws AlexNetException if it cannot be created
   */
  public OutputFile(Path file) {
    this.file = file;
    this.temporary = file.resolveSibling(file.getFileName() + ".tmp");
    try {
      channel =
          FileChannel.open(
              temporary,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** How many bytes have been written. */
  public long written() {
    return written;
  }

  /** Appends bytes. */
  public void write(byte[] bytes) {
    put(ByteBuffer.wrap(bytes));
  }

  /** Appends numbers of single precision, little-endian. */
  public void write(float[] values, Observer observer) {
    int step = BUFFER_BYTES / Float.BYTES;
    for (int at = 0; at < values.length; at += step) {
      int count = Math.min(step, values.length - at);
      MemorySegment.copy(values, at, segment, FLOAT, 0, count);
      observer.accept(buffer.clear().limit(count * Float.BYTES));
      put(buffer.clear().limit(count * Float.BYTES));
    }
  }

  /** Replaces bytes that were written. */
  public void replace(long position, byte[] bytes) {
    try {
      ByteBuffer rest = ByteBuffer.wrap(bytes);
      while (rest.hasRemaining()) {
        channel.write(rest, position + rest.position());
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private void put(ByteBuffer bytes) {
    try {
      while (bytes.hasRemaining()) {
        written += channel.write(bytes);
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /**
   * Makes the file durable and gives it its name.
   *
   * @throws AlexNetException if the disk refuses; there is no file of the name then, or the old one
   */
  public void complete() {
    try {
      channel.force(true);
      channel.close();
      DurableFiles.replace(temporary, file);
      DurableFiles.forceDirectory(DurableFiles.parent(file));
      completed = true;
    } catch (IOException e) {
      throw failed(e);
    }
  }

  @Override
  public void close() {
    if (!completed) {
      try (channel) {
        Files.deleteIfExists(temporary);
      } catch (IOException _) {
        // The failure that led here is the one to report.
      }
    }
  }

  private AlexNetException failed(IOException e) {
    return new AlexNetException(file + " cannot be written: " + DurableFiles.reason(e), e);
  }
}
