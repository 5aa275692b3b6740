package org.alexnet.worker;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.alexnet.AlexNetException;
import org.alexnet.backend.Peers;
import org.alexnet.program.Placement.Worker;

/**
 * Other workers at the other end of one connection each. A thread a connection takes what arrives
 * into memory, so that nobody who sends waits for the program of the other; at most what one step
 * sends is kept there.
 *
 * <p>A frame begins with the kind and number of its message, the bytes of the whole message and how
 * many of them came before; the frames of a message follow one another.
 */
public final class SocketPeers implements Peers, AutoCloseable {
  private static final int HEADER = 4 * Integer.BYTES;

  /** Bytes of a frame of values at most: what stays in a cache from the array to the system. */
  private static final int PIECE = 1 << 16;

  private static final int TEXT_MOST = 1 << 20;
  private static final int AGREEMENT = Integer.MAX_VALUE;

  /** How long one that ends waits for others to have heard so. */
  private static final Duration FAREWELL = Duration.ofSeconds(2);

  private enum Kind {
    FLOATS,
    TEXT,
    /** The sender gives up; the text says why. */
    FAILURE,
    /** The sender is done. */
    END
  }

  private final Worker worker;
  private final Duration patience;
  private final Map<Integer, Line> lines = new HashMap<>(); // by worker
  private final AtomicLong nanos = new AtomicLong();

  SocketPeers(Worker worker, Map<Integer, SecureChannel> channels, Duration patience) {
    this.worker = worker;
    this.patience = patience;
    channels.forEach((other, channel) -> lines.put(other, new Line(channel)));
  }

  static void close(SecureChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // Nothing more is read from it.
    }
  }

  /** A connection, and what has arrived over it. */
  private final class Line {
    private final SecureChannel channel;
    private final byte[] frame = new byte[SecureChannel.MOST];
    private final ReentrantLock writing = new ReentrantLock();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final Map<Integer, Deque<float[]>> floats = new HashMap<>(); // by number
    private final Map<Integer, Deque<float[]>> spare = new HashMap<>(); // taken before, by length
    private final Deque<String> texts = new ArrayDeque<>();
    private String lost; // why nothing more will come
    private boolean silently; // it did not say so itself

    Line(SecureChannel channel) {
      this.channel = channel;
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
          add(() -> floats.computeIfAbsent(number, n -> new ArrayDeque<>()).add(values));
          yield null;
        }
        case TEXT -> {
          String text = text(first, total);
          add(() -> texts.add(text));
          yield null;
        }
        case FAILURE -> "Worker %d: %s".formatted(channel.other() + 1, text(first, total));
        case END -> "Worker %d has ended.".formatted(channel.other() + 1);
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
    void keep(float[] values) {
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

    private void add(Runnable letter) {
      lock.lock();
      try {
        letter.run();
        arrived.signalAll();
      } finally {
        lock.unlock();
      }
    }

    float[] takeFloats(int number) {
      return take(
          () -> {
            Deque<float[]> queue = floats.get(number);
            return queue == null ? null : queue.poll();
          });
    }

    String takeText() {
      return take(texts::poll);
    }

    private <T> T take(Supplier<T> poll) {
      long left = patience.toNanos();
      lock.lock();
      try {
        for (T letter = poll.get(); true; letter = poll.get()) {
          if (letter != null) {
            return letter;
          }
          if (lost != null) {
            throw silently ? new LostWorkerException(lost, null) : new AlexNetException(lost);
          }
          if (left <= 0) {
            throw new AlexNetException(
                "Worker %d has sent nothing for %d seconds."
                    .formatted(channel.other() + 1, patience.toSeconds()));
          }
          left = arrived.awaitNanos(left);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AlexNetException(
            "Interrupted while waiting for worker %d.".formatted(channel.other() + 1), e);
      } finally {
        lock.unlock();
      }
    }

    void sendFloats(int number, float[] values, int from, int count) throws IOException {
      int total = Math.multiplyExact(count, Float.BYTES);
      writing.lock();
      try {
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
      return ByteBuffer.wrap(frame)
          .putInt(kind.ordinal())
          .putInt(number)
          .putInt(total)
          .putInt(done);
    }

    /** What the other said last, where a connection that it has closed cannot be written to. */
    AlexNetException broken(IOException e) {
      String why = awaitEnd(FAREWELL);
      if (why == null) {
        why = "Worker %d is lost (%s).".formatted(channel.other() + 1, e.getMessage());
        return new LostWorkerException(why, e);
      }
      return silently ? new LostWorkerException(why, e) : new AlexNetException(why, e);
    }

    /** Why nothing more comes; null if that cannot be said in time. */
    String awaitEnd(Duration time) {
      long left = time.toNanos();
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
  }

  private Line line(int other) {
    Line line = lines.get(other);
    if (line == null) {
      throw new IllegalArgumentException("%s knows no worker %d".formatted(worker, other));
    }
    return line;
  }

  @Override
  public Worker worker() {
    return worker;
  }

  @Override
  public void send(int to, int number, float[] values, int from, int count) {
    long start = System.nanoTime();
    Line line = line(to);
    try {
      line.sendFloats(number, values, from, count);
    } catch (IOException e) {
      throw line.broken(e);
    } finally {
      nanos.addAndGet(System.nanoTime() - start);
    }
  }

  @Override
  public void receive(int from, int number, float[] values, int at, int count) {
    long start = System.nanoTime();
    try {
      Line line = line(from);
      float[] message = line.takeFloats(number);
      if (message.length != count) {
        throw new AlexNetException(
            "Worker %d has sent %d values as message %d, where %d were due; all workers must run the same program."
                .formatted(from + 1, message.length, number, count));
      }
      System.arraycopy(message, 0, values, at, count);
      line.keep(message);
    } finally {
      nanos.addAndGet(System.nanoTime() - start);
    }
  }

  @Override
  public boolean agreed(boolean own) {
    float[] answer = {own ? 1 : 0};
    if (worker.first()) {
      lines.keySet().forEach(other -> send(other, AGREEMENT, answer, 0, 1));
    } else {
      receive(0, AGREEMENT, answer, 0, 1);
    }
    return answer[0] != 0;
  }

  @Override
  public List<String> gathered(String own) {
    for (Line line : lines.values()) {
      try {
        line.sendText(Kind.TEXT, own);
      } catch (IOException e) {
        throw line.broken(e);
      }
    }
    List<String> all = new ArrayList<>();
    for (int other = 0; other < worker.count(); other++) {
      all.add(other == worker.index() ? own : line(other).takeText());
    }
    return all;
  }

  @Override
  public double seconds() {
    return nanos.get() * 1e-9;
  }

  /** Tells the others that this worker gives up, and why; they then do so too. */
  public void fail(String why) {
    end(Kind.FAILURE, why);
  }

  /** Tells the others that this worker is done, and leaves them. */
  @Override
  public void close() {
    end(Kind.END, "");
  }

  private void end(Kind kind, String text) {
    for (Line line : lines.values()) {
      try {
        line.sendText(kind, text);
        line.channel.finish();
      } catch (IOException e) {
        // It has gone before.
      }
    }
    // What is closed before all has been read may take with it what was sent.
    lines.values().forEach(line -> line.awaitEnd(FAREWELL));
    lines.values().forEach(line -> close(line.channel));
  }
}
