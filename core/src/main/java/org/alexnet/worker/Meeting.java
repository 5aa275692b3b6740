package org.alexnet.worker;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.alexnet.AlexNetException;
import org.alexnet.UsageException;
import org.alexnet.program.Placement.Worker;

/**
 * Where a worker waits for others: an open port. Whoever brings workers together tells each of them
 * the addresses of all.
 */
public final class Meeting implements AutoCloseable {
  /** How long a stranger may take to greet. */
  private static final Duration GREETING = Duration.ofSeconds(10);

  /** Strangers that are listened to at once. */
  private static final int STRANGERS = 64;

  private static final int ANY = 0;
  private static final int LAST_PORT = 65535;

  private final ServerSocket server;
  private Path memory = SharedMemory.FOLDER;

  private Meeting(ServerSocket server) {
    this.server = server;
  }

  /**
   * Opens a port of this machine.
   *
   * @param host the name or address that others reach it by
   * @param port 0 for any
   * @param tries how many ports after that one are tried as well
   * @return the open port
   * @throws AlexNetException if all of them are in use, or the name is not one of this machine
   */
  public static Meeting at(String host, int port, int tries) {
    if (port < ANY || port > LAST_PORT) {
      throw new UsageException(
          "The port of workers is %d; it must be from 0 to %d.".formatted(port, LAST_PORT));
    }
    int last = port == ANY ? port : Math.min(LAST_PORT, port + tries);
    for (int next = port; next <= last; next++) {
      ServerSocket server = null;
      try {
        server = new ServerSocket();
        server.bind(new InetSocketAddress(InetAddress.getByName(host), next));
        return new Meeting(server);
      } catch (BindException e) {
        close(server); // and the next one
        if (next == last) {
          throw new AlexNetException(
              "No port from %d to %d of %s can be opened (%s); choose another, or 0 for any that is free."
                  .formatted(port, last, host, e.getMessage()),
              e);
        }
      } catch (IOException e) {
        close(server);
        throw new AlexNetException(
            "No port of %s can be opened: %s.".formatted(host, e.getMessage()), e);
      }
    }
    throw new IllegalStateException("no port was tried");
  }

  /** Shares memory with other workers in this folder, if it is one. */
  Meeting sharing(Path folder) {
    memory = folder;
    return this;
  }

  private static void close(ServerSocket server) {
    try {
      if (server != null) {
        server.close();
      }
    } catch (IOException e) {
      // It was not open.
    }
  }

  /** The port that is open. */
  public int port() {
    return server.getLocalPort();
  }

  /**
   * Connects this worker with all others.
   *
   * @param worker this one
   * @param addresses where each of them waits, in their order
   * @param secret that all of them know and nobody else does, at least 16 bytes
   * @param patience how long others may take to come, and later to send what is waited for
   * @return the others
   * @throws AlexNetException naming a worker that does not come
   */
  public SocketPeers connect(
      Worker worker, List<InetSocketAddress> addresses, byte[] secret, Duration patience) {
    if (addresses.size() != worker.count() || secret.length < 16) {
      throw new IllegalArgumentException(
          "%d addresses for %s, a secret of %d bytes"
              .formatted(addresses.size(), worker, secret.length));
    }
    if (worker.hasPeers()) {
      SecureChannel.warmUp();
    }
    long end = System.nanoTime() + patience.toNanos();
    Map<Integer, Line> lines = new HashMap<>();
    try {
      for (int other = 0; other < worker.index(); other++) {
        lines.put(other, call(worker, other, addresses.get(other), secret, end));
      }
      accept(worker, secret, lines, end, patience);
      return new SocketPeers(worker, lines, patience);
    } catch (RuntimeException e) {
      lines.values().forEach(Line::close);
      throw e;
    }
  }

  /** Calls a worker, which waits already. */
  private Line call(Worker worker, int other, InetSocketAddress address, byte[] secret, long end) {
    Socket socket = new Socket();
    try {
      socket.connect(address, milliseconds(end));
      return greet(socket, secret, worker.index(), other, worker.count(), end);
    } catch (IOException e) {
      close(socket);
      throw new AlexNetException(
          "Worker %d does not answer at %s (%s); that machine and port must be open to the others."
              .formatted(other + 1, address, e.getMessage()),
          e);
    }
  }

  private static int milliseconds(long end) {
    long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
    return Math.clamp(left, 1, Integer.MAX_VALUE);
  }

  private Line greet(Socket socket, byte[] secret, int own, int expected, int workers, long end)
      throws IOException {
    socket.setTcpNoDelay(true);
    socket.setSoTimeout((int) Math.min(GREETING.toMillis(), milliseconds(end)));
    SecureChannel channel = SecureChannel.over(socket, secret, own, expected, workers);
    SharedMemory shared = SharedMemory.with(channel, memory);
    socket.setSoTimeout(0);
    // A machine that is gone without a word is found so in half a minute.
    socket.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
    set(socket, "TCP_KEEPIDLE", 10);
    set(socket, "TCP_KEEPINTERVAL", 5);
    set(socket, "TCP_KEEPCOUNT", 4);
    return new Line(channel, shared);
  }

  /** Sets an option that not every system has. */
  @SuppressWarnings("unchecked") // its values have the type that it names
  private static void set(Socket socket, String name, int value) throws IOException {
    for (SocketOption<?> option : socket.supportedOptions()) {
      if (option.name().equals(name) && option.type() == Integer.class) {
        socket.setOption((SocketOption<Integer>) option, value);
      }
    }
  }

  /** Waits for the workers behind this one. Whoever does not know the secret is let go. */
  private void accept(
      Worker worker, byte[] secret, Map<Integer, Line> lines, long end, Duration patience) {
    BlockingQueue<Line> come = new LinkedBlockingQueue<>();
    Thread door = Thread.ofVirtual().start(() -> greetAll(worker, secret, come, end));
    try {
      while (lines.size() + 1 < worker.count()) {
        Line line = come.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
        if (line == null) {
          throw missing(worker, lines, patience);
        }
        boolean awaited = line.other() > worker.index();
        if (!awaited || lines.putIfAbsent(line.other(), line) != null) {
          line.close();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AlexNetException("Interrupted while waiting for other workers.", e);
    } finally {
      close();
      door.interrupt();
    }
  }

  private static AlexNetException missing(
      Worker worker, Map<Integer, Line> lines, Duration patience) {
    List<String> missing = new ArrayList<>();
    for (int other = worker.index() + 1; other < worker.count(); other++) {
      if (!lines.containsKey(other)) {
        missing.add(String.valueOf(other + 1));
      }
    }
    return new AlexNetException(
        "Worker %d has waited %d seconds in vain for worker %s."
            .formatted(worker.index() + 1, patience.toSeconds(), String.join(", ", missing)));
  }

  private void greetAll(Worker worker, byte[] secret, BlockingQueue<Line> come, long end) {
    Semaphore seats = new Semaphore(STRANGERS);
    try {
      while (!server.isClosed()) {
        seats.acquire();
        Socket socket = server.accept();
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    come.add(greet(socket, secret, worker.index(), -1, worker.count(), end));
                  } catch (IOException e) {
                    close(socket); // not one of the workers
                  } finally {
                    seats.release();
                  }
                });
      }
    } catch (SocketException e) {
      // The port was closed: all are there, or nobody is waited for any more.
    } catch (IOException e) {
      close(); // those who wait are told by the clock
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // Nothing was to be read from it.
    }
  }

  @Override
  public void close() {
    close(server);
  }
}
