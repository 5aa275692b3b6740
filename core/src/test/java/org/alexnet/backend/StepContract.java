package org.alexnet.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.backend.plan.MemoryPlan;
import org.alexnet.backend.plan.MemoryPlanner;
import org.alexnet.data.Batch;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.program.Tensor;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * What a step of every backend must keep to, the reference too: the mean over real images alone,
 * nothing learned from a loss that is not finite, images brought to the network's input, memory as
 * planned.
 */
public abstract class StepContract {

  /** The backend under test. */
  protected abstract Backend open(int threads);

  static Stream<DynamicTest> each(Stream<Network> networks, Consumer<Network> test) {
    return networks.map(n -> DynamicTest.dynamicTest(n.name(), () -> test.accept(n)));
  }

  static Stream<Network> all() {
    return Stream.concat(TestNetworks.small().stream(), Stream.of(TestNetworks.alexNet32()));
  }

  /**
   * How far a step may be off, as a share of the largest number of a tensor. Every rounding is off
   * by at most u = 2^-24 of what it rounds; roundings of n terms in a row add up like the square
   * root of n times u, with a factor for certainty (Higham and Mary, "A new approach to
   * probabilistic rounding error analysis", 2019). The numbers of a step are rounded once for every
   * term of every reduction that they come through.
   */
  static double bound(CompiledNetwork programs) {
    long terms = 0;
    for (Op op : programs.train().ops()) {
      terms +=
          switch (op) {
            case Op.Convolution conv -> conv.weight().shape().imageElements();
            case Op.ConvolutionBackwardData conv ->
                conv.weight().shape().elements() / conv.weight().shape().c();
            case Op.ConvolutionBackwardWeights conv ->
                conv.dy().shape().elements() / conv.dy().shape().c();
            case Op.LocallyConnected local ->
                local.weight().shape().h() * local.weight().shape().w();
            case Op.LocallyConnectedBackwardData local ->
                local.weight().shape().c() * local.weight().shape().w();
            case Op.LocallyConnectedBackwardWeights local -> local.dy().shape().n();
            case Op.PositionBiasBackward bias -> bias.dy().shape().n();
            case Op.FullyConnected fc -> fc.weight().shape().c();
            case Op.FullyConnectedBackwardData fc -> fc.weight().shape().n();
            case Op.FullyConnectedBackwardWeights fc -> fc.dy().shape().n();
            case Op.LoadInput _,
                Op.Zeros _,
                Op.PositionBias _,
                Op.Relu _,
                Op.ReluBackward _,
                Op.Tanh _,
                Op.TanhBackward _,
                Op.Activation _,
                Op.ActivationBackward _,
                Op.MaxPool _,
                Op.MaxPoolBackward _,
                Op.AveragePool _,
                Op.AveragePoolBackward _,
                Op.LocalResponseNorm _,
                Op.LocalResponseNormBackward _,
                Op.ContrastNorm _,
                Op.ContrastNormBackward _,
                Op.Blur _,
                Op.Subsample _,
                Op.SubsampleBackward _,
                Op.HorizontalFlip _,
                Op.ChannelSelection _,
                Op.ChannelSelectionBackward _,
                Op.Dropout _,
                Op.Transfer _,
                Op.Send _,
                Op.Receive _,
                Op.Concatenate _,
                Op.Slice _,
                Op.Add _,
                Op.Minimum _,
                Op.Scale _,
                Op.SoftmaxCrossEntropy _,
                Op.SoftmaxCrossEntropyBackward _,
                Op.Update _ ->
                9;
          };
    }
    return 8 * Math.sqrt(terms) * 0x1p-24;
  }

  static void assertClose(Map<String, float[]> expected, Map<String, float[]> got, double bound) {
    got.forEach(
        (name, values) -> {
          float[] want = expected.get(name);
          double scale = OpRig.largest(want);
          for (int i = 0; i < want.length; i++) {
            assertEquals(want[i], values[i], bound * scale, name + " element " + i);
          }
        });
  }

  // Gradients.

  /** Also where an update uses a gradient up, so that it cannot be read. */
  @TestFactory
  Stream<DynamicTest> theSquaresOfTheGradientsAreSummedUp() {
    return each(TestNetworks.small().stream(), this::assertSquares);
  }

  private void assertSquares(Network network) {
    CompiledNetwork observing = CompiledNetwork.observingAll(network, 3);
    try (Backend backend = open(2);
        NetworkRig plain = new NetworkRig(backend, CompiledNetwork.of(network, 3)).trainSteps(1);
        NetworkRig all = new NetworkRig(backend, observing).trainSteps(1)) {
      Map<String, Double> expected = new LinkedHashMap<>();
      for (Op op : observing.train().ops()) {
        if (op instanceof Op.Update update) {
          double squares = 0;
          for (float g : all.executable.read(update.dw())) {
            squares += (double) g * g;
          }
          expected.merge(update.layer(), squares, Double::sum);
        }
      }
      assertSquares(expected, plain.gradientSquares());
      assertSquares(expected, all.gradientSquares());
    }
  }

  static void assertSquares(Map<String, Double> expected, Map<String, Double> got) {
    assertEquals(expected.keySet(), got.keySet());
    expected.forEach(
        (layer, squares) -> {
          assertTrue(squares > 0, layer);
          assertEquals(squares, got.get(layer), 1e-4 * squares, layer);
        });
  }

  // Partial batches.

  @TestFactory
  Stream<DynamicTest> aPartialBatchIsTheMeanOverRealImages() {
    return each(TestNetworks.small().stream(), this::assertPartial);
  }

  private void assertPartial(Network network) {
    int real = 4;
    CompiledNetwork large = CompiledNetwork.observingAll(network, 7);
    CompiledNetwork exact = CompiledNetwork.observingAll(network, real);
    try (Backend backend = open(2);
        NetworkRig partial = new NetworkRig(backend, large);
        NetworkRig whole = new NetworkRig(backend, exact)) {
      partial.fill(9, real);
      whole.fill(9, real);
      StepResult got = partial.train(0);
      StepResult expected = whole.train(0);
      assertEquals(real, got.images());
      assertEquals(expected.errors(), got.errors());
      assertEquals(expected.lossSum(), got.lossSum(), bound(large) * expected.lossSum());
      assertClose(gradients(whole), gradients(partial), bound(large));
    }
  }

  @TestFactory
  Stream<DynamicTest> theGradientOfABatchIsTheMeanOfItsImages() {
    return each(
        TestNetworks.small().stream().map(Network::withoutDropout),
        network -> {
          int real = 3;
          CompiledNetwork large = CompiledNetwork.observingAll(network, 5);
          try (Backend backend = open(2);
              NetworkRig partial = new NetworkRig(backend, large);
              NetworkRig single =
                  new NetworkRig(backend, CompiledNetwork.observingAll(network, 1))) {
            partial.fill(9, real);
            partial.train(0);
            Map<String, double[]> sums = new LinkedHashMap<>();
            for (int i = 0; i < real; i++) {
              single.copyImage(partial, i);
              single.executable.profile(single.batch(), NetworkRig.standing());
              gradients(single)
                  .forEach(
                      (name, values) -> {
                        double[] sum = sums.computeIfAbsent(name, n -> new double[values.length]);
                        Arrays.setAll(sum, e -> sum[e] + values[e]);
                      });
            }
            Map<String, float[]> mean = new LinkedHashMap<>();
            sums.forEach(
                (name, sum) -> {
                  float[] values = new float[sum.length];
                  for (int i = 0; i < sum.length; i++) {
                    values[i] = (float) (sum[i] / real);
                  }
                  mean.put(name, values);
                });
            assertClose(mean, gradients(partial), 2 * bound(large));
          }
        });
  }

  private static Map<String, float[]> gradients(NetworkRig rig) {
    Map<String, float[]> all = new LinkedHashMap<>();
    for (Tensor tensor : rig.programs.parameters()) {
      all.put(tensor.gradient().name(), rig.read(tensor.gradient().name()));
    }
    return all;
  }

  @TestFactory
  Stream<DynamicTest> whatLiesBehindTheRealImagesChangesNothing() {
    return each(
        TestNetworks.small().stream(),
        network -> {
          Map<String, float[]> clean = afterPartial(network, false);
          assertEquals("", NetworkRig.difference(clean, afterPartial(network, true)));
        });
  }

  private Map<String, float[]> afterPartial(Network network, boolean rubbish) {
    try (Backend backend = open(2);
        NetworkRig rig = new NetworkRig(backend, CompiledNetwork.of(network, 7))) {
      Batch batch = rig.batch();
      long bytes = batch.format().bytes();
      batch.pixels().asSlice(4 * bytes, 3 * bytes).fill(rubbish ? (byte) -1 : 0);
      for (int i = 4; i < 7; i++) {
        batch.labels()[i] = rubbish ? network.classes() - 1 : 0;
        batch.cropX()[i] = rubbish ? network.input().stored() - network.input().size() : 0;
        batch.mirror()[i] = rubbish;
        batch.shift()[i * batch.format().channels()] = rubbish ? 77 : 0;
      }
      Map<String, float[]> all = new LinkedHashMap<>();
      for (int step = 0; step < 2; step++) {
        rig.fill(step, 4);
        StepResult result = rig.train(step);
        all.put("loss " + step, new float[] {(float) result.lossSum(), result.errors()});
      }
      all.putAll(rig.learned());
      return all;
    }
  }

  // A loss that is not finite.

  @TestFactory
  Stream<DynamicTest> nothingIsLearnedFromALossThatIsNotFinite() {
    return each(
        all(),
        network -> {
          for (boolean observed : new boolean[] {false, true}) {
            CompiledNetwork programs =
                observed
                    ? CompiledNetwork.observingAll(network, 2)
                    : CompiledNetwork.of(network, 2);
            assertUntouched(programs, StepContract::putNoNumberInAnImage);
            assertUntouched(programs, StepContract::makeTheLossInfinite);
          }
        });
  }

  private static void putNoNumberInAnImage(NetworkRig rig) {
    Batch batch = rig.batch();
    int size = rig.programs.network().input().size();
    int pixel =
        (batch.cropY()[1] + size / 2) * batch.format().width() + batch.cropX()[1] + size / 2;
    batch.image(1).setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, pixel, Float.NaN);
  }

  /** The scores and their gradient stay finite; a cross-entropy of 6.8e38 does not. */
  private static void makeTheLossInfinite(NetworkRig rig) {
    String name = rig.programs.network().classifier().name() + ".bias";
    float[] bias = rig.read(name);
    Arrays.fill(bias, -Float.MAX_VALUE);
    bias[0] = Float.MAX_VALUE;
    rig.executable.write(rig.programs.persistent().get(name), bias);
    Arrays.fill(rig.batch().labels(), 1);
  }

  private void assertUntouched(CompiledNetwork programs, Consumer<NetworkRig> spoil) {
    try (Backend backend = open(2);
        NetworkRig rig = new NetworkRig(backend, programs, true)) {
      spoil.accept(rig);
      Map<String, float[]> before = rig.learned();
      assertFalse(Double.isFinite(rig.train(0).lossSum()));
      assertEquals("", NetworkRig.difference(before, rig.learned()));
      rig.executable.profile(rig.batch(), NetworkRig.settings(1));
      assertEquals("", NetworkRig.difference(before, rig.learned()));
    }
  }

  @TestFactory
  Stream<DynamicTest> stepsBegunAfterALossThatIsNotFiniteLearnNothingUntilItIsKnown() {
    return each(TestNetworks.small().stream(), this::assertHalted);
  }

  private void assertHalted(Network network) {
    try (Backend backend = open(2);
        NetworkRig rig = new NetworkRig(backend, CompiledNetwork.of(network, 2), true)) {
      Batch good = rig.copyOfBatch();
      putNoNumberInAnImage(rig);
      Map<String, float[]> before = rig.learned();
      Deque<Executable.Pending> begun = new ArrayDeque<>();
      begun.add(rig.executable.train(rig.batch(), NetworkRig.settings(0)));
      for (int step = 1; step < rig.executable.stepsAhead(); step++) {
        begun.add(rig.executable.train(good, NetworkRig.settings(step)));
      }
      assertFalse(Double.isFinite(begun.remove().await().lossSum()));
      for (Executable.Pending later : begun) {
        assertTrue(Double.isFinite(later.await().lossSum()));
      }
      assertEquals("", NetworkRig.difference(before, rig.learned()));
      rig.executable.train(good, NetworkRig.settings(0)).await();
      assertNotEquals("", NetworkRig.difference(before, rig.learned()));
    }
  }

  // The first operation.

  @TestFactory
  Stream<DynamicTest> inputIsCroppedMirroredAndCentred() {
    return Stream.of(false, true)
        .flatMap(
            floats -> each(TestNetworks.small().stream(), network -> assertInput(network, floats)));
  }

  private void assertInput(Network network, boolean floats) {
    try (Backend backend = open(2);
        NetworkRig rig = new NetworkRig(backend, CompiledNetwork.of(network, 5, "data"), floats)) {
      rig.train(0);
      float[] got = rig.read("data");
      float[] mean = rig.read(CompiledNetwork.MEAN);
      int size = network.input().size();
      int channels = network.input().channels();
      Batch batch = rig.batch();
      int at = 0;
      for (int i = 0; i < 5; i++) {
        for (int c = 0; c < channels; c++) {
          for (int y = 0; y < size; y++) {
            for (int x = 0; x < size; x++) {
              int column = batch.cropX()[i] + (batch.mirror()[i] ? size - 1 - x : x);
              int stored = network.input().stored();
              int pixel = (c * stored + batch.cropY()[i] + y) * stored + column;
              if (floats) {
                float value = batch.image(i).getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, pixel);
                assertEquals(value, got[at], "image " + i + " element " + at);
              } else {
                int value = batch.image(i).get(ValueLayout.JAVA_BYTE, pixel) & 0xFF;
                double scaled = (double) value * network.input().normalization().scale(c);
                double exact = scaled - mean[pixel] + batch.shift()[i * channels + c];
                // Three roundings of numbers no larger than these.
                double bound = 3 * 0x1p-24 * (scaled + Math.abs(mean[pixel]) + 1);
                assertEquals(exact, got[at], bound, "image " + i + " element " + at);
              }
              at++;
            }
          }
        }
      }
    }
  }

  @TestFactory
  Stream<DynamicTest> windowsGiveTheBitsOfWholeImages() {
    assertTrue(
        TestNetworks.small().stream().anyMatch(n -> n.input().size() < n.input().stored()),
        "no network crops");
    return Stream.of(false, true)
        .flatMap(
            floats ->
                each(
                    TestNetworks.small().stream(),
                    network -> assertWindows(CompiledNetwork.of(network, 5), floats)));
  }

  private void assertWindows(CompiledNetwork programs, boolean floats) {
    try (Backend backend = open(2)) {
      assertWindows(backend, programs, floats);
    }
  }

  /** Trains on windows and on whole images, each step on others, of which the last has few. */
  public static void assertWindows(Backend backend, CompiledNetwork programs, boolean floats) {
    try (NetworkRig whole = new NetworkRig(backend, programs, floats);
        NetworkRig part = new NetworkRig(backend, programs, floats)) {
      Batch windows = part.windows();
      for (int step = 0; step < 3; step++) {
        int count = step < 2 ? programs.batch() : 2;
        whole.fill(step, count);
        part.fill(step, count);
        part.takeWindows(windows);
        StepResult expected = whole.train(step);
        assertEquals(expected, part.executable.train(windows, NetworkRig.settings(step)).await());
        assertEquals("", NetworkRig.difference(whole.learned(), part.learned()));
      }
      Map<String, float[]> expected = whole.evaluate();
      part.executable.evaluate(windows).await();
      assertEquals("", NetworkRig.difference(expected, part.evaluated()));
    }
  }

  // Memory.

  @TestFactory
  Stream<DynamicTest> buffersThatLiveTogetherLieApart() {
    return each(
        all(),
        network -> {
          for (int batch : new int[] {1, 5}) {
            assertPlan(CompiledNetwork.of(network, batch));
            assertPlan(CompiledNetwork.observingAll(network, batch));
          }
        });
  }

  /** What lay in the memory before must not matter: another executable's numbers are there. */
  @TestFactory
  Stream<DynamicTest> whatIsPersistentBeginsAtZero() {
    return each(
        TestNetworks.small().stream(),
        network -> {
          CompiledNetwork programs = CompiledNetwork.of(network, 2);
          try (Backend backend = open(2)) {
            try (NetworkRig rig = new NetworkRig(backend, programs)) {
              rig.train(0);
            }
            try (Executable executable = backend.compile(programs)) {
              for (Tensor tensor : programs.persistent().values()) {
                assertEquals(0, OpRig.largest(executable.read(tensor)), tensor.name());
              }
            }
          }
        });
  }

  private void assertPlan(CompiledNetwork programs) {
    try (Backend backend = open(2)) {
      Lowered lowered = backend.lower(programs);
      MemoryPlan plan = MemoryPlanner.plan(lowered);
      PlanCheck.check(lowered, plan);
      for (Phase phase : Phase.values()) {
        for (Tensor tensor : programs.program(phase).tensors()) {
          if (programs.program(phase).observes(tensor) || tensor.role().persistent()) {
            assertTrue(plan.slot(phase, tensor) != null, tensor + " is kept nowhere");
          }
        }
      }
      try (Executable executable = backend.bind(lowered, plan)) {
        assertEquals(plan.totalBytes(), executable.allocatedBytes());
      }
    }
  }
}
