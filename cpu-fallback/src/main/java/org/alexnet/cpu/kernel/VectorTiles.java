package org.alexnet.cpu.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The register tiles of the matrix product: straight-line code with one local a register, which the
 * JIT compiler keeps in registers. Two vectors of columns wide, and as many rows as registers
 * allow: 14 and 8 of the 32 that AVX-512 has, 4 of the 16 of AVX2. Both operands are packed, so
 * that all distances are constants: only then does the compiler take the bounds checks out of the
 * loop, which are as much work as the arithmetic otherwise.
 */
final class VectorTiles {
  private static final VectorSpecies<Float> S = VectorKernels.SPECIES;
  private static final int LANES = S.length();

  private VectorTiles() {}

  static void run(
      int height,
      float[] m,
      int a,
      int b,
      int length,
      int init,
      int ldInit,
      int c,
      int ldc,
      float floor) {
    switch (height) {
      case 14 -> tile14(m, a, b, length, init, ldInit, c, ldc, floor);
      case 8 -> tile8(m, a, b, length, init, ldInit, c, ldc, floor);
      case 4 -> tile4(m, a, b, length, init, ldInit, c, ldc, floor);
      default -> throw new IllegalArgumentException("no tile of height " + height);
    }
  }

  private static void tile14(
      float[] m, int a, int b, int length, int init, int ldInit, int c, int ldc, float floor) {
    FloatVector c00 = FloatVector.zero(S);
    FloatVector c01 = FloatVector.zero(S);
    FloatVector c10 = FloatVector.zero(S);
    FloatVector c11 = FloatVector.zero(S);
    FloatVector c20 = FloatVector.zero(S);
    FloatVector c21 = FloatVector.zero(S);
    FloatVector c30 = FloatVector.zero(S);
    FloatVector c31 = FloatVector.zero(S);
    FloatVector c40 = FloatVector.zero(S);
    FloatVector c41 = FloatVector.zero(S);
    FloatVector c50 = FloatVector.zero(S);
    FloatVector c51 = FloatVector.zero(S);
    FloatVector c60 = FloatVector.zero(S);
    FloatVector c61 = FloatVector.zero(S);
    FloatVector c70 = FloatVector.zero(S);
    FloatVector c71 = FloatVector.zero(S);
    FloatVector c80 = FloatVector.zero(S);
    FloatVector c81 = FloatVector.zero(S);
    FloatVector c90 = FloatVector.zero(S);
    FloatVector c91 = FloatVector.zero(S);
    FloatVector c100 = FloatVector.zero(S);
    FloatVector c101 = FloatVector.zero(S);
    FloatVector c110 = FloatVector.zero(S);
    FloatVector c111 = FloatVector.zero(S);
    FloatVector c120 = FloatVector.zero(S);
    FloatVector c121 = FloatVector.zero(S);
    FloatVector c130 = FloatVector.zero(S);
    FloatVector c131 = FloatVector.zero(S);
    for (int k = 0; k < length; k++) {
      FloatVector b0 = FloatVector.fromArray(S, m, b + 2 * LANES * k);
      FloatVector b1 = FloatVector.fromArray(S, m, b + 2 * LANES * k + LANES);
      FloatVector a0 = FloatVector.broadcast(S, m[a + 14 * k + 0]);
      c00 = a0.fma(b0, c00);
      c01 = a0.fma(b1, c01);
      FloatVector a1 = FloatVector.broadcast(S, m[a + 14 * k + 1]);
      c10 = a1.fma(b0, c10);
      c11 = a1.fma(b1, c11);
      FloatVector a2 = FloatVector.broadcast(S, m[a + 14 * k + 2]);
      c20 = a2.fma(b0, c20);
      c21 = a2.fma(b1, c21);
      FloatVector a3 = FloatVector.broadcast(S, m[a + 14 * k + 3]);
      c30 = a3.fma(b0, c30);
      c31 = a3.fma(b1, c31);
      FloatVector a4 = FloatVector.broadcast(S, m[a + 14 * k + 4]);
      c40 = a4.fma(b0, c40);
      c41 = a4.fma(b1, c41);
      FloatVector a5 = FloatVector.broadcast(S, m[a + 14 * k + 5]);
      c50 = a5.fma(b0, c50);
      c51 = a5.fma(b1, c51);
      FloatVector a6 = FloatVector.broadcast(S, m[a + 14 * k + 6]);
      c60 = a6.fma(b0, c60);
      c61 = a6.fma(b1, c61);
      FloatVector a7 = FloatVector.broadcast(S, m[a + 14 * k + 7]);
      c70 = a7.fma(b0, c70);
      c71 = a7.fma(b1, c71);
      FloatVector a8 = FloatVector.broadcast(S, m[a + 14 * k + 8]);
      c80 = a8.fma(b0, c80);
      c81 = a8.fma(b1, c81);
      FloatVector a9 = FloatVector.broadcast(S, m[a + 14 * k + 9]);
      c90 = a9.fma(b0, c90);
      c91 = a9.fma(b1, c91);
      FloatVector a10 = FloatVector.broadcast(S, m[a + 14 * k + 10]);
      c100 = a10.fma(b0, c100);
      c101 = a10.fma(b1, c101);
      FloatVector a11 = FloatVector.broadcast(S, m[a + 14 * k + 11]);
      c110 = a11.fma(b0, c110);
      c111 = a11.fma(b1, c111);
      FloatVector a12 = FloatVector.broadcast(S, m[a + 14 * k + 12]);
      c120 = a12.fma(b0, c120);
      c121 = a12.fma(b1, c121);
      FloatVector a13 = FloatVector.broadcast(S, m[a + 14 * k + 13]);
      c130 = a13.fma(b0, c130);
      c131 = a13.fma(b1, c131);
    }
    FloatVector low = FloatVector.broadcast(S, floor);
    c00.add(FloatVector.fromArray(S, m, init + 0 * ldInit)).max(low).intoArray(m, c + 0 * ldc);
    c01.add(FloatVector.fromArray(S, m, init + 0 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 0 * ldc + LANES);
    c10.add(FloatVector.fromArray(S, m, init + 1 * ldInit)).max(low).intoArray(m, c + 1 * ldc);
    c11.add(FloatVector.fromArray(S, m, init + 1 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 1 * ldc + LANES);
    c20.add(FloatVector.fromArray(S, m, init + 2 * ldInit)).max(low).intoArray(m, c + 2 * ldc);
    c21.add(FloatVector.fromArray(S, m, init + 2 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 2 * ldc + LANES);
    c30.add(FloatVector.fromArray(S, m, init + 3 * ldInit)).max(low).intoArray(m, c + 3 * ldc);
    c31.add(FloatVector.fromArray(S, m, init + 3 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 3 * ldc + LANES);
    c40.add(FloatVector.fromArray(S, m, init + 4 * ldInit)).max(low).intoArray(m, c + 4 * ldc);
    c41.add(FloatVector.fromArray(S, m, init + 4 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 4 * ldc + LANES);
    c50.add(FloatVector.fromArray(S, m, init + 5 * ldInit)).max(low).intoArray(m, c + 5 * ldc);
    c51.add(FloatVector.fromArray(S, m, init + 5 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 5 * ldc + LANES);
    c60.add(FloatVector.fromArray(S, m, init + 6 * ldInit)).max(low).intoArray(m, c + 6 * ldc);
    c61.add(FloatVector.fromArray(S, m, init + 6 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 6 * ldc + LANES);
    c70.add(FloatVector.fromArray(S, m, init + 7 * ldInit)).max(low).intoArray(m, c + 7 * ldc);
    c71.add(FloatVector.fromArray(S, m, init + 7 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 7 * ldc + LANES);
    c80.add(FloatVector.fromArray(S, m, init + 8 * ldInit)).max(low).intoArray(m, c + 8 * ldc);
    c81.add(FloatVector.fromArray(S, m, init + 8 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 8 * ldc + LANES);
    c90.add(FloatVector.fromArray(S, m, init + 9 * ldInit)).max(low).intoArray(m, c + 9 * ldc);
    c91.add(FloatVector.fromArray(S, m, init + 9 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 9 * ldc + LANES);
    c100.add(FloatVector.fromArray(S, m, init + 10 * ldInit)).max(low).intoArray(m, c + 10 * ldc);
    c101.add(FloatVector.fromArray(S, m, init + 10 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 10 * ldc + LANES);
    c110.add(FloatVector.fromArray(S, m, init + 11 * ldInit)).max(low).intoArray(m, c + 11 * ldc);
    c111.add(FloatVector.fromArray(S, m, init + 11 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 11 * ldc + LANES);
    c120.add(FloatVector.fromArray(S, m, init + 12 * ldInit)).max(low).intoArray(m, c + 12 * ldc);
    c121.add(FloatVector.fromArray(S, m, init + 12 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 12 * ldc + LANES);
    c130.add(FloatVector.fromArray(S, m, init + 13 * ldInit)).max(low).intoArray(m, c + 13 * ldc);
    c131.add(FloatVector.fromArray(S, m, init + 13 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 13 * ldc + LANES);
  }

  private static void tile8(
      float[] m, int a, int b, int length, int init, int ldInit, int c, int ldc, float floor) {
    FloatVector c00 = FloatVector.zero(S);
    FloatVector c01 = FloatVector.zero(S);
    FloatVector c10 = FloatVector.zero(S);
    FloatVector c11 = FloatVector.zero(S);
    FloatVector c20 = FloatVector.zero(S);
    FloatVector c21 = FloatVector.zero(S);
    FloatVector c30 = FloatVector.zero(S);
    FloatVector c31 = FloatVector.zero(S);
    FloatVector c40 = FloatVector.zero(S);
    FloatVector c41 = FloatVector.zero(S);
    FloatVector c50 = FloatVector.zero(S);
    FloatVector c51 = FloatVector.zero(S);
    FloatVector c60 = FloatVector.zero(S);
    FloatVector c61 = FloatVector.zero(S);
    FloatVector c70 = FloatVector.zero(S);
    FloatVector c71 = FloatVector.zero(S);
    for (int k = 0; k < length; k++) {
      FloatVector b0 = FloatVector.fromArray(S, m, b + 2 * LANES * k);
      FloatVector b1 = FloatVector.fromArray(S, m, b + 2 * LANES * k + LANES);
      FloatVector a0 = FloatVector.broadcast(S, m[a + 8 * k + 0]);
      c00 = a0.fma(b0, c00);
      c01 = a0.fma(b1, c01);
      FloatVector a1 = FloatVector.broadcast(S, m[a + 8 * k + 1]);
      c10 = a1.fma(b0, c10);
      c11 = a1.fma(b1, c11);
      FloatVector a2 = FloatVector.broadcast(S, m[a + 8 * k + 2]);
      c20 = a2.fma(b0, c20);
      c21 = a2.fma(b1, c21);
      FloatVector a3 = FloatVector.broadcast(S, m[a + 8 * k + 3]);
      c30 = a3.fma(b0, c30);
      c31 = a3.fma(b1, c31);
      FloatVector a4 = FloatVector.broadcast(S, m[a + 8 * k + 4]);
      c40 = a4.fma(b0, c40);
      c41 = a4.fma(b1, c41);
      FloatVector a5 = FloatVector.broadcast(S, m[a + 8 * k + 5]);
      c50 = a5.fma(b0, c50);
      c51 = a5.fma(b1, c51);
      FloatVector a6 = FloatVector.broadcast(S, m[a + 8 * k + 6]);
      c60 = a6.fma(b0, c60);
      c61 = a6.fma(b1, c61);
      FloatVector a7 = FloatVector.broadcast(S, m[a + 8 * k + 7]);
      c70 = a7.fma(b0, c70);
      c71 = a7.fma(b1, c71);
    }
    FloatVector low = FloatVector.broadcast(S, floor);
    c00.add(FloatVector.fromArray(S, m, init + 0 * ldInit)).max(low).intoArray(m, c + 0 * ldc);
    c01.add(FloatVector.fromArray(S, m, init + 0 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 0 * ldc + LANES);
    c10.add(FloatVector.fromArray(S, m, init + 1 * ldInit)).max(low).intoArray(m, c + 1 * ldc);
    c11.add(FloatVector.fromArray(S, m, init + 1 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 1 * ldc + LANES);
    c20.add(FloatVector.fromArray(S, m, init + 2 * ldInit)).max(low).intoArray(m, c + 2 * ldc);
    c21.add(FloatVector.fromArray(S, m, init + 2 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 2 * ldc + LANES);
    c30.add(FloatVector.fromArray(S, m, init + 3 * ldInit)).max(low).intoArray(m, c + 3 * ldc);
    c31.add(FloatVector.fromArray(S, m, init + 3 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 3 * ldc + LANES);
    c40.add(FloatVector.fromArray(S, m, init + 4 * ldInit)).max(low).intoArray(m, c + 4 * ldc);
    c41.add(FloatVector.fromArray(S, m, init + 4 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 4 * ldc + LANES);
    c50.add(FloatVector.fromArray(S, m, init + 5 * ldInit)).max(low).intoArray(m, c + 5 * ldc);
    c51.add(FloatVector.fromArray(S, m, init + 5 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 5 * ldc + LANES);
    c60.add(FloatVector.fromArray(S, m, init + 6 * ldInit)).max(low).intoArray(m, c + 6 * ldc);
    c61.add(FloatVector.fromArray(S, m, init + 6 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 6 * ldc + LANES);
    c70.add(FloatVector.fromArray(S, m, init + 7 * ldInit)).max(low).intoArray(m, c + 7 * ldc);
    c71.add(FloatVector.fromArray(S, m, init + 7 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 7 * ldc + LANES);
  }

  private static void tile4(
      float[] m, int a, int b, int length, int init, int ldInit, int c, int ldc, float floor) {
    FloatVector c00 = FloatVector.zero(S);
    FloatVector c01 = FloatVector.zero(S);
    FloatVector c10 = FloatVector.zero(S);
    FloatVector c11 = FloatVector.zero(S);
    FloatVector c20 = FloatVector.zero(S);
    FloatVector c21 = FloatVector.zero(S);
    FloatVector c30 = FloatVector.zero(S);
    FloatVector c31 = FloatVector.zero(S);
    for (int k = 0; k < length; k++) {
      FloatVector b0 = FloatVector.fromArray(S, m, b + 2 * LANES * k);
      FloatVector b1 = FloatVector.fromArray(S, m, b + 2 * LANES * k + LANES);
      FloatVector a0 = FloatVector.broadcast(S, m[a + 4 * k + 0]);
      c00 = a0.fma(b0, c00);
      c01 = a0.fma(b1, c01);
      FloatVector a1 = FloatVector.broadcast(S, m[a + 4 * k + 1]);
      c10 = a1.fma(b0, c10);
      c11 = a1.fma(b1, c11);
      FloatVector a2 = FloatVector.broadcast(S, m[a + 4 * k + 2]);
      c20 = a2.fma(b0, c20);
      c21 = a2.fma(b1, c21);
      FloatVector a3 = FloatVector.broadcast(S, m[a + 4 * k + 3]);
      c30 = a3.fma(b0, c30);
      c31 = a3.fma(b1, c31);
    }
    FloatVector low = FloatVector.broadcast(S, floor);
    c00.add(FloatVector.fromArray(S, m, init + 0 * ldInit)).max(low).intoArray(m, c + 0 * ldc);
    c01.add(FloatVector.fromArray(S, m, init + 0 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 0 * ldc + LANES);
    c10.add(FloatVector.fromArray(S, m, init + 1 * ldInit)).max(low).intoArray(m, c + 1 * ldc);
    c11.add(FloatVector.fromArray(S, m, init + 1 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 1 * ldc + LANES);
    c20.add(FloatVector.fromArray(S, m, init + 2 * ldInit)).max(low).intoArray(m, c + 2 * ldc);
    c21.add(FloatVector.fromArray(S, m, init + 2 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 2 * ldc + LANES);
    c30.add(FloatVector.fromArray(S, m, init + 3 * ldInit)).max(low).intoArray(m, c + 3 * ldc);
    c31.add(FloatVector.fromArray(S, m, init + 3 * ldInit + LANES))
        .max(low)
        .intoArray(m, c + 3 * ldc + LANES);
  }
}
