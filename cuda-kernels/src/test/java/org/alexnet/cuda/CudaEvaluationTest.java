package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alexnet.backend.Executable.PendingTensors;
import org.alexnet.backend.NetworkRig;
import org.alexnet.backend.Precision;
import org.alexnet.backend.TestNetworks;
import org.alexnet.data.Batch;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Placement;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.program.Tensor;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Evaluations under way at once: what each brings, and what they must not wait for. */
@Tag(StandInCount.STAND_IN)
class CudaEvaluationTest {
  private static final int BATCHES = 7;

  private static CompiledNetwork programs(int devices) {
    Placement placement = devices == 1 ? Placement.WHOLE : new Placement(List.of(0, 1));
    return CompiledNetwork.of(TestNetworks.columns(), 4, placement, List.of("conv1"));
  }

  /** What is asked for: results, and an output that a cut network has in two parts. */
  private static List<Tensor> tensors(CompiledNetwork programs) {
    return List.of(
        programs.tensor(Phase.EVALUATE, CompiledNetwork.LOSS),
        programs.tensor(Phase.EVALUATE, CompiledNetwork.LOGITS),
        programs.tensor(Phase.EVALUATE, "conv1"));
  }

  /** Batches of which no two hold the same. */
  private static List<Batch> batches(NetworkRig rig) {
    List<Batch> batches = new ArrayList<>();
    for (int i = 0; i < BATCHES; i++) {
      rig.fill(i, rig.programs.batch() - i % 2);
      batches.add(rig.copyOfBatch());
    }
    return batches;
  }

  private static void put(Map<String, float[]> all, List<Tensor> tensors, List<float[]> values) {
    int batch = all.size() / tensors.size();
    for (int i = 0; i < tensors.size(); i++) {
      all.put(tensors.get(i).name() + " of batch " + batch, values.get(i));
    }
  }

  private static Map<String, float[]> oneByOne(NetworkRig rig) {
    List<Tensor> tensors = tensors(rig.programs);
    Map<String, float[]> all = new LinkedHashMap<>();
    for (Batch batch : batches(rig)) {
      rig.executable.evaluate(batch).await();
      put(all, tensors, tensors.stream().map(rig.executable::read).toList());
    }
    return all;
  }

  private static Map<String, float[]> atOnce(NetworkRig rig) {
    List<Tensor> tensors = tensors(rig.programs);
    Map<String, float[]> all = new LinkedHashMap<>();
    Deque<PendingTensors> begun = new ArrayDeque<>();
    for (Batch batch : batches(rig)) {
      begun.add(rig.executable.evaluate(batch, tensors));
      if (begun.size() == rig.executable.evaluationsAhead()) {
        put(all, tensors, begun.remove().await());
      }
    }
    begun.forEach(pending -> put(all, tensors, pending.await()));
    return all;
  }

  private static StandInBackend open(Precision precision, int devices) {
    return StandInBackend.open(StandInBackend.options(precision, devices, true, true));
  }

  @ParameterizedTest
  @CsvSource({"FP32, 1", "FP32, 2", "TF32, 1", "BF16, 1", "BF16, 2", "FP16, 1"})
  void eachBringsItsOwnResults(Precision precision, int devices) {
    try (StandInBackend backend = open(precision, devices);
        NetworkRig rig = new NetworkRig(backend, programs(devices))) {
      Map<String, float[]> wanted = oneByOne(rig);
      assertEquals(3 * BATCHES, wanted.size());
      assertEquals("", NetworkRig.difference(wanted, atOnce(rig)));
      rig.trainSteps(1); // with steps between, nothing stays of what was asked for
      assertEquals("", NetworkRig.difference(oneByOne(rig), atOnce(rig)));
    }
  }

  /** Where a device has no memory for copies of results, the next evaluation waits for the host. */
  @ParameterizedTest
  @CsvSource({"1, 1", "1, 6", "2, 1", "2, 4"})
  void aFullDeviceGivesTheSame(int devices, int fails) {
    Assumptions.assumeFalse(StandInBackend.GPU, "the stand-in refuses memory");
    try (StandInBackend backend = open(Precision.BF16, devices);
        NetworkRig rig = new NetworkRig(backend, programs(devices))) {
      Map<String, float[]> wanted = oneByOne(rig);
      long before = StandIn.counts().allocations();
      StandIn.failAllocation(fails);
      assertEquals("", NetworkRig.difference(wanted, atOnce(rig)));
      assertTrue(StandIn.counts().allocations() - before >= fails, "no allocation was refused");
    }
  }

  @ParameterizedTest
  @CsvSource({"1", "2"})
  void anEvaluationAllocatesNothingAndWaitsForNothing(int devices) {
    Assumptions.assumeFalse(StandInBackend.GPU, "the stand-in counts");
    try (StandInBackend backend = open(Precision.BF16, devices);
        NetworkRig rig = new NetworkRig(backend, programs(devices))) {
      List<Tensor> tensors = tensors(rig.programs);
      atOnce(rig);
      List<Batch> batches = batches(rig);
      StandIn.Counts before = StandIn.counts();
      List<PendingTensors> begun =
          batches.subList(0, rig.executable.evaluationsAhead()).stream()
              .map(batch -> rig.executable.evaluate(batch, tensors))
              .toList();
      StandIn.Counts after = StandIn.counts();
      assertEquals(before.allocations(), after.allocations());
      assertEquals(before.hostSyncs(), after.hostSyncs());
      assertEquals(3, begun.size());
      begun.forEach(pending -> assertTrue(Float.isFinite(pending.await().getFirst()[0])));
    }
  }

  /** A batch is given back while the device may still copy from it. */
  @ParameterizedTest
  @CsvSource({"1", "2"})
  void aBatchIsReleasedUnderWay(int devices) {
    try (StandInBackend backend = open(Precision.FP32, devices);
        NetworkRig rig = new NetworkRig(backend, programs(devices))) {
      Map<String, float[]> wanted = oneByOne(rig);
      List<Tensor> tensors = tensors(rig.programs);
      Batch batch = batches(rig).getFirst();
      PendingTensors pending = rig.executable.evaluate(batch, tensors);
      rig.executable.release(batch);
      Map<String, float[]> got = new LinkedHashMap<>();
      put(got, tensors, pending.await());
      wanted.keySet().retainAll(got.keySet());
      assertEquals(3, wanted.size());
      assertEquals("", NetworkRig.difference(wanted, got));
    }
  }
}
