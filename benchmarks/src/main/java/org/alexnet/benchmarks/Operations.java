package org.alexnet.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.alexnet.backend.Backend;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.Backends;
import org.alexnet.backend.Executable;
import org.alexnet.backend.StepSettings;
import org.alexnet.data.Batch;
import org.alexnet.model.Models;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;
import org.alexnet.program.Placement;
import org.alexnet.program.Shape;
import org.alexnet.program.StepProgram;
import org.alexnet.program.Tensor;

/**
 * A few operations bound to a backend, with random operands. A fraction of every result is compared
 * with the reference backend's, computed for the first images only.
 */
final class Operations implements AutoCloseable {
  private static final StepSettings SETTINGS = new StepSettings(1, 0, 0.01f, 0.9f, 0.0005f);

  private final Backend backend;
  private final Executable executable;
  private final StepProgram program;
  private final Batch batch;

  private Operations(Backend backend, List<Op> ops) {
    this.backend = backend;
    List<String> results = new ArrayList<>();
    ops.forEach(op -> op.writes().forEach(t -> results.add(t.name())));
    program = new StepProgram(StepProgram.Phase.TRAIN, ops, Set.copyOf(results));
    StepProgram none = new StepProgram(StepProgram.Phase.EVALUATE, List.of(), Set.of());
    int images = ops.getFirst().writes().getFirst().shape().n();
    executable =
        backend.compile(
            new CompiledNetwork(
                Models.named("alexnet-32").network(), images, Placement.WHOLE, program, none));
    batch = Batch.onHeap(new Batch.Format(1, 1, 1, false), images);
  }

  /** Binds operations to a backend and fills their operands from a fixed seed. */
  static Operations open(String backend, int threads, List<Op> ops) {
    Operations operations =
        new Operations(Backends.named(backend).open(new BackendOptions(threads, List.of())), ops);
    Random random = new Random(1);
    for (Tensor tensor : operations.program.tensors()) {
      if (tensor.role().persistent()) {
        float[] values = new float[Math.toIntExact(tensor.shape().elements())];
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) random.nextGaussian();
        }
        operations.executable.write(tensor, values);
      }
    }
    return operations;
  }

  /** An operand that is given from outside. */
  static Tensor operand(String name, Shape shape) {
    return new Tensor(name, shape, Tensor.Role.CONSTANT);
  }

  void run() {
    executable.profile(batch, SETTINGS);
  }

  float[] read(String name) {
    return executable.read(program.tensor(name));
  }

  /**
   * Throws unless some elements of a result are what another way of computing them gives.
   *
   * @param bound relative to the largest element
   */
  static void check(String what, float[] got, float[] want, double bound) {
    double largest = 0;
    for (float value : want) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < want.length; i++) {
      if (!(Math.abs((double) got[i] - want[i]) <= bound * largest)) {
        throw new IllegalStateException(
            "%s: element %d is %s, the reference has %s".formatted(what, i, got[i], want[i]));
      }
    }
  }

  @Override
  public void close() {
    executable.close();
    backend.close();
  }
}
