package org.alexnet.benchmarks;

import java.util.List;
import java.util.concurrent.TimeUnit;
import org.alexnet.network.Window;
import org.alexnet.program.Op;
import org.alexnet.program.Shape;
import org.alexnet.program.Tensor;
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

/**
 * Maximum pooling forward and backward: the paper's overlapping windows and the small network's.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class PoolingBenchmark {
  private static final int IMAGES = 32;

  /** A layer: channels, edge of the input, window. */
  public enum Layer {
    SMALL_POOL1(32, 32, new Window(2, 2, 0)),
    POOL1(96, 55, new Window(3, 2, 0)),
    POOL2(256, 27, new Window(3, 2, 0)),
    POOL5(256, 13, new Window(3, 2, 0));

    private final int channels;
    private final int edge;
    private final Window window;

    Layer(int channels, int edge, Window window) {
      this.channels = channels;
      this.edge = edge;
      this.window = window;
    }

    List<Op> ops(int images) {
      Shape large = new Shape(images, channels, edge, edge);
      Shape small = new Shape(images, channels, window.floor(edge), window.floor(edge));
      Tensor x = Operations.operand("x", large);
      Tensor dy = Operations.operand("dy", small);
      Tensor argmax = Tensor.step("argmax", small);
      return List.of(
          new Op.MaxPool("pool", x, Tensor.step("y", small), argmax, window),
          new Op.MaxPoolBackward("pool", dy, argmax, x.gradient(), window));
    }
  }

  @Param public Layer layer;

  @Param("2")
  public int threads;

  @Param("cpu")
  public String backend;

  private Operations operations;

  @Setup(Level.Trial)
  public void open() {
    try (Operations reference = Operations.open("reference", 1, layer.ops(2));
        Operations small = Operations.open(backend, threads, layer.ops(2))) {
      reference.run();
      small.run();
      for (String result : List.of("y", "argmax", "x.grad")) {
        Operations.check(layer + " " + result, small.read(result), reference.read(result), 1e-6);
      }
    }
    operations = Operations.open(backend, threads, layer.ops(IMAGES));
  }

  @Benchmark
  public void forwardAndBackward() {
    operations.run();
  }

  @TearDown(Level.Trial)
  public void close() {
    operations.close();
  }
}
