package org.alexnet.worker;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.alexnet.AlexNetException;

/**
 * A connection to another worker, and what has arrived over it. A thread takes what arrives into
 * memory, so that nobody who sends waits for the program of the other; at most what one step sends
 * is kept there.
 *
 * <p>A frame begins with the kind and number of its message, the bytes of the whole message and how
 * many of them came before; the frames of a message follow one another. Where both workers are on
 * one machine, the frame of a large message says where in {@link SharedMemory} its values lie.
 */
final class Line implements Closeable {
  private static final int HEADER = 4 * Integer.BYTES;

  /** Bytes of a frame of values at most: what stays in a cache from the array to the system. */
  private static final int PIECE = 1 << 16;

  private static final int TEXT_MOST = 1 << 20;

  /** How long one that ends waits for the other to have heard so. */
  private static final Duration FAREWELL = Duration.ofSeconds(2);

  /** How long one that waits otherwise than for a message may go on when another has ended. */
  private static final Duration GRACE = Duration.ofSeconds(5);

  /** How often one that waits for a message looks at what else may have happened. */
  private static final Duration LOOK = Duration.ofMillis(50);

  enum Kind {
    FLOATS,
    /** Values that lie in shared memory; eight bytes say where. */
    SHARED,
    TEXT,
    /** The sender gives up; the text says why. */
    FAILURE,
    /** The sender is done. */
    END
  }

  /** Values that have arrived. */
  private sealed interface Letter {
    int floats();
  }

  /** In memory of this worker. */
  private record Copy(float[] values) implements Letter {
    @Override
    public int floats() {
      return values.length;
    }
  }

  /** In memory of both. */
  private record Shared(SharedMemory.Slot slot) implements Letter {
    @Override
    public int floats() {
      return slot.floats();
    }
  }

  private final SecureChannel channel;
  private final SharedMemory memory; // null if the other is on another machine
  private Duration patience; // for what is to arrive
  private final byte[] frame = new byte[SecureChannel.MOST];
  private final ReentrantLock writing = new ReentrantLock();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private final Map<Integer, Deque<Letter>> letters = new HashMap<>(); // by number
  private final Map<Integer, Deque<float[]>> spare = new HashMap<>(); // taken before, by length
  private final Deque<String> texts = new ArrayDeque<>();
  private boolean ended; // as it should; of the thread that reads
  private String lost; // why nothing more will come
  private boolean silently; // it did not say so itself
  private long since; // nanoseconds from when on it counts as lost for all

  /**
   * A connection over which nothing is read yet.
   *
   * @param memory that is shared with the other, or null
   */
  Line(SecureChannel channel, SharedMemory memory) {
    this.channel = channel;
    this.memory = memory;
  }

  /** Index of the worker at the other end. */
  int other() {
    return channel.other();
  }

  /**
   * Begins to read what arrives.
   *
   * @param time how long the other may be silent when something is waited for
   */
  void start(Duration time) {
    patience = time;
    Thread.ofPlatform().daemon().name("worker-" + (channel.other() + 1)).start(this::readAll);
  }

  private void readAll() {
    String why;
    boolean unsaid = false;
    try {
      do {
        why = readMessage();
      } while (why == null);
    } catch (IOException | RuntimeException e) {
      unsaid = true;
      why =
          "Worker %d is lost (%s)."
              .formatted(
                  channel.other() + 1,
                  e.getMessage() == null ? "the connection has ended" : e.getMessage());
    }
    lock.lock();
    try {
      lost = why;
      silently = unsaid;
      since = System.nanoTime() + (ended ? GRACE.toNanos() : 0);
      arrived.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Returns why it was the last one, or null. */
  private String readMessage() throws IOException {
    ByteBuffer first = channel.read();
    int kind = first.getInt();
    int number = first.getInt();
    int total = first.getInt();
    require(kind >= 0 && kind < Kind.values().length && number >= 0 && total >= 0, first, 0);
    return switch (Kind.values()[kind]) {
      case FLOATS -> {
        require(total % Float.BYTES == 0, first, 0);
        float[] values = array(total / Float.BYTES);
        FloatBuffer to = FloatBuffer.wrap(values);
        ByteBuffer next = first;
        for (int done = 0; true; next = channel.read()) {
          if (done > 0) {
            boolean same = next.getInt() == kind && next.getInt() == number;
            require(same && next.getInt() == total, next, done);
          }
          int offset = next.getInt();
          int bytes = next.remaining();
          require(offset == done && bytes % Float.BYTES == 0, next, done);
          require(bytes <= total - done && (bytes > 0 || total == 0), next, done);
          to.put(next.slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer());
          done += bytes;
          if (done == total) {
            break;
          }
        }
        add(number, new Copy(values));
        yield null;
      }
      case SHARED -> {
        require(memory != null && first.remaining() == Integer.BYTES + Long.BYTES, first, 0);
        require(first.getInt() == 0 && total % Float.BYTES == 0, first, 0);
        add(number, new Shared(memory.sent(first.getLong(), total / Float.BYTES)));
        yield null;
      }
      case TEXT -> {
        String text = text(first, total);
        add(() -> texts.add(text));
        yield null;
      }
      case FAILURE -> "Worker %d: %s".formatted(channel.other() + 1, text(first, total));
      case END -> {
        ended = true;
        yield "Worker %d has ended.".formatted(channel.other() + 1);
      }
    };
  }

  /** Memory that is new to a process is slow: each step takes the arrays of the one before. */
  private float[] array(int length) {
    lock.lock();
    try {
      Deque<float[]> same = spare.get(length);
      return same == null || same.isEmpty() ? new float[length] : same.pop();
    } finally {
      lock.unlock();
    }
  }

  /** Gives back what was taken. */
  private void keep(float[] values) {
    lock.lock();
    try {
      spare.computeIfAbsent(values.length, n -> new ArrayDeque<>()).push(values);
    } finally {
      lock.unlock();
    }
  }

  private String text(ByteBuffer frame, int total) throws IOException {
    require(frame.getInt() == 0 && frame.remaining() == total, frame, 0);
    return StandardCharsets.UTF_8.decode(frame).toString();
  }

  private void require(boolean good, ByteBuffer frame, int done) throws IOException {
    if (!good) {
      throw new IOException(
          "a frame of %d bytes does not belong after %d bytes of its message"
              .formatted(frame.limit(), done));
    }
  }

  private void add(int number, Letter letter) {
    add(() -> letters.computeIfAbsent(number, n -> new ArrayDeque<>()).add(letter));
  }

  private void add(Runnable letter) {
    lock.lock();
    try {
      letter.run();
      arrived.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for a message of values.
   *
   * @param at where in the array they go
   * @param count how many must come
   * @param meanwhile called some times a second while nothing has come
   */
  void take(int number, float[] values, int at, int count, Runnable meanwhile) throws IOException {
    Letter letter =
        take(
            () -> {
              Deque<Letter> queue = letters.get(number);
              return queue == null ? null : queue.poll();
            },
            meanwhile);
    if (letter.floats() != count) {
      throw new AlexNetException(
          "Worker %d has sent %d values as message %d, where %d were due; all workers must run the same program."
              .formatted(other() + 1, letter.floats(), number, count));
    }
    switch (letter) {
      case Copy copy -> {
        System.arraycopy(copy.values, 0, values, at, count);
        keep(copy.values);
      }
      case Shared shared -> shared.slot.read(values, at);
    }
  }

  String takeText() {
    return take(texts::poll, () -> {});
  }

  private <T> T take(Supplier<T> poll, Runnable meanwhile) {
    long end = System.nanoTime() + patience.toNanos();
    for (T letter = poll(poll, end); true; letter = poll(poll, end)) {
      if (letter != null) {
        return letter;
      }
      meanwhile.run();
    }
  }

  /** Waits for a letter for a moment; null if none has come. */
  private <T> T poll(Supplier<T> poll, long end) {
    long left = LOOK.toNanos();
    lock.lock();
    try {
      for (T letter = poll.get(); true; letter = poll.get()) {
        if (letter != null) {
          return letter;
        }
        if (lost != null) {
          throw gone();
        }
        if (System.nanoTime() >= end) {
          throw new AlexNetException(
              "Worker %d has sent nothing for %d seconds."
                  .formatted(channel.other() + 1, patience.toSeconds()));
        }
        if (left <= 0) {
          return null;
        }
        left = arrived.awaitNanos(Math.min(left, end - System.nanoTime()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AlexNetException(
          "Interrupted while waiting for worker %d.".formatted(channel.other() + 1), e);
    } finally {
      lock.unlock();
    }
  }

  private AlexNetException gone() {
    return silently ? new LostWorkerException(lost, null) : new AlexNetException(lost);
  }

  /** Throws what {@link #take} would if the other is lost. */
  void requireThere() {
    lock.lock();
    try {
      if (lost != null && System.nanoTime() >= since) {
        throw gone();
      }
    } finally {
      lock.unlock();
    }
  }

  void sendFloats(int number, float[] values, int from, int count) throws IOException {
    int total = Math.multiplyExact(count, Float.BYTES);
    writing.lock();
    try {
      if (total > PIECE && memory != null) {
        SharedMemory.Slot slot = memory.put(values, from, count);
        if (slot != null) {
          header(Kind.SHARED, number, total, 0).putLong(slot.offset());
          channel.write(frame, 0, HEADER + Long.BYTES);
          channel.flush();
          return;
        }
      }
      int done = 0;
      do {
        int bytes = Math.min(PIECE, total - done);
        ByteBuffer next = header(Kind.FLOATS, number, total, done);
        next.slice()
            .order(ByteOrder.LITTLE_ENDIAN)
            .asFloatBuffer()
            .put(values, from + done / Float.BYTES, bytes / Float.BYTES);
        channel.write(frame, 0, HEADER + bytes);
        done += bytes;
      } while (done < total);
      channel.flush();
    } finally {
      writing.unlock();
    }
  }

  void sendText(Kind kind, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int length = Math.min(bytes.length, TEXT_MOST - HEADER);
    writing.lock();
    try {
      header(kind, 0, length, 0).put(bytes, 0, length);
      channel.write(frame, 0, HEADER + length);
      channel.flush();
    } finally {
      writing.unlock();
    }
  }

  private ByteBuffer header(Kind kind, int number, int total, int done) {
    return ByteBuffer.wrap(frame).putInt(kind.ordinal()).putInt(number).putInt(total).putInt(done);
  }

  /** What the other said last, where a connection that it has closed cannot be written to. */
  AlexNetException broken(IOException e) {
    String why = awaitEnd();
    if (why == null) {
      why = "Worker %d is lost (%s).".formatted(channel.other() + 1, e.getMessage());
      return new LostWorkerException(why, e);
    }
    return silently ? new LostWorkerException(why, e) : new AlexNetException(why, e);
  }

  /** Why nothing more comes; null if that cannot be said in time. */
  String awaitEnd() {
    long left = FAREWELL.toNanos();
    lock.lock();
    try {
      while (lost == null && left > 0) {
        left = arrived.awaitNanos(left);
      }
      return lost;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** Sends nothing more but a last word. */
  void end(Kind kind, String text) {
    try {
      sendText(kind, text);
      channel.finish();
    } catch (IOException e) {
      // The other has gone before.
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // Nothing more is read from it.
    }
    if (memory != null) {
      memory.close();
    }
  }
}
