package org.alexnet.pictures.watch;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;

/**
 * A page on this machine that follows runs while they train, also in other processes. It reads the
 * files of the runs and changes nothing; while no browser looks, it does not read either. Safe for
 * several threads.
 */
public final class Watch implements AutoCloseable {
  private static final long INTERVAL_MILLIS = 1000;
  private static final long LONGEST_MILLIS = 5000;

  /** Reading takes at most this share of the time, whatever a training beside it needs. */
  private static final double SHARE = 0.005;

  private final Board board = new Board();
  private final HttpServer server;
  private final ExecutorService requests = Executors.newVirtualThreadPerTaskExecutor();
  private final Pages pages;
  private volatile boolean closed;

  private Watch(HttpServer server) {
    this.server = server;
    this.pages = new Pages(board, new Guard(server.getAddress().getPort()));
    server.setExecutor(requests);
    server.createContext("/", pages);
    server.start();
    Thread.ofPlatform().daemon().name("watch").start(this::follow);
  }

  /**
   * Serves the page, at first about no run.
   *
   * @param port 0 for any that is free
   * @return the page, to be closed after use
   * @throws AlexNetException if the port cannot be had
   */
  public static Watch start(int port) {
    try {
      InetAddress here = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
      return new Watch(HttpServer.create(new InetSocketAddress(here, port), 0));
    } catch (BindException e) {
      throw new AlexNetException(
          Message.of(
              "Port %d cannot be used (%s): end the program that uses it, or give another %s.",
              port, e.getMessage(), Setting.PORT),
          e);
    } catch (IOException e) {
      throw new AlexNetException("The live page cannot be served: " + e.getMessage(), e);
    }
  }

  /**
   * Checks that there is something to follow.
   *
   * @param places runs and folders of runs
   * @throws AlexNetException if a place is neither a run nor a folder that holds one, or cannot be
   *     read
   */
  public static void requireRuns(List<Path> places) {
    for (Path place : places) {
      if (Board.runs(place).isEmpty()) {
        throw new AlexNetException(
            Message.of(
                "%s is no run and holds none; give the folder that train wrote, or one that holds"
                    + " such folders (%s).",
                place, Setting.OUT));
      }
    }
  }

  /**
   * Also follows a run, or all runs in a folder, those that begin later among them.
   *
   * @param place which need not be there yet
   */
  public void add(Path place) {
    board.add(place.normalize());
  }

  /**
   * Where the page is.
   *
   * @return its address, for a browser on this machine
   */
  public String address() {
    return "http://127.0.0.1:%d/".formatted(server.getAddress().getPort());
  }

  private void follow() {
    double rest = INTERVAL_MILLIS;
    while (!closed) {
      try {
        Thread.sleep((long) rest);
        if (pages.watched()) {
          long begin = System.nanoTime();
          board.update();
          double millis = (System.nanoTime() - begin) * 1e-6;
          rest = Math.clamp(millis / SHARE, INTERVAL_MILLIS, LONGEST_MILLIS);
        }
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  /** Ends the page. */
  @Override
  public void close() {
    closed = true;
    server.stop(0);
    requests.shutdownNow();
  }
}
