package org.alexnet.cpu.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.alexnet.cpu.kernel.TransformKernels.Pass;
import org.alexnet.cpu.kernel.TransformKernels.Steps;
import org.apache.commons.math3.fraction.BigFraction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The matrices against the definition of a convolution, and the code against the matrices. */
class TransformTest {

  /** y = A^T [(G g) * (B^T d)] is the correlation of d with g, for every g and d: exactly. */
  @ParameterizedTest
  @CsvSource({"7,3", "8,3", "8,5"})
  void productsAtPointsMakeTheConvolution(int points, int taps) {
    CookToom form = CookToom.symmetric(points == 8);
    int outputs = points - taps + 1;
    Random random = new Random(points * 10L + taps);
    for (int round = 0; round < 20; round++) {
      BigFraction[] g = numbers(random, taps);
      BigFraction[] d = numbers(random, points);
      BigFraction[] a = product(form.filter(taps), g);
      BigFraction[] b = product(form.input(), d);
      BigFraction[] products = new BigFraction[points];
      Arrays.setAll(products, p -> a[p].multiply(b[p]));
      BigFraction[] y = product(CookToom.transpose(form.gradient(outputs)), products);
      for (int i = 0; i < outputs; i++) {
        BigFraction sum = BigFraction.ZERO;
        for (int j = 0; j < taps; j++) {
          sum = sum.add(g[j].multiply(d[i + j]));
        }
        assertEquals(sum, y[i]);
      }
    }
  }

  private static BigFraction[] numbers(Random random, int n) {
    BigFraction[] numbers = new BigFraction[n];
    Arrays.setAll(numbers, i -> new BigFraction(random.nextInt(-9, 10), random.nextInt(1, 5)));
    return numbers;
  }

  private static BigFraction[] product(BigFraction[][] matrix, BigFraction[] x) {
    BigFraction[] y = new BigFraction[matrix.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = BigFraction.ZERO;
      for (int j = 0; j < x.length; j++) {
        y[i] = y[i].add(matrix[i][j].multiply(x[j]));
      }
    }
    return y;
  }

  private static Stream<TransformKernels> kernels() {
    return Stream.of(new VectorTransforms(), new ScalarTransforms());
  }

  /**
   * Every transform in every form, with pitches of all kinds: the same bits in both kinds of code.
   */
  @ParameterizedTest
  @EnumSource
  void theCodeIsTheMatrix(Transform transform) {
    BigFraction[][] matrix = TransformSources.matrix(transform);
    float[] data = new float[8192];
    Random random = new Random(transform.ordinal());
    for (int i = 0; i < data.length; i++) {
      data[i] = random.nextFloat() - 0.5f;
    }
    float[][] results =
        kernels()
            .map(
                k -> {
                  float[] m = data.clone();
                  apply(k, transform, m);
                  return m;
                })
            .toArray(float[][]::new);
    assertArrayEquals(results[0], results[1]);
    check(matrix, transform, data, results[0]);
  }

  private static final int PITCH = 48;
  private static final int STEP = 16;
  private static final int OUT = 2048;
  private static final int LAST = 6000;
  private static final int COUNT = 2;

  private static void apply(TransformKernels k, Transform transform, float[] m) {
    Steps steps = new Steps(PITCH, STEP);
    Pass pass = new Pass(transform, COUNT, steps, steps, STEP);
    switch (transform.kind()) {
      case INPUT, GRADIENT, FILTER -> k.spread(pass, m, 0, OUT, LAST);
      case OUTPUT, WEIGHTS -> k.gather(pass, m, 0, LAST, OUT);
    }
  }

  private static void check(
      BigFraction[][] matrix, Transform transform, float[] data, float[] result) {
    boolean byRows =
        transform.kind() != Transform.Kind.OUTPUT && transform.kind() != Transform.Kind.WEIGHTS;
    int ins = matrix[0].length;
    for (int c = 0; c < COUNT; c++) {
      for (int lane = 0; lane < Transform.LANES; lane++) {
        for (int o = 0; o < matrix.length; o++) {
          double sum = 0;
          double size = 0;
          for (int i = 0; i < ins; i++) {
            boolean last = !byRows && !transform.inner() && i == ins - 1;
            float x = data[(last ? LAST : i * PITCH) + c * STEP + lane];
            sum += matrix[o][i].doubleValue() * x;
            size += Math.abs(matrix[o][i].doubleValue() * x);
          }
          boolean last = byRows && !transform.inner() && o == matrix.length - 1;
          float y = result[(last ? LAST : OUT + o * PITCH) + c * STEP + lane];
          assertEquals(sum, y, size * ins * 0x1p-23);
        }
      }
    }
  }
}
