package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.alexnet.AlexNetException;
import org.alexnet.backend.NetworkRig;
import org.alexnet.backend.Precision;
import org.alexnet.backend.TestNetworks;
import org.alexnet.cuda.device.Resource;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Parallelism;
import org.alexnet.program.Placement;
import org.alexnet.worker.ConnectedWorkers;
import org.alexnet.worker.SocketPeers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Two workers, one of which does not go on: the other hears why, wherever it waits. Their patience
 * is so long that a test which runs into it has another sentence.
 */
@Tag(StandInCount.STAND_IN)
class CudaLostWorkersTest {
  private static final int WORKERS = 2;
  private static final int BATCH = 6;
  private static final int STEPS = 4;
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private int before;

  @BeforeEach
  void count() {
    Assumptions.assumeFalse(StandInBackend.GPU, "the stand-in fails");
    StandInBackend.deterministic(Precision.FP32, 1).close(); // the libraries are loaded
    before = Resource.live();
  }

  @AfterEach
  void check() {
    if (!StandInBackend.GPU) {
      StandInBackend.check(before);
      StandIn.reset();
      StandIn.heal();
    }
  }

  /**
   * Why each worker has ended; empty for one that is done.
   *
   * @param ordered whether gradients are messages, and not added up by NCCL
   * @param second what the second worker does in place of some steps
   */
  private static List<String> ends(boolean ordered, int devices, Consumer<NetworkRig> second) {
    return ConnectedWorkers.together(
        WORKERS,
        PATIENCE,
        peers -> {
          try {
            train(peers, ordered, devices, second);
            return "";
          } catch (AlexNetException e) {
            peers.fail(e.getMessage());
            return e.getMessage();
          }
        });
  }

  private static void train(
      SocketPeers peers, boolean ordered, int devices, Consumer<NetworkRig> second) {
    List<Integer> all =
        IntStream.range(0, WORKERS * devices).map(shard -> shard % devices).boxed().toList();
    CompiledNetwork programs =
        CompiledNetwork.of(
            TestNetworks.odd(),
            BATCH,
            new Placement(all, Parallelism.DATA, peers.worker()),
            List.of());
    try (CudaBackend backend =
            StandInBackend.ofWorker(
                StandInBackend.options(Precision.FP32, devices, ordered, true).with(peers), true);
        NetworkRig rig = new NetworkRig(backend, programs)) {
      if (peers.worker().first()) {
        rig.trainSteps(STEPS);
      } else {
        second.accept(rig);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"false, 1, 0", "false, 2, 1", "false, 1, 2", "true, 1, 1"})
  void aWorkerThatGivesUpEndsTheOther(boolean ordered, int devices, int steps) {
    String why = "There is no disk.";
    List<String> ends =
        ends(
            ordered,
            devices,
            rig -> {
              rig.trainSteps(steps);
              throw new AlexNetException(why);
            });
    assertEquals(List.of("Worker 2: " + why, why), ends);
  }

  @ParameterizedTest
  @CsvSource({"false, 0", "false, 2", "true, 2"})
  void aWorkerThatEndsTooEarlyEndsTheOther(boolean ordered, int steps) {
    List<String> ends = ends(ordered, 1, rig -> rig.trainSteps(steps));
    assertEquals(List.of("Worker 2 has ended.", ""), ends);
  }

  /** The last device of the second worker fails after so many operations. */
  @ParameterizedTest
  @CsvSource({
    "false, 1, 1",
    "false, 1, 40",
    "false, 2, 70",
    "false, 2, 110",
    "false, 1, 150",
    "true, 1, 40",
    "true, 2, 90"
  })
  void aFaultOfADeviceEndsAllWorkers(boolean ordered, int devices, int operations) {
    int last = WORKERS * devices - 1;
    List<String> ends =
        ends(
            ordered,
            devices,
            rig -> {
              StandIn.loseDevice(last, operations);
              rig.trainSteps(STEPS);
            });
    assertTrue(ends.getLast().startsWith("CUDA could not "), ends.toString());
    assertTrue(ends.getLast().contains("cuda:" + last), ends.toString());
    assertEquals("Worker 2: " + ends.getLast(), ends.getFirst());
  }
}
