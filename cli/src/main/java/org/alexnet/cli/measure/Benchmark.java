package org.alexnet.cli.measure;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.alexnet.AlexNetException;
import org.alexnet.backend.Backend;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.Backends;
import org.alexnet.backend.Executable;
import org.alexnet.backend.Precision;
import org.alexnet.backend.StepResult;
import org.alexnet.backend.StepSettings;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.backend.plan.Kernel;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.backend.plan.MemoryPlanner;
import org.alexnet.cli.output.LayerRow;
import org.alexnet.cli.output.ProgressView;
import org.alexnet.data.Batch;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.tensor.FloatTensor;

/** A network on a backend, timed step by step. What is timed is checked. */
public final class Benchmark implements AutoCloseable {
  /** Multiply-adds of an image up to which the plain loops of the reference are bearable. */
  private static final long SMALL = 50_000_000;

  private static final int FEW = 2;
  private static final double BOUND = 1e-4; // in single precision

  /** Small, so that the noise that is learned stays harmless over any number of steps. */
  private static final float RATE = 1e-5f;

  /** Steps measured where no number is asked for, and seconds that are spent on them at most. */
  private static final int STEPS = 20;

  private static final double TRAIN_SECONDS = 15;
  private static final double EVALUATE_SECONDS = 8;
  private static final double PROFILE_SECONDS = 12;
  private static final int MOST_PROFILES = 1000;

  /** Steps that are compared with those before to see whether they still become faster. */
  private static final int WINDOW = 5;

  private static final double SLOW_STEP = 0.5;
  private static final double STEADY = 0.03;

  private final Backend backend;
  private final CompiledNetwork programs;
  private final List<? extends Kernel> kernels;
  private final Executable executable;
  private final Batch batch;
  private final Precision precision;
  private final Integer steps;
  private final ProgressView view;
  private int step;

  /**
   * @param steps to measure; null for as many as it takes, within a minute
   */
  public Benchmark(
      Backend backend,
      Precision precision,
      CompiledNetwork programs,
      Integer steps,
      ProgressView view) {
    this.backend = backend;
    this.precision = precision;
    this.programs = programs;
    this.steps = steps;
    this.view = view;
    Lowered lowered = backend.lower(programs);
    this.kernels = lowered.train();
    this.executable = backend.bind(lowered, MemoryPlanner.plan(lowered));
    Synthetic.prepare(executable, programs, Synthetic.weights(programs.network()));
    this.batch = Synthetic.batch(executable, programs);
  }

  /** Compares class scores with the reference's, where that does not take long. */
  public void check() {
    Network network = programs.network();
    long work =
        LayerRow.of(CompiledNetwork.of(programs.network(), 1)).stream()
            .mapToLong(LayerRow::multiplyAdds)
            .sum();
    if (backend.name().equals("reference") || work > SMALL) {
      return;
    }
    Map<String, FloatTensor> weights = Synthetic.weights(network);
    CompiledNetwork whole = CompiledNetwork.of(network, FEW);
    CompiledNetwork few = CompiledNetwork.of(network, FEW, programs.placement(), List.of());
    try (Backend reference = Backends.named("reference").open(BackendOptions.defaults())) {
      double error =
          Selftest.distance(logits(reference, whole, weights), logits(backend, few, weights));
      double bound = bound(precision);
      if (!(error <= bound)) {
        throw new AlexNetException(
            "Backend %s is wrong: its class scores differ from the reference's by %.2g, more than %.2g; run selftest."
                .formatted(backend.name(), error, bound));
      }
    }
  }

  /** How far class scores may be from the reference's. */
  static double bound(Precision precision) {
    return switch (precision) {
      case FP32 -> BOUND;
      case TF32, BF16, FP16 -> Selftest.bound(precision, CompiledNetwork.LOGITS);
    };
  }

  private static float[] logits(
      Backend backend, CompiledNetwork programs, Map<String, FloatTensor> weights) {
    try (Executable executable = backend.compile(programs)) {
      Synthetic.prepare(executable, programs, weights);
      executable.evaluate(Synthetic.batch(executable, programs)).await();
      return executable.read(programs.tensor(Phase.EVALUATE, CompiledNetwork.LOGITS));
    }
  }

  /** Bytes that the last step sent from one device to another, by sender and receiver. */
  public long[][] bytesTransferred() {
    return executable.bytesTransferred();
  }

  /** The loss of the trained network must be a number, and the same twice. */
  public void checkRepeats() {
    double first = executable.evaluate(batch).await().lossSum();
    double second = executable.evaluate(batch).await().lossSum();
    if (!Double.isFinite(first) || first != second) {
      throw new AlexNetException(
          "Backend %s is wrong: the same evaluation gives the loss %s and then %s; finite and equal is required."
              .formatted(backend.name(), first, second));
    }
  }

  /** Median seconds of a training step. */
  public double trainSeconds() {
    int ahead = executable.stepsAhead();
    return measure("training", ahead, () -> executable.train(batch, settings()), TRAIN_SECONDS);
  }

  /** Median seconds of an evaluation. */
  public double evaluateSeconds() {
    int ahead = executable.evaluationsAhead();
    return measure("evaluation", ahead, () -> executable.evaluate(batch), EVALUATE_SECONDS);
  }

  /** Seconds of each kernel in each of some training steps. */
  public double[][] profile() {
    int most = steps == null ? STEPS : steps;
    return profile(steps == null ? 2 : most, most, PROFILE_SECONDS);
  }

  /**
   * The same, of at least two steps and of as many as begin within some time. A step before them is
   * left out: while its code is not compiled, it may take as long as a hundred others.
   */
  public double[][] profile(double seconds) {
    profile(1, 1, 0);
    return profile(2, MOST_PROFILES, seconds);
  }

  private double[][] profile(int least, int most, double seconds) {
    List<double[]> profiles = new ArrayList<>();
    long begin = System.nanoTime();
    view.working("Measuring kernels", 0, 0);
    while (profiles.size() < least
        || (profiles.size() < most && System.nanoTime() - begin < seconds * 1e9)) {
      profiles.add(executable.profile(batch, settings()));
    }
    return profiles.toArray(double[][]::new);
  }

  /** Whether there is enough of what takes its time. */
  private static boolean over(long begin, double seconds, List<?> done) {
    return done.size() >= 2 && System.nanoTime() - begin > seconds * 1e9;
  }

  /**
   * A kernel of the training step.
   *
   * @param seconds median
   * @param bytes that it reads and writes at least
   * @param multiplyAdds of its products, where the backend counts them
   * @param choice how it is computed, where there was a choice
   */
  public record KernelRow(
      String label, double seconds, long bytes, long multiplyAdds, String choice) {}

  /** Each kernel of a training step by itself, of what {@link #profile} measured. */
  public List<KernelRow> kernels(double[][] seconds) {
    List<KernelRow> rows = new ArrayList<>();
    for (int k = 0; k < kernels.size(); k++) {
      int number = k;
      double[] own = Arrays.stream(seconds).mapToDouble(step -> step[number]).toArray();
      long bytes = 0;
      for (BufferUse use : kernels.get(k).uses()) {
        bytes += use.access() == BufferUse.Access.UPDATE ? 2 * use.bytes() : use.bytes();
      }
      Kernel kernel = kernels.get(k);
      rows.add(
          new KernelRow(
              kernel.label(), median(own), bytes, kernel.multiplyAdds(), kernel.choice()));
    }
    return rows;
  }

  /** Median seconds of each layer's kernels in a training step: forward and backward. */
  public Map<String, double[]> layers(double[][] seconds) {
    Map<String, double[]> layers = new LinkedHashMap<>();
    for (String layer : order()) {
      if (kernels.stream().anyMatch(k -> k.layer().equals(layer))) {
        layers.put(layer, new double[] {sum(layer, false, seconds), sum(layer, true, seconds)});
      }
    }
    return layers;
  }

  private List<String> order() {
    return programs.train().ops().stream().map(Op::layer).distinct().collect(Collectors.toList());
  }

  /** The kernels of a layer may run at any time, so that each step is summed before the median. */
  private double sum(String layer, boolean backward, double[][] seconds) {
    double[] sums = new double[seconds.length];
    for (int k = 0; k < kernels.size(); k++) {
      Kernel kernel = kernels.get(k);
      if (kernel.layer().equals(layer) && kernel.backward() == backward) {
        for (int i = 0; i < sums.length; i++) {
          sums[i] += seconds[i][k];
        }
      }
    }
    return median(sums);
  }

  private StepSettings settings() {
    return new StepSettings(42, step++, RATE, 0.9f, 0);
  }

  private void finite(StepResult result) {
    if (!Double.isFinite(result.lossSum())) {
      throw new AlexNetException(
          "Backend %s is wrong: the loss is %s.".formatted(backend.name(), result.lossSum()));
    }
  }

  /** A step that is begun. */
  private interface Begin {
    Executable.Pending begin();
  }

  /**
   * Runs until the time no longer falls, then takes the median of some steps.
   *
   * @param ahead steps under way at once
   */
  private double measure(String what, int ahead, Begin step, double budget) {
    view.working("Warming up " + what, 0, 0);
    long begin = System.nanoTime();
    double first = median(times(ahead, step, 1));
    int window = first > SLOW_STEP ? 2 : WINDOW;
    double before = Double.POSITIVE_INFINITY;
    double now = median(times(ahead, step, window));
    while (now < (1 - STEADY) * before && System.nanoTime() - begin < budget * 1e9) {
      before = now;
      now = median(times(ahead, step, window));
    }
    view.working("Measuring " + what, 0, 0);
    List<Double> measured = new ArrayList<>();
    long start = System.nanoTime();
    int most = steps == null ? STEPS : steps;
    while (measured.size() < most && (steps != null || !over(start, budget / 2, measured))) {
      for (double seconds : times(ahead, step, Math.min(window, most - measured.size()))) {
        measured.add(seconds);
      }
    }
    return median(measured.stream().mapToDouble(Double::doubleValue).toArray());
  }

  /** Seconds from the end of one step to that of the next, as many under way as there may be. */
  private double[] times(int ahead, Begin step, int count) {
    Deque<Executable.Pending> begun = new ArrayDeque<>();
    for (int i = 1; i < ahead; i++) {
      begun.add(step.begin());
    }
    double[] seconds = new double[count];
    long last = System.nanoTime();
    for (int i = 0; i < count; i++) {
      begun.add(step.begin());
      finite(begun.remove().await());
      long now = System.nanoTime();
      seconds[i] = (now - last) * 1e-9;
      last = now;
    }
    begun.forEach(pending -> finite(pending.await()));
    return seconds;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int half = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  @Override
  public void close() {
    executable.close();
  }
}
