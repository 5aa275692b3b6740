package org.alexnet.formats;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.alexnet.AlexNetException;
import org.alexnet.InvalidNetworkException;
import org.alexnet.file.DurableFiles;

/** A file mapped read-only, of any length: what is not looked at is not read. */
public final class MappedFile implements AutoCloseable {
  private final Path path;
  private final Arena arena;
  private final MemorySegment bytes;

  private MappedFile(Path path, Arena arena, MemorySegment bytes) {
    this.path = path;
    this.arena = arena;
    this.bytes = bytes;
  }

  /**
   * Maps a file.
   *
   * @throws AlexNetException if it cannot be read
   */
  public static MappedFile open(Path path) {
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      return new MappedFile(path, arena, bytes);
    } catch (IOException e) {
      arena.close();
      throw new AlexNetException(path + " cannot be read: " + DurableFiles.reason(e), e);
    }
  }

  /** The name under which it was opened. */
  public Path path() {
    return path;
  }

  /** All of it, valid until it is closed. */
  public MemorySegment bytes() {
    return bytes;
  }

  /**
   * What is wrong with the file.
   *
   * @param what a sentence without the file and the full stop
   */
  public AlexNetException wrong(String what) {
    return new AlexNetException("%s: %s.".formatted(path, what));
  }

  /** A name from a file as part of a sentence: short, and harmless on a terminal. */
  public static String shown(String name) {
    return InvalidNetworkException.shortened(name);
  }

  /** Unmaps it; may be called more than once. */
  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
