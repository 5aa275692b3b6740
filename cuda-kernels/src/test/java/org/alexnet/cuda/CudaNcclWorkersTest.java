package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.alexnet.LongTest;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.MailPeers;
import org.alexnet.backend.NetworkRig;
import org.alexnet.backend.Peers;
import org.alexnet.backend.PlanCheck;
import org.alexnet.backend.Precision;
import org.alexnet.backend.StepResult;
import org.alexnet.backend.TestNetworks;
import org.alexnet.backend.plan.Kernel;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.backend.plan.MemoryPlan;
import org.alexnet.backend.plan.MemoryPlanner;
import org.alexnet.cuda.device.Resource;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Parallelism;
import org.alexnet.program.Placement;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.worker.ConnectedWorkers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Gradients of several workers, added up by NCCL between the devices of all of them. */
@Tag(StandInCount.STAND_IN)
class CudaNcclWorkersTest {
  private static final int BATCH = 13;
  private static final int STEPS = 3;

  private final Map<Integer, List<String>> said = new ConcurrentHashMap<>(); // by worker
  private int before;

  @BeforeEach
  void count() {
    StandInBackend.deterministic(Precision.FP32, 1).close(); // the libraries are loaded
    before = Resource.live();
  }

  @AfterEach
  void check() {
    StandInBackend.check(before);
    if (!StandInBackend.GPU) {
      StandIn.reset();
    }
  }

  /** How workers train. */
  private record Way(Precision precision, Network network, List<Integer> devices, boolean ordered) {
    CompiledNetwork programs(Peers peers) {
      List<Integer> all =
          Stream.generate(() -> devices)
              .limit(peers.worker().count())
              .flatMap(List::stream)
              .toList();
      Placement placement = new Placement(all, Parallelism.DATA, peers.worker());
      return CompiledNetwork.of(network, BATCH, placement, List.of());
    }

    Way inOrder() {
      return new Way(precision, network, devices, true);
    }
  }

  private BackendOptions options(Way way, Peers peers) {
    int devices = (int) way.devices.stream().distinct().count();
    int worker = peers.worker().index();
    return StandInBackend.options(way.precision, devices, way.ordered, true)
        .with(peers)
        .saying(sentence -> said.computeIfAbsent(worker, w -> new ArrayList<>()).add(sentence));
  }

  private CudaBackend open(Way way, Peers peers) {
    return StandInBackend.ofWorker(options(way, peers), true);
  }

  /** What a worker has learned in some steps, and what was said of the last; its sums by NCCL. */
  private record Learned(Map<String, float[]> values, List<String> sums) {}

  private Learned learned(Way way, Peers peers) {
    return learned(way, peers, open(way, peers));
  }

  private static Learned learned(Way way, Peers peers, CudaBackend open) {
    CompiledNetwork programs = way.programs(peers);
    try (CudaBackend backend = open;
        NetworkRig rig = new NetworkRig(backend, programs)) {
      Map<String, float[]> all = new LinkedHashMap<>(rig.trainSteps(STEPS).learned());
      StepResult last = rig.executable.train(rig.batch(), NetworkRig.settings(STEPS)).await();
      all.put("said", new float[] {(float) last.lossSum(), last.errors(), last.images()});
      rig.gradientSquares()
          .forEach((layer, sum) -> all.put(layer + " squares", new float[] {sum.floatValue()}));
      all.putAll(rig.evaluate());
      return new Learned(all, sums(backend.lower(programs)));
    }
  }

  private static List<String> sums(Lowered lowered) {
    return lowered.train().stream()
        .filter(kernel -> kernel.choice().equals("NCCL"))
        .map(Kernel::label)
        .toList();
  }

  static Stream<Arguments> cuts() {
    return Stream.of(
        Arguments.of(2, new Way(Precision.FP32, TestNetworks.odd(), List.of(0), false)),
        Arguments.of(2, new Way(Precision.FP32, TestNetworks.graph(), List.of(0, 1), false)),
        Arguments.of(3, new Way(Precision.FP32, TestNetworks.wide(), List.of(0), false)),
        Arguments.of(3, new Way(Precision.BF16, TestNetworks.columns(), List.of(0, 1), false)),
        Arguments.of(2, new Way(Precision.FP32, TestNetworks.various(), List.of(0, 0, 1), false)),
        Arguments.of(2, new Way(Precision.FP16, TestNetworks.odd(), List.of(0, 1, 0), false)),
        Arguments.of(2, new Way(Precision.FP32, TestNetworks.shallow(), List.of(0, 0), false)));
  }

  /** The same on all workers, and up to rounding what messages give. */
  @ParameterizedTest
  @MethodSource("cuts")
  void allWorkersHaveTheSameSums(int workers, Way way) {
    List<Learned> ordered = MailPeers.together(workers, peers -> learned(way.inOrder(), peers));
    List<Learned> summed = MailPeers.together(workers, peers -> learned(way, peers));
    double bound = way.precision == Precision.FP32 ? 1e-4 : 0.1;
    Learned first = summed.getFirst();
    for (Learned worker : summed) {
      assertEquals(first.values.keySet(), worker.values.keySet());
      assertEquals("", NetworkRig.difference(first.values, worker.values));
      assertEquals(first.sums, worker.sums);
    }
    long devices = way.devices.stream().distinct().count();
    long parameters = CompiledNetwork.declared(way.network).size();
    assertEquals(devices * parameters, first.sums.size(), first.sums.toString());
    ordered
        .getFirst()
        .values
        .forEach(
            (name, values) -> CudaNcclTest.assertNear(name, values, first.values.get(name), bound));
    ordered.forEach(worker -> assertEquals(List.of(), worker.sums));
    assertEquals(Map.of(), said);
  }

  /** Nothing of a sum is a message, and what is left goes in an order that devices may follow. */
  @ParameterizedTest
  @MethodSource("cuts")
  void onlyWhatIsNoGradientIsAMessage(int workers, Way way) {
    MailPeers.together(
        workers,
        peers -> {
          try (CudaBackend backend = open(way, peers)) {
            Lowered lowered = backend.lower(way.programs(peers));
            MemoryPlan plan = MemoryPlanner.plan(lowered);
            PlanCheck.check(lowered, plan);
            PlanCheck.checkOrder(lowered, plan, Phase.TRAIN);
            List<String> messages =
                lowered.train().stream()
                    .filter(kernel -> kernel.message() != null)
                    .flatMap(kernel -> kernel.uses().stream())
                    .map(use -> use.tensor().name())
                    .toList();
            assertTrue(messages.contains("loss"), messages.toString());
            assertTrue(
                messages.stream().noneMatch(name -> name.contains(".grad")), messages.toString());
          }
          return null;
        });
  }

  /** What is looked at between is made, and goes from worker to worker as ever. */
  @Test
  void sumsThatAreObservedAreMessages() {
    Way way = new Way(Precision.FP32, TestNetworks.odd(), List.of(0), false);
    MailPeers.together(
        2,
        peers -> {
          CompiledNetwork plain = way.programs(peers);
          CompiledNetwork observed =
              CompiledNetwork.observingAll(way.network, BATCH, plain.placement());
          try (CudaBackend backend = open(way, peers)) {
            assertFalse(sums(backend.lower(plain)).isEmpty());
            assertEquals(List.of(), sums(backend.lower(observed)));
          }
          return null;
        });
  }

  // Where one cannot, none does.

  /** What workers of two have learned, which is the same for both and made without NCCL. */
  private void assertMessages(Function<Peers, Learned> work, String first, String second) {
    List<Learned> all = MailPeers.together(2, work);
    assertEquals("", NetworkRig.difference(all.getFirst().values, all.getLast().values));
    all.forEach(worker -> assertEquals(List.of(), worker.sums));
    String otherwise = "gradients travel as messages between workers.";
    assertEquals(
        Map.of(0, List.of(first + otherwise), 1, List.of(second + otherwise)), Map.copyOf(said));
  }

  @Test
  void aWorkerWithoutItKeepsAllFromIt() {
    Way way = new Way(Precision.FP32, TestNetworks.odd(), List.of(0), false);
    String why = "Worker 1 has NCCL 2.27.3 for 1 device, and worker 2 has no NCCL: ";
    assertMessages(
        peers -> {
          boolean first = peers.worker().first();
          CudaBackend backend = StandInBackend.ofWorker(options(way, peers), first);
          return learned(way, peers, backend);
        },
        why,
        why);
  }

  /** One that says something else. */
  private record Saying(Peers peers, Function<String, String> says, boolean confidential)
      implements Peers {
    @Override
    public Placement.Worker worker() {
      return peers.worker();
    }

    @Override
    public void send(int to, int number, float[] values, int from, int count) {
      peers.send(to, number, values, from, count);
    }

    @Override
    public void receive(
        int from, int number, float[] values, int at, int count, Runnable meanwhile) {
      peers.receive(from, number, values, at, count, meanwhile);
    }

    @Override
    public List<String> gathered(String own) {
      return peers.gathered(says.apply(own));
    }

    @Override
    public double seconds() {
      return peers.seconds();
    }
  }

  @Test
  void anotherVersionKeepsAllFromIt() {
    Way way = new Way(Precision.FP32, TestNetworks.odd(), List.of(0), false);
    String why =
        "Worker 1 has NCCL 2.27.3 for 1 device, and worker 2 has NCCL 2.18.5 for 1 device: ";
    assertMessages(
        peers ->
            learned(
                way,
                peers.worker().first()
                    ? peers
                    : new Saying(peers, own -> own.replace("2.27.3", "2.18.5"), false)),
        why,
        why);
  }

  @Test
  void aWorkerThatMustEncryptKeepsAllFromIt() {
    Way way = new Way(Precision.FP32, TestNetworks.odd(), List.of(0), false);
    String why = "Worker 1 must encrypt what it sends, and worker 2 has NCCL 2.27.3 for 1 device: ";
    assertMessages(
        peers -> learned(way, new Saying(peers, own -> own, peers.worker().first())), why, why);
    said.clear();
    MailPeers.together(2, peers -> learned(way, new Saying(peers, own -> own, true)))
        .forEach(worker -> assertEquals(List.of(), worker.sums));
    assertEquals(Map.of(), said);
  }

  @Test
  void aWorkerThatCannotJoinKeepsAllFromIt() {
    Assumptions.assumeFalse(StandInBackend.GPU, "the stand-in fails");
    Way way = new Way(Precision.FP32, TestNetworks.odd(), List.of(0, 1), false);
    StandIn.ncclRefusesTheLast();
    assertMessages(
        peers -> learned(way, peers),
        "NCCL does not connect worker 2; ",
        "NCCL could not connect the workers: error 2 (unhandled system error); ");
  }

  /** A port may be shut to it without a word. */
  @Test
  @LongTest
  void nobodyWaitsForItForever() {
    Assumptions.assumeFalse(StandInBackend.GPU, "the stand-in fails");
    Way way = new Way(Precision.FP32, TestNetworks.odd(), List.of(0), false);
    StandIn.ncclNeverConnects();
    List<Learned> all =
        ConnectedWorkers.together(2, Duration.ofMinutes(2), peers -> learned(way, peers));
    assertEquals("", NetworkRig.difference(all.getFirst().values, all.getLast().values));
    all.forEach(worker -> assertEquals(List.of(), worker.sums));
    // Whose time is up first tells the other.
    String late = "NCCL has not connected the workers within 60 seconds; ";
    assertTrue(said.toString().contains(late), said.toString());
    said.values().forEach(own -> assertEquals(1, own.size(), own.toString()));
    assertEquals(2, said.size(), said.toString());
  }

  @Test
  void whereItDoesNotStartAllSendMessages() {
    Assumptions.assumeFalse(StandInBackend.GPU, "the stand-in fails");
    Way way = new Way(Precision.FP32, TestNetworks.odd(), List.of(0), false);
    StandIn.ncclRefuses(true);
    assertMessages(
        peers -> learned(way, peers),
        "NCCL could not start: error 2 (unhandled system error); ",
        "NCCL does not start on worker 1; ");
  }

  /** NCCL does not connect a GPU with itself. */
  @Test
  void workersOfOneDeviceSendMessages() {
    Way way = new Way(Precision.FP32, TestNetworks.odd(), List.of(0), false);
    List<Learned> all =
        MailPeers.together(
            2, peers -> learned(way, peers, StandInBackend.unchecked(options(way, peers))));
    assertEquals("", NetworkRig.difference(all.getFirst().values, all.getLast().values));
    all.forEach(worker -> assertEquals(List.of(), worker.sums));
    // Whichever hears of it first tells the other.
    assertTrue(said.toString().contains("error 5 (invalid usage)"), said.toString());
    said.values().forEach(own -> assertEquals(1, own.size(), own.toString()));
    assertEquals(2, said.size(), said.toString());
  }

  @Test
  void whereNobodyHasItNothingIsSaid() {
    Way way = new Way(Precision.FP32, TestNetworks.odd(), List.of(0), false);
    MailPeers.together(
            2, peers -> learned(way, peers, StandInBackend.ofWorker(options(way, peers), false)))
        .forEach(worker -> assertEquals(List.of(), worker.sums));
    assertEquals(Map.of(), said);
  }
}
