package org.alexnet.worker;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Memory that two workers on one machine share, so that large messages between them are copied once
 * by each, and neither encrypted nor handed to the system. Each of them sends in a file of its own,
 * which only the user of the process can open, is in memory, and has no name any more once the
 * other has opened it. Where the values of a message lie is told over the {@link SecureChannel}.
 *
 * <p>A file consists of slots, each of which begins with a mark that says whether the other has
 * still to read it.
 */
final class SharedMemory implements Closeable {
  /** Where files are memory; Linux has it. */
  static final Path FOLDER = Path.of("/dev/shm");

  private static final int KEY = 16; // bytes at the beginning of a file, which both know
  private static final int PAGE = 4096; // what slots begin at a multiple of
  private static final int HEAD = 64; // bytes of a slot before its values
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  private static final VarHandle MARK = ValueLayout.JAVA_INT.varHandle();
  private static final int FREE = 0;
  private static final int UNREAD = 1;
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final FileAttribute<Set<PosixFilePermission>> OWN =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private final FileChannel sent;
  private final FileChannel received;
  private final Map<Integer, List<Slot>> slots = new HashMap<>(); // sent, by their floats
  private final Map<Long, Slot> seen = new HashMap<>(); // received, by where they begin
  private long end = PAGE;
  private boolean full;

  private SharedMemory(FileChannel sent, FileChannel received) {
    this.sent = sent;
    this.received = received;
  }

  /**
   * Room for the values of a message.
   *
   * @param offset of the slot in its file
   * @param floats of it
   */
  record Slot(long offset, int floats, MemorySegment bytes) {

    /** Takes the values, if the other has sent them; the slot can then be written again. */
    void read(float[] values, int at) throws IOException {
      if ((int) MARK.getAcquire(bytes, 0L) != UNREAD) {
        throw new IOException("nothing was sent in the shared memory at " + offset);
      }
      MemorySegment.copy(bytes, FLOAT, HEAD, values, at, floats);
      MARK.setRelease(bytes, 0L, FREE);
    }

    private boolean isFree() {
      return (int) MARK.getAcquire(bytes, 0L) == FREE;
    }

    private Slot with(float[] values, int from) {
      MemorySegment.copy(values, from, bytes, FLOAT, HEAD, floats);
      MARK.setRelease(bytes, 0L, UNREAD);
      return this;
    }
  }

  /**
   * Finds out whether the worker at the other end is on this machine, and may see what this one
   * sees.
   *
   * @param folder where files are memory
   * @return null if not
   * @throws IOException if the other does not answer
   */
  static SharedMemory with(SecureChannel channel, Path folder) throws IOException {
    byte[] key = new byte[KEY];
    RANDOM.nextBytes(key);
    Path own = file(folder, key);
    FileChannel sent = create(own, key);
    FileChannel received = null;
    SharedMemory memory = null;
    try {
      write(channel, sent == null ? new byte[0] : key);
      byte[] other = bytes(channel.read());
      received = other.length == KEY ? open(file(folder, other), other) : null;
      write(channel, new byte[] {(byte) (received == null ? 0 : 1)});
      byte[] answer = bytes(channel.read());
      if (sent != null && received != null && answer.length == 1 && answer[0] == 1) {
        memory = new SharedMemory(sent, received);
      }
      return memory;
    } finally {
      if (sent != null) {
        Files.deleteIfExists(own);
      }
      if (memory == null) {
        close(sent);
        close(received);
      }
    }
  }

  private static void write(SecureChannel channel, byte[] bytes) throws IOException {
    channel.write(bytes, 0, bytes.length);
    channel.flush();
  }

  private static byte[] bytes(ByteBuffer frame) {
    byte[] bytes = new byte[frame.remaining()];
    frame.get(bytes);
    return bytes;
  }

  private static Path file(Path folder, byte[] key) {
    return folder.resolve("alexnet-" + HexFormat.of().formatHex(key));
  }

  /** Returns null where there is no such memory, or none left. */
  private static FileChannel create(Path path, byte[] key) {
    Set<OpenOption> options =
        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
    FileChannel file = null;
    try {
      file = FileChannel.open(path, options, OWN);
      file.write(ByteBuffer.allocate(PAGE).put(key).clear());
      return file;
    } catch (IOException | UnsupportedOperationException e) {
      close(file);
      if (file != null) { // a name takes memory as well
        remove(path);
      }
      return null;
    }
  }

  private static void remove(Path path) {
    try {
      Files.delete(path);
    } catch (IOException e) {
      // It is empty.
    }
  }

  /** Returns null if it is not there, or not the file of who holds the key. */
  private static FileChannel open(Path path, byte[] key) {
    Set<OpenOption> options =
        Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
    FileChannel file = null;
    try {
      file = FileChannel.open(path, options);
      ByteBuffer start = ByteBuffer.allocate(KEY);
      if (file.read(start, 0) == KEY && start.flip().equals(ByteBuffer.wrap(key))) {
        return file;
      }
    } catch (IOException e) {
      // It is on another machine, or another user's.
    }
    close(file);
    return null;
  }

  /**
   * Puts values where the other can read them.
   *
   * @return null if there is no room
   */
  Slot put(float[] values, int from, int count) {
    List<Slot> same = slots.computeIfAbsent(count, n -> new ArrayList<>());
    for (Slot slot : same) {
      if (slot.isFree()) {
        return slot.with(values, from);
      }
    }
    Slot slot = full ? null : newSlot(count);
    if (slot == null) {
      full = true;
      return null;
    }
    same.add(slot);
    return slot.with(values, from);
  }

  /**
   * Memory that the system has promised by a longer file may not be there when it is used, which
   * ends the process; what has been written is there.
   */
  private Slot newSlot(int count) {
    long next = Math.ceilDiv(end + size(count), PAGE) * PAGE;
    ByteBuffer zeros = ByteBuffer.allocate((int) Math.min(1 << 20, next - end));
    try {
      for (long at = end; at < next; at += zeros.limit()) {
        zeros.clear().limit((int) Math.min(zeros.capacity(), next - at));
        while (zeros.hasRemaining()) {
          sent.write(zeros, at + zeros.position());
        }
      }
      Slot slot = map(sent, end, count);
      end = next;
      return slot;
    } catch (IOException e) {
      giveBack();
      return null;
    }
  }

  private void giveBack() {
    try {
      sent.truncate(end);
    } catch (IOException e) {
      // It is given back when the file is closed.
    }
  }

  private static Slot map(FileChannel file, long offset, int count) throws IOException {
    MemorySegment bytes = file.map(MapMode.READ_WRITE, offset, size(count), Arena.ofAuto());
    return new Slot(offset, count, bytes);
  }

  /** Bytes of a slot. */
  private static long size(int floats) {
    return HEAD + (long) floats * Float.BYTES;
  }

  /**
   * What the other says it has sent.
   *
   * @throws IOException if it cannot be
   */
  Slot sent(long offset, int count) throws IOException {
    Slot slot = seen.get(offset);
    boolean starts = offset >= PAGE && offset % PAGE == 0 && count >= 0;
    if (slot == null && starts && offset <= received.size() - size(count)) {
      slot = map(received, offset, count);
      seen.put(offset, slot);
    }
    if (slot == null || slot.floats != count) {
      throw new IOException("the shared memory has no %d values at %d".formatted(count, offset));
    }
    return slot;
  }

  @Override
  public void close() {
    close(sent);
    close(received);
  }

  private static void close(FileChannel file) {
    try {
      if (file != null) {
        file.close();
      }
    } catch (IOException e) {
      // What was written to it is of no use any more.
    }
  }
}
