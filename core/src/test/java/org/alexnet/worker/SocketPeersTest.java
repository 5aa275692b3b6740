package org.alexnet.worker;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.alexnet.AlexNetException;
import org.alexnet.backend.MailPeers;
import org.alexnet.backend.Peers;
import org.alexnet.program.Placement.Worker;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SocketPeersTest {
  private static final String HOST = "127.0.0.1";
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final Duration SHORT = Duration.ofMillis(700);
  private static final byte[] SECRET = new byte[32];

  private static InetSocketAddress address(int port) {
    return new InetSocketAddress(HOST, port);
  }

  /** Runs workers at once, each of which ends as it should. */
  private static <T> List<T> together(int workers, Function<SocketPeers, T> work) {
    return ConnectedWorkers.together(workers, LONG, work);
  }

  private static float[] values(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = Float.intBitsToFloat(random.nextInt());
    }
    return values;
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    Arrays.setAll(bits, i -> Float.floatToRawIntBits(values[i]));
    return bits;
  }

  // What arrives.

  @TempDir Path dir;

  private Path folder(boolean sharing) {
    return sharing ? dir : dir.resolve("none");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void valuesOfAnyNumberArriveBitForBitInWhateverOrderTheyAreAskedFor(boolean sharing) {
    int[] sizes = {1, 0, 7, 262_143, 262_144, 1_000_003};
    ConnectedWorkers.together(
        3,
        LONG,
        folder(sharing),
        peers -> {
          int own = peers.worker().index();
          for (int other = 0; other < 3; other++) {
            for (int i = 0; i < sizes.length && other != own; i++) {
              float[] sent = values(sizes[i] + 2, 100 * own + 10 * other + i);
              peers.send(other, i, sent, 1, sizes[i]);
              peers.send(other, i, sent, 0, sizes[i]);
            }
          }
          for (int other = 0; other < 3; other++) {
            for (int i = sizes.length - 1; i >= 0 && other != own; i--) {
              float[] sent = values(sizes[i] + 2, 100 * other + 10 * own + i);
              for (int from : new int[] {1, 0}) {
                float[] got = new float[sizes[i] + 5];
                peers.receive(other, i, got, 3, sizes[i]);
                assertArrayEquals(
                    bits(Arrays.copyOfRange(sent, from, from + sizes[i])),
                    bits(Arrays.copyOfRange(got, 3, 3 + sizes[i])));
              }
            }
          }
          return null;
        });
  }

  @Test
  void theFirstDecidesForAllAndAllHearAll() {
    List<List<String>> heard =
        together(
            4,
            peers -> {
              int own = peers.worker().index();
              peers.decide(own == 0 ? 3 : -1); // heard when it is asked for
              peers.decide(own == 0 ? 4 : -1);
              assertEquals(3, peers.decided(own == 0 ? 3 : -1));
              assertEquals(4, peers.decided(own == 0 ? 4 : -1));
              assertTrue(peers.agreed(own == 0));
              assertEquals(false, peers.agreed(own != 0));
              return peers.gathered("I am " + own);
            });
    heard.forEach(all -> assertEquals(List.of("I am 0", "I am 1", "I am 2", "I am 3"), all));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSumIsAddedUpInTheOrderOfTheWorkersForAll(boolean sharing) {
    int count = 2 * Peers.SLICE + 5;
    float[] expected = new float[count];
    for (int worker = 0; worker < 3; worker++) {
      float[] own = moderate(count, worker);
      for (int i = 0; i < count; i++) {
        expected[i] = worker == 0 ? own[i] : expected[i] + own[i];
      }
    }
    List<float[]> sums =
        ConnectedWorkers.together(
            3,
            LONG,
            folder(sharing),
            peers -> {
              float[] values = moderate(count, peers.worker().index());
              peers.sum(values);
              return values;
            });
    sums.forEach(sum -> assertArrayEquals(bits(expected), bits(sum)));
  }

  private static float[] moderate(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
    return values;
  }

  // What goes wrong.

  /** Two workers, the first of which does something of its own; what the second is told. */
  private static String told(Function<SocketPeers, Void> first) {
    List<Meeting> meetings = List.of(Meeting.at(HOST, 0, 0), Meeting.at(HOST, 0, 0));
    List<InetSocketAddress> addresses =
        meetings.stream().map(meeting -> address(meeting.port())).toList();
    return MailPeers.all(
            2,
            index -> {
              SocketPeers peers =
                  meetings
                      .get(index)
                      .connect(new Worker(index, 2), addresses, SECRET, index == 0 ? LONG : SHORT);
              if (index == 0) {
                first.apply(peers);
                return null;
              }
              try (peers) {
                return assertThrows(
                        AlexNetException.class, () -> peers.receive(0, 5, new float[9], 0, 9))
                    .getMessage();
              }
            })
        .getLast();
  }

  @Test
  void oneThatGivesUpSaysWhy() {
    String told =
        told(
            peers -> {
              peers.fail("photos/a.jpg cannot be read.");
              return null;
            });
    assertEquals("Worker 1: photos/a.jpg cannot be read.", told);
  }

  @Test
  void oneThatEndsEarlyIsMissed() {
    String told =
        told(
            peers -> {
              peers.close();
              return null;
            });
    assertEquals("Worker 1 has ended.", told);
  }

  @Test
  void oneThatIsSilentIsNotWaitedForForever() {
    String told =
        told(
            peers -> {
              assertThrows(AlexNetException.class, () -> peers.receive(1, 5, new float[1], 0, 1));
              peers.close();
              return null;
            });
    assertEquals("Worker 1 has sent nothing for 0 seconds.", told);
  }

  @Test
  void anotherNumberOfValuesIsRefused() {
    String told =
        told(
            peers -> {
              peers.send(1, 5, new float[8], 0, 8);
              assertThrows(AlexNetException.class, () -> peers.receive(1, 5, new float[1], 0, 1));
              peers.close();
              return null;
            });
    assertEquals(
        "Worker 1 has sent 8 values as message 5, where 9 were due; all workers must run the same"
            + " program.",
        told);
  }

  @Test
  void whoWaitsLooksAtOtherThingsMeanwhile() {
    together(
        2,
        peers -> {
          int other = 1 - peers.worker().index();
          AtomicInteger looks = new AtomicInteger();
          Runnable look =
              () -> {
                if (looks.incrementAndGet() == 3) {
                  throw new IllegalStateException("seen");
                }
              };
          IllegalStateException e =
              assertThrows(
                  IllegalStateException.class,
                  () -> peers.receive(other, 5, new float[1], 0, 1, look));
          assertEquals("seen", e.getMessage());
          peers.requireAll();
          peers.gathered("seen"); // the other no longer waits
          peers.send(other, 5, new float[] {7}, 0, 1);
          float[] got = new float[1];
          peers.receive(other, 5, got, 0, 1, () -> {});
          return got[0];
        });
  }

  /** What it took part in may not be over here yet; one that gives up will not go on with it. */
  @Test
  void aWorkerThatHasEndedIsNotLostAtOnceAndOneThatGivesUpIs() {
    for (boolean ends : new boolean[] {true, false}) {
      together(
          2,
          peers -> {
            if (peers.worker().first()) {
              if (!ends) {
                peers.fail("There is no disk.");
              }
              return null;
            }
            String why = ends ? "Worker 1 has ended." : "Worker 1: There is no disk.";
            Executable wait = () -> peers.receive(0, 5, new float[1], 0, 1);
            assertEquals(why, assertThrows(AlexNetException.class, wait).getMessage());
            if (ends) {
              peers.requireAll();
            } else {
              Executable ask = peers::requireAll;
              assertEquals(why, assertThrows(AlexNetException.class, ask).getMessage());
            }
            return null;
          });
    }
  }

  @Test
  void whoeverDoesNotKnowTheSecretDoesNotJoin() {
    Meeting first = Meeting.at(HOST, 0, 0);
    Meeting second = Meeting.at(HOST, 0, 0);
    List<InetSocketAddress> addresses = List.of(address(first.port()), address(second.port()));
    byte[] other = SECRET.clone();
    other[31] ^= 1;
    List<String> told =
        MailPeers.all(
            2,
            index ->
                assertThrows(
                        AlexNetException.class,
                        () ->
                            (index == 0 ? first : second)
                                .connect(
                                    new Worker(index, 2),
                                    addresses,
                                    index == 0 ? SECRET : other,
                                    SHORT))
                    .getMessage());
    assertEquals("Worker 1 has waited 0 seconds in vain for worker 2.", told.getFirst());
    assertTrue(told.getLast().startsWith("Worker 1 does not answer at "), told.getLast());
  }

  @Test
  void strangersAreLetGoAndDisturbNobody() throws IOException {
    List<Meeting> meetings = List.of(Meeting.at(HOST, 0, 0), Meeting.at(HOST, 0, 0));
    List<InetSocketAddress> addresses =
        meetings.stream().map(meeting -> address(meeting.port())).toList();
    List<Socket> strangers = new ArrayList<>();
    try {
      for (int i = 0; i < 8; i++) {
        Socket stranger = new Socket(HOST, addresses.getFirst().getPort());
        strangers.add(stranger);
        if (i % 2 == 0) {
          stranger.getOutputStream().write(new byte[500 * i]);
        }
      }
      List<Boolean> agreed =
          MailPeers.all(
              2,
              index -> {
                try (SocketPeers peers =
                    meetings.get(index).connect(new Worker(index, 2), addresses, SECRET, LONG)) {
                  return peers.agreed(true);
                }
              });
      assertEquals(List.of(true, true), agreed);
    } finally {
      for (Socket stranger : strangers) {
        stranger.close();
      }
    }
  }

  /** Whatever byte between two workers is changed, none of them takes it for the other's. */
  @Test
  void whatIsChangedOnTheWayIsRefused() throws IOException {
    for (int at : new int[] {3, 20, 47, 50, 60, 90, 100, 150, 400}) {
      Meeting first = Meeting.at(HOST, 0, 0);
      Meeting second = Meeting.at(HOST, 0, 0);
      try (ServerSocket between = new ServerSocket()) {
        between.bind(address(0));
        Thread thief = Thread.ofVirtual().start(() -> relay(between, first.port(), at));
        List<InetSocketAddress> addresses =
            List.of(address(between.getLocalPort()), address(second.port()));
        List<String> told =
            MailPeers.all(
                2,
                index -> {
                  Meeting own = index == 0 ? first : second;
                  try (SocketPeers peers =
                      own.connect(new Worker(index, 2), addresses, SECRET, SHORT)) {
                    if (index == 1) {
                      peers.send(0, 1, new float[100], 0, 100);
                    }
                    peers.receive(1 - index, 1, new float[100], 0, 100);
                    return "";
                  } catch (AlexNetException e) {
                    return e.getMessage();
                  }
                });
        assertTrue(told.getFirst().matches("Worker .*"), at + ": " + told);
        thief.interrupt();
      }
    }
  }

  /** Carries bytes to and fro, but for one on the way to the first worker. */
  private static void relay(ServerSocket between, int port, int at) {
    try (Socket from = between.accept();
        Socket to = new Socket(HOST, port)) {
      Thread back = Thread.ofVirtual().start(() -> copy(to, from, -1));
      copy(from, to, at);
      back.join();
    } catch (IOException e) {
      // One of them has gone, as it should.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void copy(Socket from, Socket to, int at) {
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      int number = 0;
      for (int next = in.read(); next >= 0; next = in.read()) {
        out.write(number++ == at ? next ^ 0x10 : next);
      }
      to.shutdownOutput();
    } catch (IOException e) {
      // One of them has gone, as it should.
    }
  }

  // Ports.

  @Test
  void aPortInUseIsPassedOverOrNamed() throws IOException {
    try (ServerSocket taken = new ServerSocket()) {
      taken.bind(address(0));
      int port = taken.getLocalPort();
      String told =
          assertThrows(AlexNetException.class, () -> Meeting.at(HOST, port, 0)).getMessage();
      assertTrue(
          told.matches(
              "No port from %d to %d of %s can be opened \\(.*\\); choose another, or 0 .*"
                  .formatted(port, port, HOST)),
          told);
      try (Meeting next = Meeting.at(HOST, port, 20)) {
        assertTrue(next.port() > port && next.port() <= port + 20, next.port() + "");
      }
    }
    assertThrows(AlexNetException.class, () -> Meeting.at("no.such.host.invalid", 0, 0));
    assertEquals(
        "The port of workers is 70000; it must be from 0 to 65535.",
        assertThrows(AlexNetException.class, () -> Meeting.at(HOST, 70_000, 0)).getMessage());
  }

  @Test
  void oneThatNeverComesIsNamed() {
    Meeting first = Meeting.at(HOST, 0, 0);
    List<InetSocketAddress> addresses = List.of(address(first.port()), address(1), address(1));
    assertEquals(
        "Worker 1 has waited 0 seconds in vain for worker 2, 3.",
        assertThrows(
                AlexNetException.class,
                () -> first.connect(new Worker(0, 3), addresses, SECRET, SHORT))
            .getMessage());
  }
}
