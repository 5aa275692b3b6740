package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alexnet.backend.MailPeers;
import org.alexnet.backend.NetworkRig;
import org.alexnet.backend.Peers;
import org.alexnet.backend.Precision;
import org.alexnet.backend.StepResult;
import org.alexnet.cuda.device.Resource;
import org.alexnet.network.Convolution;
import org.alexnet.network.Convolution.Biases;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.Initial;
import org.alexnet.network.Input;
import org.alexnet.network.Network;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Relu;
import org.alexnet.network.Rounding;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.network.Window;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Parallelism;
import org.alexnet.program.Placement;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.program.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Gradients are scaled, and each worker judges by itself whether they are too large. */
@Tag(StandInCount.STAND_IN)
class CudaScaledWorkersTest {
  private static final int WORKERS = 2;
  private static final int BATCH = 12;
  private static final int STEPS = 5;

  /** The step of which a gradient is too large. */
  private static final int TOO_LARGE = 2;

  /** Pixels whose product with the gradient of what they contribute to is no number of 16 bits. */
  private static final float BRIGHT = 8e3f;

  private int before;

  @BeforeEach
  void count() {
    before = Resource.live();
  }

  @AfterEach
  void check() {
    StandInBackend.check(before);
  }

  private static CudaBackend open(int devices, Peers peers) {
    return StandInBackend.sharing(Precision.FP16, devices, peers);
  }

  private static Network network() {
    ParameterSpec weight = ParameterSpec.of(new Initial.FanIn(2));
    ParameterSpec bias = new ParameterSpec(new Initial.Constant(0), 2, 0);
    return Network.chain(
        "bright",
        new Input(3, 9, 9, 1),
        List.of(
            new Convolution(
                "conv1", 8, new Window(3, 2, 0), Rounding.FLOOR, 1, 1, Biases.SHARED, weight, bias),
            new Relu("relu1"),
            new FullyConnected("fc2", 4, 1, weight, bias),
            new SoftmaxCrossEntropy("softmax")));
  }

  private static CompiledNetwork programs(Placement placement) {
    return CompiledNetwork.of(network(), BATCH, placement, List.of("conv1.weight.grad"));
  }

  /** The shards of each worker on devices of its own, and all of them in one process. */
  private static CompiledNetwork programs(List<Integer> devices, Peers peers) {
    List<Integer> all =
        Stream.generate(() -> devices).limit(WORKERS).flatMap(List::stream).toList();
    return programs(
        peers == Peers.NONE
            ? new Placement(Collections.nCopies(all.size(), 0), Parallelism.DATA)
            : new Placement(all, Parallelism.DATA, peers.worker()));
  }

  /**
   * Everything that is known after each of some steps. In one of them the images of a shard are far
   * too bright.
   */
  private static Map<String, float[]> learned(
      List<Integer> devices, int seed, int brightShard, Peers peers) {
    CompiledNetwork programs = programs(devices, peers);
    Map<String, float[]> all = new LinkedHashMap<>();
    try (CudaBackend backend = open(programs.placement().deviceCount(), peers);
        NetworkRig rig = new NetworkRig(backend, programs, true)) {
      Tensor gradient = programs.tensor(Phase.TRAIN, "conv1.weight.grad");
      for (int step = 0; step < STEPS; step++) {
        rig.fill(100 * seed + step, BATCH);
        if (step == TOO_LARGE) {
          brighten(rig, programs, brightShard);
        }
        StepResult said = rig.executable.train(rig.batch(), NetworkRig.settings(step)).await();
        assertTrue(Double.isFinite(said.lossSum()), "a loss of " + said.lossSum());
        float[] sum = rig.executable.read(gradient);
        boolean finite = IntStream.range(0, sum.length).allMatch(i -> Float.isFinite(sum[i]));
        assertEquals(step != TOO_LARGE, finite, "step " + step);
        String name = "step " + step + " ";
        rig.learned().forEach((of, values) -> all.put(name + of, values));
        for (String of :
            List.of(CompiledNetwork.LOGITS, CompiledNetwork.PROBABILITIES, CompiledNetwork.LOSS)) {
          all.put(name + of, rig.executable.read(programs.tensor(Phase.TRAIN, of)));
        }
        rig.gradientSquares()
            .forEach((of, squares) -> all.put(name + of, new float[] {squares.floatValue()}));
        all.put(name + "gradient", sum);
        all.put(name + "said", new float[] {(float) said.lossSum(), said.errors(), said.images()});
      }
      all.putAll(rig.evaluate());
    }
    return all;
  }

  private static void brighten(NetworkRig rig, CompiledNetwork programs, int shard) {
    Placement placement = programs.placement();
    int first = placement.firstImage(BATCH, shard);
    int end = shard + 1 < placement.shards() ? placement.firstImage(BATCH, shard + 1) : BATCH;
    for (int image = first; image < end; image++) {
      MemorySegment pixels = rig.batch().image(image);
      for (long p = 0; p < rig.batch().format().values(); p++) {
        float value = pixels.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, p);
        pixels.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, p, BRIGHT * value);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "1, 1", "0, 2", "3, 2"})
  void whatIsTooLargeOnOneWorkerIsSkippedByAll(int brightShard, int devices) {
    List<Integer> own = IntStream.range(0, devices).boxed().toList();
    for (int seed = 1; seed <= 3; seed++) {
      int drawn = seed;
      Map<String, float[]> one = learned(own, drawn, brightShard, Peers.NONE);
      List<Map<String, float[]>> all =
          MailPeers.together(WORKERS, peers -> learned(own, drawn, brightShard, peers));
      for (Map<String, float[]> worker : all) {
        assertEquals(one.keySet(), worker.keySet());
        assertEquals("", NetworkRig.difference(one, worker), "seed " + seed);
      }
      for (String name : List.of("conv1.weight", "fc2.bias.momentum")) {
        Map<String, float[]> skipped = Map.of(name, one.get("step " + TOO_LARGE + " " + name));
        float[] before = one.get("step " + (TOO_LARGE - 1) + " " + name);
        float[] after = one.get("step " + (TOO_LARGE + 1) + " " + name);
        assertEquals("", NetworkRig.difference(skipped, Map.of(name, before)));
        assertNotEquals("", NetworkRig.difference(skipped, Map.of(name, after)));
      }
    }
  }

  /** What a worker computes of its own images is as it should be, but for the one. */
  @Test
  void onlyTheGradientOfOneShardIsTooLarge() {
    CompiledNetwork plain = programs(List.of(0), Peers.NONE);
    CompiledNetwork programs =
        CompiledNetwork.of(
            network(),
            BATCH,
            plain.placement(),
            List.of("conv1.weight.grad.a", "conv1.weight.grad.b"));
    try (CudaBackend backend = open(1, Peers.NONE);
        NetworkRig rig = new NetworkRig(backend, programs, true)) {
      rig.fill(100 + TOO_LARGE, BATCH);
      brighten(rig, programs, 1);
      rig.executable.train(rig.batch(), NetworkRig.settings(TOO_LARGE)).await();
      for (String shard : List.of("a", "b")) {
        float[] share = rig.executable.read(programs.train().tensor("conv1.weight.grad." + shard));
        boolean finite = IntStream.range(0, share.length).allMatch(i -> Float.isFinite(share[i]));
        assertEquals(shard.equals("a"), finite, "shard " + shard);
      }
    }
  }
}
