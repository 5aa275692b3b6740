package org.alexnet.cli.tensorboard;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * A file of events as TensorFlow defines them: records of a TFRecord file (length, checksum of
 * that, data, checksum of those), each an Event (event.proto). Each is handed to the system at
 * once, so that a process that is killed loses none.
 */
final class EventFile implements AutoCloseable {
  private static final String PREFIX = "events.out.tfevents.";

  /** Fields of Event. */
  private static final int WALL_TIME = 1;

  private static final int STEP = 2;
  private static final int FILE_VERSION = 3;
  private static final int SUMMARY = 5;
  private static final int SESSION_LOG = 7;

  private static final int SESSION_START = 1;

  private final FileChannel channel;

  private EventFile(FileChannel channel) {
    this.channel = channel;
  }

  /** Whether a folder holds events already. */
  static boolean isIn(Path folder) throws IOException {
    return count(folder) > 0;
  }

  private static long count(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return 0;
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.getFileName().toString().startsWith(PREFIX)).count();
    }
  }

  /** Begins a file that is read after all others in the folder, which is made if need be. */
  static EventFile create(Path folder) throws IOException {
    Files.createDirectories(folder);
    Instant now = Instant.now();
    EventFile file = new EventFile(open(folder, now));
    try {
      file.write(event(now).text(FILE_VERSION, "brain.Event:2"));
    } catch (IOException e) {
      file.close();
      throw e;
    }
    return file;
  }

  /** TensorBoard reads the files of a folder in the order of their names. */
  private static FileChannel open(Path folder, Instant now) throws IOException {
    for (long number = count(folder); ; number++) {
      String name = "%s%010d.alexnet.%06d".formatted(PREFIX, now.getEpochSecond(), number);
      try {
        return FileChannel.open(
            folder.resolve(name), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      } catch (FileAlreadyExistsException _) {
        // another process made it just now: the next number
      }
    }
  }

  /**
   * Says that a session starts with a step. Readers then forget what earlier files say of this step
   * and of those after it; TensorBoard itself only if a session has started before.
   */
  void start(long step) throws IOException {
    Protobuf status = new Protobuf().integer(1, SESSION_START);
    write(event(Instant.now()).integer(STEP, step).message(SESSION_LOG, status));
  }

  void write(Instant time, long step, Protobuf summary) throws IOException {
    write(event(time).integer(STEP, step).message(SUMMARY, summary));
  }

  private static Protobuf event(Instant time) {
    return new Protobuf().real(WALL_TIME, time.getEpochSecond() + time.getNano() * 1e-9);
  }

  private void write(Protobuf event) throws IOException {
    byte[] data = event.toBytes();
    byte[] length =
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(data.length).array();
    ByteBuffer framed =
        ByteBuffer.allocate(Long.BYTES + 2 * Integer.BYTES + data.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put(length)
            .putInt(checksum(length))
            .put(data)
            .putInt(checksum(data))
            .flip();
    while (framed.hasRemaining()) {
      channel.write(framed);
    }
  }

  /** CRC32C, masked, since a checksum of data that holds checksums would be a weak one. */
  private static int checksum(byte[] data) {
    CRC32C crc = new CRC32C();
    crc.update(data);
    return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
