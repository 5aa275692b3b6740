package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.alexnet.backend.NetworkRig;
import org.alexnet.backend.Precision;
import org.alexnet.backend.plan.Kernel;
import org.alexnet.network.Convolution;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.Initial;
import org.alexnet.network.Input;
import org.alexnet.network.LocalResponseNorm;
import org.alexnet.network.LocalResponseNorm.Convention;
import org.alexnet.network.LocalResponseNorm.Region;
import org.alexnet.network.Network;
import org.alexnet.network.Node;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Pooling;
import org.alexnet.network.Relu;
import org.alexnet.network.Rounding;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.network.Sum;
import org.alexnet.network.Tanh;
import org.alexnet.network.Window;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;
import org.alexnet.program.Placement;
import org.alexnet.program.Shape;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.program.Tensor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Normalization and pooling in one pass, forward and backward, against their definition in double
 * precision. What a kernel reads and writes is observed and nothing between, so that it is fused.
 */
@Tag(StandInCount.STAND_IN)
class NormPoolTest {
  private static final int BATCH = 3;
  private static final ParameterSpec SPEC = ParameterSpec.of(new Initial.FanIn(2));

  /** What logarithms and powers of single precision may be off by, on a GPU too. */
  private static final double SINGLE = 0x1p-18;

  /**
   * Layers behind a convolution.
   *
   * @param norm or null
   * @param window or null
   * @param poolFirst whether the pooling stands before the normalization
   */
  private record Case(
      String name,
      int channels,
      boolean rectified,
      LocalResponseNorm norm,
      Window window,
      Rounding rounding,
      boolean poolFirst) {
    private List<Node> nodes() {
      List<Node> nodes = new ArrayList<>();
      nodes.add(
          new Node(
              new Convolution(
                  "conv" + name,
                  channels,
                  new Window(3, 1, 1),
                  Rounding.FLOOR,
                  1,
                  1,
                  Convolution.Biases.SHARED,
                  SPEC,
                  SPEC),
              List.of(Network.DATA)));
      nodes.add(new Node(rectified ? new Relu("act" + name) : new Tanh("act" + name)));
      Node pool =
          window == null
              ? null
              : new Node(new Pooling("pool" + name, Pooling.Kind.MAX, window, rounding));
      Node normalization = norm == null ? null : new Node(norm);
      nodes.addAll(
          Stream.of(poolFirst ? pool : normalization, poolFirst ? normalization : pool)
              .filter(Objects::nonNull)
              .toList());
      nodes.add(new Node(new FullyConnected("fc" + name, 4, 1, SPEC, SPEC)));
      return nodes;
    }
  }

  private static LocalResponseNorm norm(
      String name, int size, float alpha, float beta, int groups) {
    return new LocalResponseNorm(
        "norm" + name, Region.ACROSS_MAPS, size, alpha, beta, 1.5f, Convention.SUM, groups);
  }

  private static Case pooled(String name, int channels, boolean rectified, Window window) {
    return new Case(name, channels, rectified, null, window, Rounding.FLOOR, false);
  }

  /** Odd and even numbers of neighbours, groups, windows that overlap, overhang and are padded. */
  private static List<Case> cases() {
    Window paper = new Window(3, 2, 0);
    return List.of(
        new Case("A", 32, true, norm("A", 5, 0.3f, 0.75f, 2), paper, Rounding.FLOOR, false),
        new Case("B", 24, true, norm("B", 3, 0.1f, 0.5f, 1), paper, Rounding.CEIL, false),
        new Case(
            "C", 8, false, norm("C", 7, 0.5f, 1.25f, 1), new Window(5, 3, 0), Rounding.CEIL, false),
        new Case("D", 16, true, norm("D", 5, 1e-4f, 0.75f, 2), null, Rounding.FLOOR, false),
        new Case("E", 16, true, norm("E", 1, 0.2f, 0.75f, 1), paper, Rounding.FLOOR, true),
        pooled("F", 16, false, new Window(3, 2, 1)),
        pooled("G", 8, true, new Window(2, 1, 0)),
        pooled("H", 8, true, new Window(2, 2, 0)),
        pooled("I", 40, true, null));
  }

  private static Network network() {
    List<Node> nodes = new ArrayList<>();
    cases().forEach(c -> nodes.addAll(c.nodes()));
    List<String> last = cases().stream().map(c -> "fc" + c.name).toList();
    nodes.add(new Node(new Sum("sum", last.stream().map(name -> 1f).toList()), last));
    nodes.add(new Node(new FullyConnected("scores", 4, 1, SPEC, SPEC)));
    nodes.add(new Node(new SoftmaxCrossEntropy("softmax")));
    return new Network("norm-pool", new Input(3, 19, 20, 1 / 128f), nodes);
  }

  /** What one kernel does forward and one backward. */
  private record Unit(
      Op.LocalResponseNorm norm,
      Op.MaxPool pool,
      Op.LocalResponseNormBackward normBackward,
      Op.MaxPoolBackward poolBackward,
      Op.ReluBackward relu,
      Op.ConvolutionBackwardWeights weights) {
    Tensor x() {
      return norm != null ? norm.x() : pool != null ? pool.x() : relu.y();
    }

    Tensor y() {
      return pool != null ? pool.y() : norm != null ? norm.y() : relu.y();
    }

    Tensor dy() {
      return poolBackward != null
          ? poolBackward.dy()
          : normBackward != null ? normBackward.dy() : relu.dy();
    }

    Tensor dx() {
      return relu != null
          ? relu.dx()
          : normBackward != null ? normBackward.dx() : poolBackward.dx();
    }

    Stream<Tensor> tensors() {
      return Stream.concat(
          Stream.of(x(), y(), dy(), dx()),
          Stream.concat(
              Stream.ofNullable(pool).map(Op.MaxPool::argmax),
              Stream.ofNullable(weights).map(Op.ConvolutionBackwardWeights::db)));
    }
  }

  private static <T extends Op> T find(CompiledNetwork programs, Class<T> type, String layer) {
    return programs.train().ops().stream()
        .filter(op -> type.isInstance(op) && op.layer().equals(layer))
        .map(type::cast)
        .findFirst()
        .orElse(null);
  }

  private static List<Unit> units(CompiledNetwork programs) {
    List<Unit> units = new ArrayList<>();
    for (Case c : cases()) {
      var norm = find(programs, Op.LocalResponseNorm.class, "norm" + c.name);
      var pool = find(programs, Op.MaxPool.class, "pool" + c.name);
      var normBack = find(programs, Op.LocalResponseNormBackward.class, "norm" + c.name);
      var poolBack = find(programs, Op.MaxPoolBackward.class, "pool" + c.name);
      var relu = find(programs, Op.ReluBackward.class, "act" + c.name);
      var weights = find(programs, Op.ConvolutionBackwardWeights.class, "conv" + c.name);
      // A tanh's gradient lies between the pooling and the convolution.
      weights = relu == null ? null : weights;
      if (c.poolFirst) {
        units.add(new Unit(norm, null, normBack, null, null, null));
        units.add(new Unit(null, pool, null, poolBack, relu, weights));
      } else {
        units.add(new Unit(norm, pool, normBack, poolBack, relu, weights));
      }
    }
    return units;
  }

  private static CompiledNetwork programs() {
    CompiledNetwork plain = CompiledNetwork.of(network(), BATCH);
    List<String> names =
        units(plain).stream().flatMap(Unit::tensors).map(Tensor::name).distinct().toList();
    return CompiledNetwork.of(network(), BATCH, Placement.WHOLE, names);
  }

  private static Map<String, float[]> values(StandInBackend backend, CompiledNetwork programs) {
    try (NetworkRig rig = new NetworkRig(backend, programs)) {
      rig.trainSteps(1);
      Map<String, float[]> all = new LinkedHashMap<>(rig.learned());
      units(programs).stream()
          .flatMap(Unit::tensors)
          .forEach(t -> all.put(t.name(), rig.executable.read(t)));
      return all;
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Precision.class,
      names = {"TF32", "BF16", "FP16"})
  void onePassIsNearTheDefinition(Precision precision) {
    CompiledNetwork programs = programs();
    try (StandInBackend backend = StandInBackend.deterministic(precision, 1)) {
      List<? extends Kernel> kernels = backend.lower(programs).kernels(Phase.TRAIN);
      assertEquals(
          2 * units(programs).stream().filter(u -> u.norm != null || u.pool != null).count(),
          kernels.stream().filter(kernel -> kernel.choice().startsWith("one pass")).count());
      Map<String, float[]> first = values(backend, programs);
      assertEquals("", NetworkRig.difference(first, values(backend, programs)));
      units(programs).forEach(unit -> new Check(unit, first, unit(precision)).all());
    }
  }

  /** Without a pass of their own, operations round what lies between them. */
  @Test
  void severalPassesAreNearOne() {
    Precision precision = Precision.BF16;
    try (StandInBackend backend = StandInBackend.deterministic(precision, 1)) {
      Map<String, float[]> one = values(backend, programs());
      CompiledNetwork all = CompiledNetwork.observingAll(network(), BATCH);
      assertTrue(
          backend.lower(all).kernels(Phase.TRAIN).stream()
              .noneMatch(kernel -> kernel.choice().contains("norm")));
      Map<String, float[]> several = values(backend, all);
      for (Unit unit : units(all)) {
        float[] want = several.get(unit.y().name());
        float[] got = one.get(unit.y().name());
        assertEquals(
            "",
            NetworkRig.difference(
                Map.of("x", several.get(unit.x().name())), Map.of("x", one.get(unit.x().name()))));
        for (int i = 0; i < want.length; i++) {
          double bound = (2 * unit(precision) + 2 * SINGLE) * Math.abs(want[i]) + 0x1p-24;
          assertTrue(Math.abs(want[i] - got[i]) <= bound, unit.y() + " " + want[i] + " " + got[i]);
        }
      }
    }
  }

  /** Half the distance of 1 to the next number that is stored. */
  private static double unit(Precision precision) {
    return switch (precision) {
      case FP32, TF32 -> 0x1p-24;
      case FP16 -> 0x1p-11;
      case BF16 -> 0x1p-8;
    };
  }

  /** The definition of a unit, from what it read and wrote. */
  private static final class Check {
    private final Unit unit;
    private final Map<String, float[]> values;
    private final double rounding;
    private final Shape in;
    private final Shape out;
    private final float[] x;
    private final double[] scale;

    Check(Unit unit, Map<String, float[]> values, double rounding) {
      this.unit = unit;
      this.values = values;
      this.rounding = rounding;
      this.in = unit.x().shape();
      this.out = unit.y().shape();
      this.x = values.get(unit.x().name());
      this.scale = new double[x.length];
      eachInput(this::sum);
    }

    private interface At {
      void at(int n, int c, int h, int w);
    }

    private static void each(Shape s, At work) {
      for (int n = 0; n < s.n(); n++) {
        for (int c = 0; c < s.c(); c++) {
          for (int h = 0; h < s.h(); h++) {
            for (int w = 0; w < s.w(); w++) {
              work.at(n, c, h, w);
            }
          }
        }
      }
    }

    private void eachInput(At work) {
      each(in, work);
    }

    private static int index(Shape s, int n, int c, int h, int w) {
      return ((n * s.c() + c) * s.h() + h) * s.w() + w;
    }

    /** First and last channel of a region. */
    private int[] region(int c) {
      int group = in.c() / unit.norm.norm().groups();
      int half = unit.norm.norm().size() / 2;
      int begin = c / group * group;
      return new int[] {Math.max(begin, c - half), Math.min(begin + group - 1, c + half)};
    }

    private void sum(int n, int c, int h, int w) {
      if (unit.norm == null) {
        return;
      }
      double sum = 0;
      for (int j = region(c)[0]; j <= region(c)[1]; j++) {
        double value = x[index(in, n, j, h, w)];
        sum += value * value;
      }
      scale[index(in, n, c, h, w)] =
          unit.norm.norm().k() + (double) unit.norm.norm().factor() * sum;
    }

    private double normalized(int i) {
      return unit.norm == null ? x[i] : x[i] * Math.pow(scale[i], -unit.norm.norm().beta());
    }

    void all() {
      if (unit.pool == null) {
        float[] y = values.get(unit.y().name());
        for (int i = 0; i < y.length; i++) {
          near(unit.y(), i, normalized(i), y[i], (rounding + SINGLE) * Math.abs(normalized(i)));
        }
      } else {
        each(out, this::window);
      }
      backward();
    }

    private static void near(Tensor tensor, int i, double want, double got, double bound) {
      assertTrue(
          Math.abs(want - got) <= bound + 0x1p-34,
          "%s[%d] is %s, and %s to %s".formatted(tensor, i, got, want, bound));
    }

    /** The place in the input of a place in a window, or -1. */
    private int place(int n, int c, int h, int w, int place) {
      Window window = unit.pool.window();
      int row = h * window.stride() - window.pad() + place / window.kernel();
      int column = w * window.stride() - window.pad() + place % window.kernel();
      boolean in = row >= 0 && row < this.in.h() && column >= 0 && column < this.in.w();
      return in ? index(this.in, n, c, row, column) : -1;
    }

    private void window(int n, int c, int h, int w) {
      int o = index(out, n, c, h, w);
      int kernel = unit.pool.window().kernel();
      int best = -1;
      for (int place = 0; place < kernel * kernel; place++) {
        int i = place(n, c, h, w, place);
        boolean better =
            i >= 0 && (best < 0 || normalized(i) > normalized(place(n, c, h, w, best)));
        best = better ? place : best;
      }
      double largest = normalized(place(n, c, h, w, best));
      float y = values.get(unit.y().name())[o];
      int argmax = (int) values.get(unit.pool.argmax().name())[o];
      if (unit.norm == null || largest == 0) {
        assertEquals(largest, y);
        assertEquals(best, argmax, unit.pool.argmax() + " of equal values is not the first");
      }
      int chosen = place(n, c, h, w, argmax);
      assertTrue(chosen >= 0, unit.pool.argmax() + " is outside of the image");
      double bound = (rounding + SINGLE) * Math.abs(largest);
      near(unit.y(), o, largest, y, bound);
      near(unit.y(), o, normalized(chosen), y, bound);
    }

    /** The gradient of what was normalized, of the gradient of what was written. */
    private double[] gathered(float[] dy) {
      double[] g = new double[x.length];
      if (unit.pool == null) {
        Arrays.setAll(g, i -> dy[i]);
        return g;
      }
      float[] argmax = values.get(unit.pool.argmax().name());
      each(
          out,
          (n, c, h, w) -> {
            int o = index(out, n, c, h, w);
            g[place(n, c, h, w, (int) argmax[o])] += dy[o];
          });
      return g;
    }

    private void backward() {
      float[] dy = values.get(unit.dy().name());
      float[] sizes = new float[dy.length];
      for (int i = 0; i < dy.length; i++) {
        sizes[i] = Math.abs(dy[i]);
      }
      double[] g = gathered(dy);
      double[] added = gathered(sizes); // gradients of windows that overlap may cancel each other
      double[] want = new double[x.length];
      double[] size = new double[x.length];
      eachInput((n, c, h, w) -> derive(n, c, h, w, g, added, want, size));
      float[] dx = values.get(unit.dx().name());
      double[] db = new double[in.c()];
      double[] bound = new double[in.c()];
      eachInput(
          (n, c, h, w) -> {
            int i = index(in, n, c, h, w);
            near(unit.dx(), i, want[i], dx[i], rounding * Math.abs(want[i]) + SINGLE * size[i]);
            db[c] += want[i];
            bound[c] += (SINGLE + 64 * 0x1p-24) * size[i];
          });
      if (unit.weights != null) {
        float[] got = values.get(unit.weights.db().name());
        for (int c = 0; c < in.c(); c++) {
          near(unit.weights.db(), c, db[c], got[c], bound[c]);
        }
      }
    }

    private void derive(
        int n, int c, int h, int w, double[] g, double[] added, double[] want, double[] size) {
      int i = index(in, n, c, h, w);
      double value = g[i];
      double all = added[i];
      if (unit.norm != null) {
        double beta = unit.norm.norm().beta();
        double slope = 2 * unit.norm.norm().factor() * beta * x[i];
        value *= Math.pow(scale[i], -beta);
        all *= Math.pow(scale[i], -beta);
        for (int j = region(c)[0]; j <= region(c)[1]; j++) {
          int k = index(in, n, j, h, w);
          double factor = slope * x[k] * Math.pow(scale[k], -beta - 1);
          value -= factor * g[k];
          all += Math.abs(factor) * added[k];
        }
      }
      boolean passes = unit.relu == null || x[i] > 0;
      want[i] = passes ? value : 0;
      size[i] = passes ? all : 0;
    }
  }
}
