package org.alexnet.random;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class PhiloxTest {

  /** Known answers published with the Random123 library (kat_vectors, philox4x32, 10 rounds). */
  @Test
  void knownAnswers() {
    int[] out = new int[4];
    new Philox(0, 0, 0).block(0, out);
    assertArrayEquals(new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, out);
    new Philox(-1L, -1, -1).block(-1L, out);
    assertArrayEquals(new int[] {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}, out);
    new Philox(0x299f31d0_a4093822L, 0x13198a2e, 0x03707344).block(0x85a308d3_243f6a88L, out);
    assertArrayEquals(new int[] {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}, out);
  }

  @Test
  void anElementIsAWordOfItsBlock() {
    Philox philox = new Philox(42, 3, Philox.stream("dropout/drop1"));
    int[] out = new int[4];
    philox.block(5, out);
    for (int i = 0; i < 4; i++) {
      assertEquals(out[i], philox.word(20 + i));
    }
  }

  @Test
  void normalsHaveTheMomentsOfTheNormalDistribution() {
    Philox philox = new Philox(1, 0, Philox.stream("test"));
    int n = 100_000;
    double sum = 0;
    double squares = 0;
    double fourth = 0;
    for (int i = 0; i < n; i++) {
      double x = philox.normal(i);
      sum += x;
      squares += x * x;
      fourth += x * x * x * x;
    }
    assertEquals(0, sum / n, 0.02);
    assertEquals(1, squares / n, 0.02);
    assertEquals(3, fourth / n, 0.15);
  }

  @Test
  void integersBelowABoundCoverItEvenly() {
    Philox philox = new Philox(7, 0, Philox.stream("test"));
    int[] counts = new int[10];
    for (int i = 0; i < 10_000; i++) {
      counts[philox.below(i, 10)]++;
    }
    for (int count : counts) {
      assertEquals(1000, count, 150);
    }
  }
}
