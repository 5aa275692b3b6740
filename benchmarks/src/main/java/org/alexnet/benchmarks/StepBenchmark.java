package org.alexnet.benchmarks;

import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.alexnet.backend.Backend;
import org.alexnet.backend.BackendOptions;
import org.alexnet.backend.Backends;
import org.alexnet.backend.Executable;
import org.alexnet.backend.StepSettings;
import org.alexnet.data.Batch;
import org.alexnet.model.Models;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Tensor;
import org.alexnet.weights.Weights;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A whole training step and a whole evaluation; images a second are batch / time. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class StepBenchmark {
  @Param("alexnet-32")
  public String model;

  @Param("128")
  public int batch;

  @Param("2")
  public int threads;

  @Param("cpu")
  public String backend;

  private Backend open;
  private Executable executable;
  private Batch images;
  private int step;

  @Setup(Level.Trial)
  public void open() {
    check();
    open = Backends.named(backend).open(new BackendOptions(threads, List.of()));
    CompiledNetwork programs = CompiledNetwork.of(Models.named(model).network(), batch);
    executable = bind(open, programs);
    images = images(executable, programs.network(), batch);
  }

  /** The logits of a few images are those of the reference. */
  private void check() {
    int few = 2;
    CompiledNetwork programs = CompiledNetwork.of(Models.named(model).network(), few);
    Tensor logits = programs.evaluate().tensor(CompiledNetwork.LOGITS);
    try (Backend reference = Backends.named("reference").open(BackendOptions.defaults());
        Executable expected = bind(reference, programs);
        Backend tested = Backends.named(backend).open(new BackendOptions(threads, List.of()));
        Executable got = bind(tested, programs)) {
      expected.evaluate(images(expected, programs.network(), few)).await();
      got.evaluate(images(got, programs.network(), few)).await();
      Operations.check(model, got.read(logits), expected.read(logits), 1e-5);
    }
  }

  private static Executable bind(Backend backend, CompiledNetwork programs) {
    Executable executable = backend.compile(programs);
    var weights = Weights.initial(programs.network(), 1, Weights.Overrides.NONE);
    for (Tensor tensor : programs.parameters()) {
      executable.write(tensor, weights.get(tensor.name()).values());
    }
    return executable;
  }

  private static Batch images(Executable executable, Network network, int count) {
    int edge = network.input().size();
    Batch batch =
        executable.newBatch(new Batch.Format(network.input().channels(), edge, edge, true));
    Random random = new Random(1);
    for (int i = 0; i < count; i++) {
      batch.labels()[i] = i % network.classes();
      for (int v = 0; v < batch.format().values(); v++) {
        batch
            .image(i)
            .setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, v, (float) random.nextGaussian());
      }
    }
    batch.setCount(count);
    return batch;
  }

  @Benchmark
  public double train() {
    StepSettings settings = new StepSettings(1, step++, 0.001f, 0.9f, 0.0005f);
    return executable.train(images, settings).await().lossSum();
  }

  @Benchmark
  public double infer() {
    return executable.evaluate(images).await().lossSum();
  }

  @TearDown(Level.Trial)
  public void close() {
    executable.close();
    open.close();
  }
}
