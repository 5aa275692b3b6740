package org.alexnet.inference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.alexnet.AlexNetException;
import org.alexnet.backend.Backend;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.Backends;
import org.alexnet.backend.Executable;
import org.alexnet.backend.StepSettings;
import org.alexnet.backend.plan.MemoryPlan;
import org.alexnet.data.Batch;
import org.alexnet.data.ImageSource;
import org.alexnet.network.Convolution;
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
import org.alexnet.program.Placement;
import org.alexnet.program.Tensor;
import org.alexnet.weights.Weights;
import org.junit.jupiter.api.Test;

/** Ten views against ten single evaluations of images that were cut beforehand. */
class EvaluatorTest {
  private static final int STORED = 9;
  private static final int SIZE = 6;
  private static final int CLASSES = 7;

  private static Network network(int stored) {
    ParameterSpec weight = ParameterSpec.of(new Initial.FanIn(2));
    ParameterSpec bias = ParameterSpec.of(new Initial.Constant(0.1f));
    return Network.chain(
        "views",
        new Input(3, SIZE, stored, 1 / 64f),
        List.of(
            new Convolution("conv1", 4, new Window(3, 1, 0), Rounding.FLOOR, 1, 1, weight, bias),
            new Relu("relu1"),
            new FullyConnected("fc2", CLASSES, 1, weight, bias),
            new SoftmaxCrossEntropy("softmax")));
  }

  /** Images of noise, of which a part may be cut out. */
  private record Noise(int size, int top, int left, int edge, boolean mirror)
      implements ImageSource {
    @Override
    public String description() {
      return "noise";
    }

    @Override
    public Batch.Format format() {
      return new Batch.Format(3, edge, edge, false);
    }

    @Override
    public List<String> classNames() {
      return List.of();
    }

    @Override
    public boolean labelled() {
      return true;
    }

    @Override
    public int label(int i) {
      return i % CLASSES;
    }

    @Override
    public String name(int i) {
      return "image " + i;
    }

    @Override
    public void read(int i, MemorySegment to) {
      byte[] pixels = new byte[3 * STORED * STORED];
      new Random(i).nextBytes(pixels);
      for (int c = 0; c < 3; c++) {
        for (int y = 0; y < edge; y++) {
          for (int x = 0; x < edge; x++) {
            int column = left + (mirror ? edge - 1 - x : x);
            byte pixel = pixels[(c * STORED + top + y) * STORED + column];
            to.set(ValueLayout.JAVA_BYTE, (c * edge + y) * edge + x, pixel);
          }
        }
      }
    }
  }

  private static Executable executable(Backend backend, CompiledNetwork programs) {
    Executable executable = backend.compile(programs);
    Network network = programs.network();
    Weights.put(executable, programs, Weights.initial(network, 3, Weights.Overrides.NONE));
    return executable;
  }

  private static Evaluator evaluator(Executable executable, CompiledNetwork programs) {
    return new Evaluator(executable, programs, Evaluator.Options.plain(2));
  }

  @Test
  void tenViewsAreTheMeanOfTenEvaluations() {
    int images = 5;
    CompiledNetwork large = CompiledNetwork.of(network(STORED), 2);
    CompiledNetwork small = CompiledNetwork.of(network(SIZE), 2);
    double[][] sums = new double[images][CLASSES];
    int[][] corners = {{0, 0}, {0, 3}, {3, 0}, {3, 3}, {1, 1}};
    try (Backend backend = Backends.named("reference").open(BackendOptions.defaults());
        Executable whole = executable(backend, large);
        Executable cut = executable(backend, small)) {
      for (int[] corner : corners) {
        for (boolean mirror : new boolean[] {false, true}) {
          Noise view = new Noise(images, corner[0], corner[1], SIZE, mirror);
          new Evaluator(cut, small, Evaluator.Options.plain(1))
              .outputs(
                  view,
                  List.of(CompiledNetwork.PROBABILITIES),
                  (image, row, values) -> {
                    for (int c = 0; c < CLASSES; c++) {
                      sums[image][c] += values.getFirst()[row * CLASSES + c];
                    }
                  });
        }
      }
      double loss = 0;
      int wrong = 0;
      for (int i = 0; i < images; i++) {
        loss -= Math.log(sums[i][i % CLASSES] / 10) / images;
        int best = 0;
        for (int c = 1; c < CLASSES; c++) {
          best = sums[i][c] > sums[i][best] ? c : best;
        }
        wrong += best == i % CLASSES ? 0 : 1;
      }
      Noise stored = new Noise(images, 0, 0, STORED, false);
      Evaluation ten = evaluator(whole, large).evaluate(stored, Views.TEN).orElseThrow();
      assertEquals(images, ten.images());
      assertEquals(loss, ten.loss(), 1e-6);
      assertEquals(wrong / (double) images, ten.top1Error());
      Evaluation centre = evaluator(whole, large).evaluate(stored, Views.CENTRE).orElseThrow();
      assertTrue(Math.abs(centre.loss() - ten.loss()) > 1e-3, "ten views are more than one");
    }
  }

  /** It is asked before every batch, and tells how far it came. */
  @Test
  void anEvaluationCanBeGivenUp() {
    CompiledNetwork programs = CompiledNetwork.of(network(SIZE), 2);
    List<Long> seen = new ArrayList<>();
    try (Backend backend = Backends.named("reference").open(BackendOptions.defaults());
        Executable executable = executable(backend, programs)) {
      Noise source = new Noise(7, 0, 0, SIZE, false);
      var options =
          new Evaluator.Options(1, false, (done, all) -> seen.add(done), () -> seen.size() == 3);
      assertEquals(
          Optional.empty(),
          new Evaluator(executable, programs, options).evaluate(source, Views.CENTRE));
      assertEquals(List.of(0L, 2L, 4L), seen);
    }
  }

  /** A network that only evaluates gives the same scores and needs no gradient and no momentum. */
  @Test
  void inferenceAloneGivesTheSameScores() {
    CompiledNetwork both = CompiledNetwork.of(network(SIZE), 2);
    CompiledNetwork alone = CompiledNetwork.forInference(network(SIZE), 2, Placement.WHOLE);
    assertEquals(both.parameters(), alone.parameters());
    assertTrue(
        alone.persistent().values().stream().noneMatch(t -> t.role() == Tensor.Role.MOMENTUM));
    try (Backend backend = Backends.named("reference").open(BackendOptions.defaults());
        Executable trained = executable(backend, both);
        Executable only = executable(backend, alone)) {
      Noise source = new Noise(3, 0, 0, SIZE, false);
      assertEquals(
          evaluator(trained, both).evaluate(source, Views.CENTRE),
          evaluator(only, alone).evaluate(source, Views.CENTRE));
      assertTrue(
          only.plan().devices().getFirst().totalBytes() * 2
              < trained.plan().devices().getFirst().totalBytes());
    }
  }

  /**
   * An executable that answers later, as a GPU does: what it computes is handed over when it is
   * awaited, of three evaluations at once, and until then nobody may touch the pixels.
   */
  private static final class Late implements Executable {
    private final Executable own;
    private int underWay;
    private int most;

    Late(Executable own) {
      this.own = own;
    }

    @Override
    public int evaluationsAhead() {
      return 3;
    }

    @Override
    public PendingTensors evaluate(Batch batch, List<Tensor> tensors) {
      assertTrue(underWay < evaluationsAhead(), underWay + " under way");
      byte[] pixels = batch.pixels().toArray(ValueLayout.JAVA_BYTE);
      List<float[]> values = own.evaluate(batch, tensors).await();
      most = Math.max(most, ++underWay);
      return () -> {
        underWay--;
        assertArrayEquals(pixels, batch.pixels().toArray(ValueLayout.JAVA_BYTE));
        return values;
      };
    }

    @Override
    public MemoryPlan plan() {
      return own.plan();
    }

    @Override
    public long allocatedBytes() {
      return own.allocatedBytes();
    }

    @Override
    public Batch newBatch(Batch.Format stored, Batch.Format carried) {
      return own.newBatch(stored, carried);
    }

    @Override
    public Pending train(Batch batch, StepSettings settings) {
      return own.train(batch, settings);
    }

    @Override
    public Pending evaluate(Batch batch) {
      return own.evaluate(batch);
    }

    @Override
    public float[] read(Tensor tensor) {
      throw new AssertionError("nothing is read of " + tensor + " by itself");
    }

    @Override
    public void write(Tensor tensor, float[] values) {
      own.write(tensor, values);
    }

    @Override
    public long[][] bytesTransferred() {
      return own.bytesTransferred();
    }

    @Override
    public double[] profile(Batch batch, StepSettings settings) {
      return own.profile(batch, settings);
    }

    @Override
    public void close() {}
  }

  @Test
  void evaluationsUnderWayAtOnceGiveTheSame() {
    CompiledNetwork programs = CompiledNetwork.of(network(STORED), 2);
    Noise source = new Noise(15, 0, 0, STORED, false);
    List<String> names = List.of(CompiledNetwork.LOGITS, CompiledNetwork.LOSS);
    try (Backend backend = Backends.named("reference").open(BackendOptions.defaults());
        Executable plain = executable(backend, programs)) {
      for (Views views : Views.values()) {
        Late late = new Late(plain);
        assertEquals(
            evaluator(plain, programs).evaluate(source, views),
            evaluator(late, programs).evaluate(source, views));
        assertEquals(3, late.most);
        assertEquals(0, late.underWay);
      }
      List<List<float[]>> outputs = new ArrayList<>();
      for (Executable executable : List.of(plain, new Late(plain))) {
        List<float[]> all = new ArrayList<>();
        evaluator(executable, programs)
            .outputs(
                source,
                names,
                (image, row, values) -> {
                  assertEquals(all.size(), image);
                  assertEquals(image % 2, row);
                  float[] own =
                      Arrays.copyOfRange(values.get(0), row * CLASSES, (row + 1) * CLASSES);
                  all.add(own);
                });
        outputs.add(all);
      }
      assertEquals(15, outputs.get(0).size());
      for (int i = 0; i < 15; i++) {
        assertArrayEquals(outputs.get(0).get(i), outputs.get(1).get(i));
      }
    }
  }

  @Test
  void tenViewsNeedRoom() {
    CompiledNetwork programs = CompiledNetwork.of(network(SIZE), 2);
    try (Backend backend = Backends.named("reference").open(BackendOptions.defaults());
        Executable executable = executable(backend, programs)) {
      Noise source = new Noise(2, 0, 0, SIZE, false);
      Evaluator evaluator = evaluator(executable, programs);
      AlexNetException e =
          assertThrows(AlexNetException.class, () -> evaluator.evaluate(source, Views.TEN));
      assertTrue(e.getMessage().contains("has no ten views"), e.getMessage());
    }
  }
}
