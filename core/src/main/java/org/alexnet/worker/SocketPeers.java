package org.alexnet.worker;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.alexnet.backend.Peers;
import org.alexnet.program.Placement.Worker;

/** Other workers at the other end of one {@link Line} each. */
public final class SocketPeers implements Peers, AutoCloseable {
  private final Worker worker;
  private final Map<Integer, Line> lines; // by worker
  private final AtomicLong nanos = new AtomicLong();
  private volatile boolean confidential;

  SocketPeers(Worker worker, Map<Integer, Line> lines, Duration patience) {
    this.worker = worker;
    this.lines = Map.copyOf(lines);
    lines.values().forEach(line -> line.start(patience));
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
  public boolean confidential() {
    return confidential;
  }

  /** Keeps a backend from ways of its own to other workers, which need not be encrypted. */
  public void keepConfidential() {
    confidential = true;
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
  public void receive(int from, int number, float[] values, int at, int count, Runnable meanwhile) {
    long start = System.nanoTime();
    Line line = line(from);
    try {
      line.take(number, values, at, count, meanwhile);
    } catch (IOException e) {
      throw line.broken(e);
    } finally {
      nanos.addAndGet(System.nanoTime() - start);
    }
  }

  @Override
  public void requireAll() {
    lines.values().forEach(Line::requireThere);
  }

  @Override
  public List<String> gathered(String own) {
    for (Line line : lines.values()) {
      try {
        line.sendText(Line.Kind.TEXT, own);
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
    end(Line.Kind.FAILURE, why);
  }

  /** Tells the others that this worker is done, and leaves them. */
  @Override
  public void close() {
    end(Line.Kind.END, "");
  }

  private void end(Line.Kind kind, String text) {
    lines.values().forEach(line -> line.end(kind, text));
    // What is closed before all has been read may take with it what was sent.
    lines.values().forEach(Line::awaitEnd);
    lines.values().forEach(Line::close);
  }
}
