package org.alexnet.backend;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.alexnet.data.Batch;
import org.alexnet.model.Models;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;
import org.alexnet.program.Placement;
import org.alexnet.program.Shape;
import org.alexnet.program.StepProgram;
import org.alexnet.program.Tensor;

/** Runs a few operations on a backend, their operands given from outside. */
final class OpRig implements AutoCloseable {

  /** Makes the values of an operand. */
  interface Fill {
    float[] of(int n);
  }

  private final Executable executable;
  private final StepProgram program;
  private final Map<String, Tensor> operands = new LinkedHashMap<>();
  private final Batch batch;

  OpRig(Backend backend, List<Op> ops) {
    Set<String> all =
        ops.stream()
            .flatMap(op -> op.writes().stream().map(Tensor::name))
            .collect(Collectors.toSet());
    program = new StepProgram(StepProgram.Phase.TRAIN, ops, all);
    StepProgram none = new StepProgram(StepProgram.Phase.EVALUATE, List.of(), Set.of());
    int images = ops.getFirst().writes().getFirst().shape().n();
    executable =
        backend.compile(
            new CompiledNetwork(
                Models.named("alexnet-32").network(), images, Placement.WHOLE, program, none));
    for (Tensor tensor : program.tensors()) {
      if (tensor.role().persistent()) {
        operands.put(tensor.name(), tensor);
      }
    }
    batch = executable.newBatch(new Batch.Format(1, 1, 1, false));
  }

  static Tensor constant(String name, Shape shape) {
    return new Tensor(name, shape, Tensor.Role.CONSTANT);
  }

  static Tensor parameter(String name, Shape shape) {
    return new Tensor(name, shape, Tensor.Role.PARAMETER);
  }

  void fill(Fill fill) {
    for (Tensor tensor : operands.values()) {
      executable.write(tensor, fill.of((int) tensor.shape().elements()));
    }
  }

  void copyFrom(OpRig other) {
    for (Tensor tensor : operands.values()) {
      executable.write(tensor, other.executable.read(tensor));
    }
  }

  void run() {
    run(new StepSettings(7, 3, 0.1f, 0.9f, 0.01f));
  }

  void run(StepSettings settings) {
    executable.profile(batch, settings);
  }

  void write(Tensor tensor, float[] values) {
    executable.write(tensor, values);
  }

  List<Tensor> results() {
    List<Tensor> results = new ArrayList<>();
    program.ops().forEach(op -> results.addAll(op.writes()));
    return results;
  }

  Tensor tensor(String name) {
    return program.tensor(name);
  }

  float[] read(Tensor tensor) {
    return executable.read(tensor);
  }

  /** (f(v + h) - f(v - h)) / 2h of f = sum(y dy), dy fixed, in one element of an operand. */
  double centralDifference(Tensor tensor, float[] values, int i, float h, float[] dy) {
    float[] moved = values.clone();
    moved[i] = values[i] + h;
    executable.write(tensor, moved);
    run();
    double up = objective(dy);
    moved[i] = values[i] - h;
    executable.write(tensor, moved);
    run();
    double down = objective(dy);
    executable.write(tensor, values);
    return (up - down) / (2 * (double) h);
  }

  private double objective(float[] dy) {
    float[] y = read(tensor("y"));
    double sum = 0;
    for (int i = 0; i < y.length; i++) {
      sum += (double) y[i] * dy[i];
    }
    return sum;
  }

  /** Small integers, whose sums of products are exact. */
  static float[] integers(int n, Random random) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = random.nextInt(7) - 3;
    }
    return values;
  }

  static float[] reals(int n, Random random) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Values between -2 and 2, none nearer to 0 than 1/32. */
  static float[] grid(int n, Random random) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (random.nextInt(64) - 32 + 0.5f) / 16;
    }
    return values;
  }

  /** Multiples of 1/32 in random order, each once. */
  static float[] distinct(int n, Random random) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      order.add(i);
    }
    Collections.shuffle(order, random);
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (order.get(i) - n / 2) / 32f;
    }
    return values;
  }

  static double largest(float[] values) {
    double largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  @Override
  public void close() {
    executable.close();
  }
}
