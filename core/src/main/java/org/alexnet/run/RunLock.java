package org.alexnet.run;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.alexnet.AlexNetException;
import org.alexnet.file.DurableFiles;

/**
 * The right to write to a run: the operating system's lock on its {@code lock} file, which ends
 * with the process however that ends. The file itself stays and means nothing.
 */
final class RunLock implements AutoCloseable {
  static final String NAME = "lock";

  /**
   * Runs locked by this process. Asked first, because on POSIX systems closing any channel on the
   * file, such as that of a refused second attempt, would release the lock of the first.
   */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path key;
  private final FileChannel channel;
  private final Object file;

  private RunLock(Path key, FileChannel channel) throws IOException {
    this.key = key;
    this.channel = channel;
    this.file = file(key);
  }

  /** Locks an existing folder, or says that another has it. */
  static RunLock acquire(Path dir) {
    try {
      Path key = dir.toRealPath();
      if (!HELD.add(key)) {
        throw inUse(dir);
      }
      try {
        return new RunLock(key, locked(dir));
      } catch (IOException | RuntimeException e) {
        HELD.remove(key);
        throw e;
      }
    } catch (IOException e) {
      throw new AlexNetException(
          "%s cannot be locked: %s; to train on, the run must be writable: allow that, or resume a copy"
              .formatted(dir.resolve(NAME), DurableFiles.reason(e)),
          e);
    }
  }

  private static FileChannel locked(Path dir) throws IOException {
    FileChannel channel =
        FileChannel.open(dir.resolve(NAME), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock = null;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException _) {
      // Another class loader of this process has it.
    } finally {
      if (lock == null) {
        channel.close();
      }
    }
    if (lock == null) {
      throw inUse(dir);
    }
    return channel;
  }

  private static AlexNetException inUse(Path dir) {
    return new AlexNetException(
        dir + ": the run is in use by another process; wait for it or stop it");
  }

  /**
   * Whether the file of the lock is another by now, which is so where the run was removed and
   * another process has begun one in its place: the lock of that is not this one.
   */
  boolean isReplaced() {
    try {
      return !Objects.equals(file, file(key));
    } catch (IOException _) {
      return false; // the file is gone; it means nothing
    }
  }

  /** What tells the file from another of its name; null where the system does not say. */
  private static Object file(Path dir) throws IOException {
    return Files.readAttributes(dir.resolve(NAME), BasicFileAttributes.class).fileKey();
  }

  boolean isHeld() {
    return channel.isOpen();
  }

  /** Releases the lock; a second call does nothing. */
  @Override
  public void close() {
    if (!channel.isOpen()) {
      return;
    }
    try {
      channel.close();
    } catch (IOException e) {
      throw new AlexNetException(key.resolve(NAME) + ": " + DurableFiles.reason(e), e);
    } finally {
      HELD.remove(key);
    }
  }
}
