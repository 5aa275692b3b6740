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

/** Forward, data gradient and filter gradient of every convolution of both networks, 32 images. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ConvolutionBenchmark {
  private static final int IMAGES = 32;

  /** A layer: channels and edge of its input, filters, window, groups. */
  public enum Layer {
    SMALL_CONV1(3, 32, 32, new Window(3, 1, 1), 1),
    SMALL_CONV2(32, 16, 64, new Window(3, 1, 1), 1),
    SMALL_CONV3(64, 8, 128, new Window(3, 1, 1), 1),
    CONV1(3, 227, 96, new Window(11, 4, 0), 1),
    CONV2(96, 27, 256, new Window(5, 1, 2), 2),
    CONV3(256, 13, 384, new Window(3, 1, 1), 1),
    CONV4(384, 13, 384, new Window(3, 1, 1), 2),
    CONV5(384, 13, 256, new Window(3, 1, 1), 2);

    private final Shape x;
    private final Shape y;
    private final Window window;
    private final int groups;

    Layer(int channels, int edge, int filters, Window window, int groups) {
      this.x = new Shape(IMAGES, channels, edge, edge);
      this.y = new Shape(IMAGES, filters, window.floor(edge), window.floor(edge));
      this.window = window;
      this.groups = groups;
    }

    Op forward(int images) {
      return new Op.Convolution("conv", x(images), weight(), bias(), y(images), window, groups);
    }

    List<Op> ops(Pass pass, int images) {
      return switch (pass) {
        case FORWARD -> List.of(forward(images));
        case BACKWARD_DATA ->
            List.of(
                new Op.ConvolutionBackwardData(
                    "conv", dy(images), weight(), x(images).gradient(), window, groups));
        case BACKWARD_WEIGHTS ->
            List.of(
                new Op.ConvolutionBackwardWeights(
                    "conv",
                    x(images),
                    dy(images),
                    weight().gradient(),
                    bias().gradient(),
                    window,
                    groups));
      };
    }

    private Tensor x(int images) {
      return Operations.operand("x", x.withN(images));
    }

    private Tensor dy(int images) {
      return Operations.operand("dy", y.withN(images));
    }

    private Tensor y(int images) {
      return Tensor.step("y", y.withN(images));
    }

    private Tensor weight() {
      int kernel = window.kernel();
      Shape shape = new Shape(y.c(), x.c() / groups, kernel, kernel);
      return new Tensor("w", shape, Tensor.Role.PARAMETER);
    }

    private Tensor bias() {
      return new Tensor("b", Shape.vector(y.c()), Tensor.Role.PARAMETER);
    }
  }

  /** What is computed. */
  public enum Pass {
    FORWARD("y"),
    BACKWARD_DATA("x.grad"),
    BACKWARD_WEIGHTS("w.grad");

    private final String result;

    Pass(String result) {
      this.result = result;
    }
  }

  @Param public Layer layer;

  @Param public Pass pass;

  @Param("2")
  public int threads;

  @Param("cpu")
  public String backend;

  private Operations operations;

  /** The answer is checked on one image, which the slow reference computes as well. */
  @Setup(Level.Trial)
  public void open() {
    try (Operations reference = Operations.open("reference", 1, layer.ops(pass, 1));
        Operations single = Operations.open(backend, threads, layer.ops(pass, 1))) {
      reference.run();
      single.run();
      Operations.check(
          layer + " " + pass, single.read(pass.result), reference.read(pass.result), 1e-5);
    }
    operations = Operations.open(backend, threads, layer.ops(pass, IMAGES));
  }

  @Benchmark
  public void run() {
    operations.run();
  }

  @TearDown(Level.Trial)
  public void close() {
    operations.close();
  }
}
