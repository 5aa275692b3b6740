package org.alexnet.worker;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.alexnet.backend.MailPeers;
import org.alexnet.program.Placement.Worker;

/** Workers that are threads of one process and talk over sockets. */
public final class ConnectedWorkers {
  private static final String HOST = "127.0.0.1";
  private static final byte[] SECRET = new byte[32];

  private ConnectedWorkers() {}

  /**
   * Runs as many workers at once, and returns what each of them says.
   *
   * @param patience how long one waits for another
   */
  public static <T> List<T> together(
      int workers, Duration patience, Function<SocketPeers, T> work) {
    return together(workers, patience, SharedMemory.FOLDER, work);
  }

  /** As that, of workers that share memory in a folder if it is one. */
  static <T> List<T> together(
      int workers, Duration patience, Path folder, Function<SocketPeers, T> work) {
    List<Meeting> meetings =
        Stream.generate(() -> Meeting.at(HOST, 0, 0).sharing(folder)).limit(workers).toList();
    List<InetSocketAddress> addresses =
        meetings.stream().map(meeting -> new InetSocketAddress(HOST, meeting.port())).toList();
    return MailPeers.all(
        workers,
        index -> {
          Worker worker = new Worker(index, workers);
          try (SocketPeers peers =
              meetings.get(index).connect(worker, addresses, SECRET, patience)) {
            return work.apply(peers);
          }
        });
  }
}
