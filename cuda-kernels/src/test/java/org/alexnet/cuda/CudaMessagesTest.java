package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.backend.MailPeers;
import org.alexnet.backend.MessageOrderContract;
import org.alexnet.backend.NetworkRig;
import org.alexnet.backend.Peers;
import org.alexnet.backend.Precision;
import org.alexnet.backend.TestNetworks;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.cuda.convolution.AlgorithmSearch.Want;
import org.alexnet.cuda.device.Resource;
import org.alexnet.model.Models;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Parallelism;
import org.alexnet.program.Placement;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What happens on a device while messages to and from other workers are under way. */
@Tag(StandInCount.STAND_IN)
class CudaMessagesTest extends MessageOrderContract {
  private static final int BATCH = 4;

  private int before;
  private CudaBackend untried; // whose plans are only looked at

  @BeforeEach
  void count() {
    before = Resource.live();
  }

  @AfterEach
  void check() {
    if (untried != null) {
      untried.close();
    }
    StandInBackend.check(before);
  }

  private static CudaBackend open(Precision precision, int devices, Peers peers) {
    return StandInBackend.sharing(precision, devices, peers);
  }

  @Override
  protected Lowered lower(CompiledNetwork programs) {
    if (untried == null) {
      untried = open(Precision.BF16, 2, Peers.NONE);
    }
    return untried.lower(programs, Want.UNTRIED);
  }

  @Override
  protected Stream<Network> networks() {
    return Stream.concat(
        TestNetworks.small().stream(), Stream.of(Models.named("alexnet-32").network()));
  }

  private static CompiledNetwork programs(Peers peers, Integer... devices) {
    List<Integer> all =
        Stream.generate(() -> List.of(devices))
            .limit(peers.worker().count())
            .flatMap(List::stream)
            .toList();
    Placement placement = new Placement(all, Parallelism.DATA, peers.worker());
    return CompiledNetwork.of(TestNetworks.columns(), BATCH, placement, List.of());
  }

  /** A message passes through the process. */
  @Test
  void stepsWithMessagesAreNotRecorded() {
    long graphs = StandInBackend.GPU ? 0 : StandIn.counts().graphLaunches();
    MailPeers.together(
        2,
        peers -> {
          try (CudaBackend backend = open(Precision.FP32, 1, peers);
              NetworkRig rig = new NetworkRig(backend, programs(peers, 0))) {
            return rig.trainSteps(3).learned();
          }
        });
    assertEquals(graphs, StandInBackend.GPU ? 0 : StandIn.counts().graphLaunches());
  }

  /** What the first of two workers sees of another that sends ones, until it is lost. */
  private static final class Lost implements Peers {
    private final boolean sending;
    private final AtomicInteger left;
    private final AlexNetException why = new AlexNetException("Worker 2 is lost.");

    /**
     * @param sending whether it is noticed by the one who sends, or by the one who waits
     * @param messages that go well before
     */
    Lost(boolean sending, int messages) {
      this.sending = sending;
      this.left = new AtomicInteger(messages);
    }

    private void pass(boolean sends) {
      if (sends == sending && left.getAndDecrement() <= 0) {
        throw why;
      }
    }

    @Override
    public Placement.Worker worker() {
      return new Placement.Worker(0, 2);
    }

    @Override
    public void send(int to, int number, float[] values, int from, int count) {
      pass(true);
    }

    @Override
    public void receive(
        int from, int number, float[] values, int at, int count, Runnable meanwhile) {
      pass(false);
      Arrays.fill(values, at, at + count, 1);
    }

    @Override
    public List<String> gathered(String own) {
      return List.of(own, own);
    }

    @Override
    public double seconds() {
      return 0;
    }
  }

  /** Whichever message is the last: what was lost is said, and all is given back. */
  @ParameterizedTest
  @CsvSource({"false, FP32", "true, FP32", "true, BF16"})
  void aLostWorkerIsSaidAndNothingIsLeft(boolean sending, Precision precision) {
    int messages = 0;
    while (isNoticed(sending, precision, messages)) {
      StandInBackend.check(before);
      messages += 5;
    }
    assertTrue(messages > 20, messages + " messages");
  }

  /** Trains two steps on two devices; whether the other was lost before their end. */
  private static boolean isNoticed(boolean sending, Precision precision, int messages) {
    Lost peers = new Lost(sending, messages);
    try (CudaBackend backend = open(precision, 2, peers);
        NetworkRig rig = new NetworkRig(backend, programs(peers, 0, 1))) {
      rig.trainSteps(2);
      return false;
    } catch (AlexNetException e) {
      assertSame(peers.why, e);
      return true;
    }
  }
}
