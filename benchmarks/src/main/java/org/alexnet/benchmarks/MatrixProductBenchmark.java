package org.alexnet.benchmarks;

import java.util.List;
import java.util.concurrent.TimeUnit;
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
 * The product of two matrices of 2048 x 2048, as a fully-connected layer of 2048 inputs and outputs
 * on 2048 images: 17.2 GFLOP. The batch is packed in every run; weights are kept packed.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class MatrixProductBenchmark {
  private static final int N = 2048;

  @Param("2")
  public int threads;

  @Param("cpu")
  public String backend;

  private Operations product;

  @Setup(Level.Trial)
  public void open() {
    Tensor x = Operations.operand("x", new Shape(N, N, 1, 1));
    Tensor w = new Tensor("w", new Shape(N, N, 1, 1), Tensor.Role.PARAMETER);
    Tensor b = new Tensor("b", Shape.vector(N), Tensor.Role.PARAMETER);
    Tensor y = Tensor.step("y", new Shape(N, N, 1, 1));
    product = Operations.open(backend, threads, List.of(new Op.FullyConnected("fc", x, w, b, y)));
    product.run();
    float[] all = product.read("y");
    float[] want = new float[N];
    float[] got = new float[N];
    float[] left = product.read("x");
    float[] right = product.read("w");
    float[] bias = product.read("b");
    for (int i = 0; i < N; i++) {
      int row = (i * 37) % N;
      double sum = bias[i];
      for (int k = 0; k < N; k++) {
        sum += (double) left[row * N + k] * right[i * N + k];
      }
      want[i] = (float) sum;
      got[i] = all[row * N + i];
    }
    Operations.check("matrix product", got, want, 1e-5);
  }

  @Benchmark
  public void product() {
    product.run();
  }

  @TearDown(Level.Trial)
  public void close() {
    product.close();
  }
}
