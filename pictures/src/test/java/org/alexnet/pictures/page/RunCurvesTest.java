package org.alexnet.pictures.page;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Numbers for charts have five digits, and print as such. */
class RunCurvesTest {
  @Test
  void numbersAreRoundedAsDecimalsAre() {
    Random random = new Random(1);
    for (int i = 0; i < 100_000; i++) {
      double number = random.nextGaussian() * Math.pow(10, random.nextInt(-12, 13));
      double expected = new BigDecimal(number).round(new MathContext(5)).doubleValue();
      assertEquals(expected, RunCurves.rounded(number), Math.ulp(expected), "of " + number);
    }
    assertEquals("0.30000", "%.5f".formatted(RunCurves.rounded(0.1 + 0.2)));
    assertEquals(0.3, RunCurves.rounded(0.1 + 0.2));
    assertEquals(123460, RunCurves.rounded(123456));
    assertEquals(-0.0012346, RunCurves.rounded(-0.00123456));
    for (double extreme : new double[] {0, 1e300, -1e-300, Double.MIN_VALUE}) {
      assertEquals(extreme, RunCurves.rounded(extreme));
    }
  }
}
