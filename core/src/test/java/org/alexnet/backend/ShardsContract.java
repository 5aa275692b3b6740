package org.alexnet.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.backend.plan.MemoryPlan;
import org.alexnet.backend.plan.MemoryPlanner;
import org.alexnet.network.Dropout;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.Initial;
import org.alexnet.network.Input;
import org.alexnet.network.Network;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;
import org.alexnet.program.Part;
import org.alexnet.program.Placement;
import org.alexnet.program.Shape;
import org.alexnet.program.StepProgram;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.program.Tensor;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * What a program whose batch is cut into shards must keep to, on one device and on several: masks,
 * losses and gradients are those of the whole batch. The programs are made by hand, of a dropout
 * and a fully-connected layer. A backend's tests extend this.
 */
public abstract class ShardsContract {
  private static final int BATCH = 7;
  private static final int CLASSES = 5;
  private static final ParameterSpec SPEC = ParameterSpec.of(new Initial.FanIn(2));
  private static final Dropout DROP = new Dropout("drop1", 0.5f, Dropout.Scaling.TRAINING);
  private static final Network NETWORK =
      Network.chain(
          "shards",
          new Input(2, 5, 6, 1 / 128f),
          List.of(
              DROP,
              new FullyConnected("fc2", CLASSES, 1, SPEC, SPEC),
              new SoftmaxCrossEntropy("softmax")));

  /** Device and number of images of each shard. */
  private record Cut(List<Integer> devices, List<Integer> images) {}

  private static final List<Cut> CUTS =
      List.of(
          new Cut(List.of(0, 0), List.of(4, 3)),
          new Cut(List.of(0, 1), List.of(4, 3)),
          new Cut(List.of(0, 1), List.of(1, 6)),
          new Cut(List.of(0, 1, 0), List.of(3, 2, 2)));

  /** The backend under test. */
  protected abstract Backend open(int threads, int devices);

  /** How far what is learned may be off, as a share of the largest: sums are cut differently. */
  protected double bound() {
    return 8 * Math.sqrt(BATCH) * 0x1p-24;
  }

  private static CompiledNetwork whole() {
    return CompiledNetwork.of(NETWORK, BATCH, "drop1");
  }

  /** Makes the program of a phase. */
  private static final class Shards {
    private final Cut cut;
    private final Placement placement;
    private final List<Op> ops = new ArrayList<>();
    private final List<Tensor> weights = new ArrayList<>(); // gradients, by shard
    private final List<Tensor> biases = new ArrayList<>();
    private final List<Tensor> finite = new ArrayList<>();

    Shards(Cut cut) {
      this.cut = cut;
      this.placement = new Placement(cut.devices);
    }

    static CompiledNetwork compile(Cut cut) {
      Shards train = new Shards(cut);
      train.shards(Phase.TRAIN);
      train.updates();
      Shards evaluate = new Shards(cut);
      evaluate.shards(Phase.EVALUATE);
      StepProgram whole = whole().train();
      return new CompiledNetwork(
          NETWORK,
          BATCH,
          train.placement,
          new StepProgram(Phase.TRAIN, train.ops, whole.observed()),
          new StepProgram(Phase.EVALUATE, evaluate.ops, whole.observed()));
    }

    /** The copy of a persistent tensor on the device of a shard. */
    private Tensor kept(int shard, String name, Shape shape, Tensor.Role role) {
      Part copy = Part.whole(placement.first(placement.device(shard)));
      return new Tensor(name, shape, role, copy);
    }

    private Tensor weight(int shard) {
      Shape shape = new Shape(CLASSES, 2 * 5 * 5, 1, 1);
      return kept(shard, "fc2.weight", shape, Tensor.Role.PARAMETER);
    }

    private Tensor bias(int shard) {
      return kept(shard, "fc2.bias", Shape.vector(CLASSES), Tensor.Role.PARAMETER);
    }

    private void shards(Phase phase) {
      int first = 0;
      for (int shard = 0; shard < cut.images.size(); shard++) {
        shard(phase, shard, first);
        first += cut.images.get(shard);
      }
    }

    private void shard(Phase phase, int shard, int first) {
      int n = cut.images.get(shard);
      Part part = new Part(Part.Axis.IMAGES, shard, cut.images.size());
      Shape pixels = new Shape(1, 2, 6, 6);
      Tensor mean = kept(shard, CompiledNetwork.MEAN, pixels, Tensor.Role.CONSTANT);
      Tensor data = Tensor.step("data", new Shape(n, 2, 5, 5)).in(part);
      Tensor labels = Tensor.step("labels", new Shape(n, 1, 1, 1)).in(part);
      ops.add(new Op.LoadInput("data", mean, data, labels, NETWORK.input().scales(), first));
      Tensor x = data;
      if (phase == Phase.TRAIN) {
        x = Tensor.step("drop1", data.shape()).in(part);
        ops.add(new Op.Dropout("drop1", data, x, 0.5f, 2, new Op.Dropout.Origin(first, 0, 2)));
      }
      Tensor logits = Tensor.step(CompiledNetwork.LOGITS, new Shape(n, CLASSES, 1, 1)).in(part);
      ops.add(new Op.FullyConnected("fc2", x, weight(shard), bias(shard), logits));
      Tensor probabilities = Tensor.step(CompiledNetwork.PROBABILITIES, logits.shape()).in(part);
      Tensor loss = Tensor.step(CompiledNetwork.LOSS, labels.shape()).in(part);
      finite.add(Tensor.step("finite." + shard, Shape.vector(1)).in(Part.whole(shard)));
      ops.add(
          new Op.SoftmaxCrossEntropy(
              "softmax", logits, labels, probabilities, loss, finite.getLast(), first));
      if (phase == Phase.TRAIN) {
        Tensor dlogits = logits.gradient();
        ops.add(
            new Op.SoftmaxCrossEntropyBackward("softmax", probabilities, labels, dlogits, first));
        weights.add(gradient(weight(shard), shard));
        biases.add(gradient(bias(shard), shard));
        ops.add(
            new Op.FullyConnectedBackwardWeights(
                "fc2", x, dlogits, weights.getLast(), biases.getLast()));
      }
    }

    private static Tensor gradient(Tensor parameter, int shard) {
      Tensor whole = parameter.gradient();
      return new Tensor(whole.name() + "." + shard, whole.shape(), whole.role(), Part.whole(shard));
    }

    /** Every device adds the gradients of all shards up in their order, and updates its copy. */
    private void updates() {
      for (int device = 0; device < placement.deviceCount(); device++) {
        int shard = placement.first(device);
        update(shard, weight(shard), weights);
        update(shard, bias(shard), biases);
      }
    }

    private void update(int shard, Tensor parameter, List<Tensor> gradients) {
      List<Tensor> near = new ArrayList<>();
      for (Tensor gradient : gradients) {
        Tensor own = gradient;
        if (placement.device(gradient) != placement.device(shard)) {
          own =
              new Tensor(
                  gradient.name() + ".from." + gradient.part().letter(),
                  gradient.shape(),
                  gradient.role(),
                  Part.whole(shard));
          ops.add(new Op.Transfer("fc2", gradient, own));
        }
        near.add(own);
      }
      Tensor sum = parameter.gradient();
      ops.add(new Op.Add("fc2", near, sum));
      ops.add(
          new Op.Update(
              "fc2",
              parameter,
              parameter.momentum(),
              sum,
              finite.get(shard),
              parameter.gradientSquares(),
              1,
              1));
    }
  }

  private static Stream<DynamicTest> each(Consumer<Cut> test) {
    return CUTS.stream().map(cut -> DynamicTest.dynamicTest(cut + "", () -> test.accept(cut)));
  }

  private Backend open(Cut cut, int threads) {
    return open(threads, new Placement(cut.devices).deviceCount());
  }

  // What the whole batch computes.

  @TestFactory
  Stream<DynamicTest> shardsComputeWhatTheWholeBatchDoes() {
    return each(
        cut -> {
          for (int real : new int[] {BATCH, 5, 2}) {
            assertComputesTheWhole(cut, real);
          }
        });
  }

  private void assertComputesTheWhole(Cut cut, int real) {
    try (Backend backend = open(cut, 2);
        NetworkRig whole = new NetworkRig(backend, whole());
        NetworkRig shards = new NetworkRig(backend, Shards.compile(cut))) {
      whole.fill(3, real);
      shards.fill(3, real);
      assertEquals(whole.train(0), shards.train(0));
      Map<String, float[]> expected = results(whole);
      expected.put("drop1", whole.read("drop1"));
      Map<String, float[]> got = results(shards);
      got.put("drop1", shards.read("drop1"));
      assertEquals("", NetworkRig.difference(expected, got));
      StepContract.assertClose(whole.learned(), shards.learned(), bound());
    }
    try (Backend backend = open(cut, 2);
        NetworkRig whole = new NetworkRig(backend, whole());
        NetworkRig shards = new NetworkRig(backend, Shards.compile(cut))) {
      whole.fill(4, real);
      shards.fill(4, real);
      assertEquals(
          whole.executable.evaluate(whole.batch()).await(),
          shards.executable.evaluate(shards.batch()).await());
      assertEquals("", NetworkRig.difference(results(whole), results(shards)));
    }
  }

  private static Map<String, float[]> results(NetworkRig rig) {
    Map<String, float[]> all = new LinkedHashMap<>();
    for (String name :
        List.of(CompiledNetwork.LOGITS, CompiledNetwork.PROBABILITIES, CompiledNetwork.LOSS)) {
      all.put(name, rig.read(name));
    }
    return all;
  }

  // Bits.

  @TestFactory
  Stream<DynamicTest> theSameShardsOnOneDeviceGiveTheSameBits() {
    return each(
        cut -> {
          Cut one = new Cut(Collections.nCopies(cut.devices.size(), 0), cut.images);
          Map<String, float[]> expected = learned(one, 1);
          for (int threads = 1; threads <= 3; threads++) {
            assertEquals("", NetworkRig.difference(expected, learned(cut, threads)));
          }
        });
  }

  private Map<String, float[]> learned(Cut cut, int threads) {
    try (Backend backend = open(cut, threads);
        NetworkRig rig = new NetworkRig(backend, Shards.compile(cut)).trainSteps(6)) {
      return rig.learned();
    }
  }

  // A loss that is not finite, on one device.

  @TestFactory
  Stream<DynamicTest> everyDeviceLearnsAgainAfterALossThatIsNotFinite() {
    return each(
        cut -> {
          try (Backend backend = open(cut, 2);
              NetworkRig rig = new NetworkRig(backend, Shards.compile(cut), true)) {
            Map<String, float[]> start = rig.learned();
            spoil(rig, Float.NaN);
            assertFalse(Double.isFinite(rig.train(0).lossSum()));
            spoil(rig, 0);
            start.forEach(
                (name, values) ->
                    rig.executable.write(rig.programs.persistent().get(name), values));
            rig.train(0);
            List<float[]> copies =
                rig.programs.train().tensors().stream()
                    .filter(tensor -> tensor.name().equals("fc2.weight"))
                    .map(rig.executable::read)
                    .toList();
            assertEquals(new Placement(cut.devices).deviceCount(), copies.size());
            for (float[] copy : copies) {
              assertFalse(Arrays.equals(start.get("fc2.weight"), copy), "nothing was learned");
              assertArrayEquals(copies.getFirst(), copy);
            }
          }
        });
  }

  /** Overwrites the middle of the last image. */
  private static void spoil(NetworkRig rig, float value) {
    rig.batch().image(BATCH - 1).setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, 2 * 6 + 3, value);
  }

  // Memory and order.

  @TestFactory
  Stream<DynamicTest> memoryIsSharedOnlyInTurn() {
    return each(
        cut -> {
          try (Backend backend = open(cut, 4)) {
            Lowered lowered = backend.lower(Shards.compile(cut));
            MemoryPlan plan = MemoryPlanner.plan(lowered);
            PlanCheck.check(lowered, plan);
            for (Phase phase : Phase.values()) {
              PlanCheck.checkOrder(lowered, plan, phase);
            }
          }
        });
  }
}
