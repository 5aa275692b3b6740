package org.alexnet.cuda.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** The kernels' division, common.cuh, on the host. */
class DivisorTest {

  /** As quotient() there. */
  private static int quotient(int n, Divisor d) {
    long product = Integer.toUnsignedLong(n) * Integer.toUnsignedLong(d.multiplier());
    return d.value() == 1 ? n : (int) (product >>> 32) >>> d.shift();
  }

  private static void check(int n, int d) {
    assertEquals(n / d, quotient(n, new Divisor(d)), n + " / " + d);
  }

  @Test
  void everyDivisorAtTheEdgesOfItsMultiples() {
    for (int d = 1; d <= 5000; d++) {
      for (long multiple = 0; multiple <= Integer.MAX_VALUE; multiple += Math.max(d, 3 << 24)) {
        long edge = multiple / d * d;
        for (long n = Math.max(0, edge - 1); n <= edge + 1; n++) {
          check((int) Math.min(n, Integer.MAX_VALUE), d);
        }
      }
      check(Integer.MAX_VALUE, d);
    }
  }

  @Test
  void largeDivisors() {
    Random random = new Random(1);
    for (int i = 0; i < 1_000_000; i++) {
      int d = 1 + (random.nextInt() >>> 1 + random.nextInt(30));
      check(random.nextInt() >>> 1, Math.max(1, d));
    }
    for (int bit = 0; bit < 31; bit++) {
      for (int d = Math.max(1, (1 << bit) - 1); d <= (1 << bit) + 1 && d > 0; d++) {
        check(Integer.MAX_VALUE, d);
        check(d - 1, d);
        check(d, d);
      }
    }
  }
}
