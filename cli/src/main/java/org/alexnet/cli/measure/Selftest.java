package org.alexnet.cli.measure;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alexnet.backend.Backend;
import org.alexnet.backend.Executable;
import org.alexnet.backend.Precision;
import org.alexnet.backend.StepSettings;
import org.alexnet.data.Batch;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Placement;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.program.Tensor;
import org.alexnet.tensor.FloatTensor;

/** One training step of a network on a backend, held against the reference. */
public final class Selftest {
  private static final int BATCH = 4;
  private static final StepSettings STEP = new StepSettings(42, 0, 0.02f, 0.9f, 0.0005f);

  /**
   * What the rounding of sums of some thousand float32 products may come to over the layers, with
   * room for a ReLU or a maximum that falls the other way.
   */
  private static final double SINGLE_BOUND = 1e-3;

  /** Operations that a number comes through on its way forward and back, about. */
  private static final int OPERATIONS = 32;

  /**
   * A tensor compared.
   *
   * @param error {@link #distance} from the reference
   * @param bound what it may be
   */
  public record Check(String name, double error, double bound) {
    public boolean passed() {
      return error <= bound;
    }
  }

  /**
   * How far a tensor may be off. In reduced precision each operation rounds once more, and
   * independent roundings add up like the square root of their number. A ReLU or a maximum that is
   * nearer to its edge than that falls the other way and takes its gradient along, so that
   * gradients are off by the root of it.
   */
  static double bound(Precision precision, String name) {
    double unit =
        switch (precision) {
          case FP32 -> 0;
          case TF32, FP16 -> 0x1p-11;
          case BF16 -> 0x1p-8;
        };
    double forward = Math.sqrt(OPERATIONS) * unit;
    // A parameter that starts at zero is nothing but its gradient after a step.
    boolean score =
        List.of(CompiledNetwork.LOGITS, CompiledNetwork.PROBABILITIES, CompiledNetwork.LOSS)
            .contains(name);
    return Math.max(SINGLE_BOUND, score ? 4 * forward : 2 * Math.sqrt(forward));
  }

  private Selftest() {}

  /** Compares scores, gradients and what is learned. */
  public static List<Check> run(
      Backend reference, Backend backend, Precision precision, Network network) {
    CompiledNetwork plain = CompiledNetwork.of(network, BATCH);
    List<String> gradients = plain.parameters().stream().map(t -> t.gradient().name()).toList();
    CompiledNetwork observed = CompiledNetwork.of(network, BATCH, Placement.WHOLE, gradients);
    Map<String, FloatTensor> weights = Synthetic.weights(network);
    // What is observed is not fused away, so that the step that users run is compared as well.
    List<Check> checks = new ArrayList<>();
    compare(
        results(reference, plain, weights), results(backend, plain, weights), precision, checks);
    compare(
        gradients(reference, observed, weights),
        gradients(backend, observed, weights),
        precision,
        checks);
    return checks;
  }

  private static void compare(
      Map<String, float[]> expected,
      Map<String, float[]> got,
      Precision precision,
      List<Check> checks) {
    expected.forEach(
        (name, values) ->
            checks.add(new Check(name, distance(values, got.get(name)), bound(precision, name))));
  }

  /** Scores before, loss of a step, parameters and momentum after it. */
  private static Map<String, float[]> results(
      Backend backend, CompiledNetwork programs, Map<String, FloatTensor> weights) {
    Map<String, float[]> results = new LinkedHashMap<>();
    try (Executable executable = backend.compile(programs)) {
      Synthetic.prepare(executable, programs, weights);
      Batch batch = Synthetic.batch(executable, programs);
      executable.evaluate(batch).await();
      for (String name : List.of(CompiledNetwork.LOGITS, CompiledNetwork.PROBABILITIES)) {
        results.put(name, executable.read(programs.tensor(Phase.EVALUATE, name)));
      }
      executable.train(batch, STEP).await();
      results.put(
          CompiledNetwork.LOSS,
          executable.read(programs.tensor(Phase.TRAIN, CompiledNetwork.LOSS)));
      for (Tensor parameter : programs.parameters()) {
        results.put(parameter.name(), executable.read(parameter));
        Tensor momentum = parameter.momentum();
        results.put(momentum.name(), executable.read(momentum));
      }
    }
    return results;
  }

  private static Map<String, float[]> gradients(
      Backend backend, CompiledNetwork programs, Map<String, FloatTensor> weights) {
    Map<String, float[]> results = new LinkedHashMap<>();
    try (Executable executable = backend.compile(programs)) {
      Synthetic.prepare(executable, programs, weights);
      executable.train(Synthetic.batch(executable, programs), STEP).await();
      for (Tensor parameter : programs.parameters()) {
        Tensor gradient = parameter.gradient();
        results.put(gradient.name(), executable.read(gradient));
      }
    }
    return results;
  }

  /** |got - expected| / |expected| in the Euclidean norm. */
  static double distance(float[] expected, float[] got) {
    if (got == null || got.length != expected.length) {
      return Double.POSITIVE_INFINITY;
    }
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow((double) got[i] - expected[i], 2);
      norm += Math.pow(expected[i], 2);
    }
    return difference == 0 ? 0 : Math.sqrt(difference / norm);
  }
}
