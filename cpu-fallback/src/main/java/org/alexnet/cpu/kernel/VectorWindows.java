package org.alexnet.cpu.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The register tiles of convolutions: as {@link VectorTiles}, but every row is read where its
 * window lies in the image, so that nothing is packed. A tile has fewer rows here, for each row
 * needs an address register too: with 14 the JIT compiler runs out of them and is three times
 * slower.
 */
final class VectorWindows {
  private static final VectorSpecies<Float> S = VectorKernels.SPECIES;
  private static final int LANES = S.length();

  private VectorWindows() {}

  static void run(
      int height,
      float[] m,
      int[] rows,
      int first,
      int source,
      int segments,
      int run,
      int pitch,
      int b,
      int init,
      int c,
      int ldc,
      float floor) {
    switch (height) {
      case 8 -> rows8(m, rows, first, source, segments, run, pitch, b, init, c, ldc, floor);
      case 6 -> rows6(m, rows, first, source, segments, run, pitch, b, init, c, ldc, floor);
      case 4 -> rows4(m, rows, first, source, segments, run, pitch, b, init, c, ldc, floor);
      default -> throw new IllegalArgumentException("no tile of height " + height);
    }
  }

  private static void rows8(
      float[] m,
      int[] rows,
      int first,
      int source,
      int segments,
      int run,
      int pitch,
      int b,
      int init,
      int c,
      int ldc,
      float floor) {
    int a0 = source + rows[first + 0];
    int a1 = source + rows[first + 1];
    int a2 = source + rows[first + 2];
    int a3 = source + rows[first + 3];
    int a4 = source + rows[first + 4];
    int a5 = source + rows[first + 5];
    int a6 = source + rows[first + 6];
    int a7 = source + rows[first + 7];
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
    int q = b;
    for (int s = 0; s < segments; s++) {
      for (int k = 0; k < run; k++) {
        FloatVector b0 = FloatVector.fromArray(S, m, q);
        FloatVector b1 = FloatVector.fromArray(S, m, q + LANES);
        FloatVector x0 = FloatVector.broadcast(S, m[a0 + k]);
        c00 = x0.fma(b0, c00);
        c01 = x0.fma(b1, c01);
        FloatVector x1 = FloatVector.broadcast(S, m[a1 + k]);
        c10 = x1.fma(b0, c10);
        c11 = x1.fma(b1, c11);
        FloatVector x2 = FloatVector.broadcast(S, m[a2 + k]);
        c20 = x2.fma(b0, c20);
        c21 = x2.fma(b1, c21);
        FloatVector x3 = FloatVector.broadcast(S, m[a3 + k]);
        c30 = x3.fma(b0, c30);
        c31 = x3.fma(b1, c31);
        FloatVector x4 = FloatVector.broadcast(S, m[a4 + k]);
        c40 = x4.fma(b0, c40);
        c41 = x4.fma(b1, c41);
        FloatVector x5 = FloatVector.broadcast(S, m[a5 + k]);
        c50 = x5.fma(b0, c50);
        c51 = x5.fma(b1, c51);
        FloatVector x6 = FloatVector.broadcast(S, m[a6 + k]);
        c60 = x6.fma(b0, c60);
        c61 = x6.fma(b1, c61);
        FloatVector x7 = FloatVector.broadcast(S, m[a7 + k]);
        c70 = x7.fma(b0, c70);
        c71 = x7.fma(b1, c71);
        q += 2 * LANES;
      }
      a0 += pitch;
      a1 += pitch;
      a2 += pitch;
      a3 += pitch;
      a4 += pitch;
      a5 += pitch;
      a6 += pitch;
      a7 += pitch;
    }
    FloatVector low = FloatVector.broadcast(S, floor);
    FloatVector i0 = FloatVector.fromArray(S, m, init);
    FloatVector i1 = FloatVector.fromArray(S, m, init + LANES);
    c00.add(i0).max(low).intoArray(m, c + 0 * ldc);
    c01.add(i1).max(low).intoArray(m, c + 0 * ldc + LANES);
    c10.add(i0).max(low).intoArray(m, c + 1 * ldc);
    c11.add(i1).max(low).intoArray(m, c + 1 * ldc + LANES);
    c20.add(i0).max(low).intoArray(m, c + 2 * ldc);
    c21.add(i1).max(low).intoArray(m, c + 2 * ldc + LANES);
    c30.add(i0).max(low).intoArray(m, c + 3 * ldc);
    c31.add(i1).max(low).intoArray(m, c + 3 * ldc + LANES);
    c40.add(i0).max(low).intoArray(m, c + 4 * ldc);
    c41.add(i1).max(low).intoArray(m, c + 4 * ldc + LANES);
    c50.add(i0).max(low).intoArray(m, c + 5 * ldc);
    c51.add(i1).max(low).intoArray(m, c + 5 * ldc + LANES);
    c60.add(i0).max(low).intoArray(m, c + 6 * ldc);
    c61.add(i1).max(low).intoArray(m, c + 6 * ldc + LANES);
    c70.add(i0).max(low).intoArray(m, c + 7 * ldc);
    c71.add(i1).max(low).intoArray(m, c + 7 * ldc + LANES);
  }

  private static void rows6(
      float[] m,
      int[] rows,
      int first,
      int source,
      int segments,
      int run,
      int pitch,
      int b,
      int init,
      int c,
      int ldc,
      float floor) {
    int a0 = source + rows[first + 0];
    int a1 = source + rows[first + 1];
    int a2 = source + rows[first + 2];
    int a3 = source + rows[first + 3];
    int a4 = source + rows[first + 4];
    int a5 = source + rows[first + 5];
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
    int q = b;
    for (int s = 0; s < segments; s++) {
      for (int k = 0; k < run; k++) {
        FloatVector b0 = FloatVector.fromArray(S, m, q);
        FloatVector b1 = FloatVector.fromArray(S, m, q + LANES);
        FloatVector x0 = FloatVector.broadcast(S, m[a0 + k]);
        c00 = x0.fma(b0, c00);
        c01 = x0.fma(b1, c01);
        FloatVector x1 = FloatVector.broadcast(S, m[a1 + k]);
        c10 = x1.fma(b0, c10);
        c11 = x1.fma(b1, c11);
        FloatVector x2 = FloatVector.broadcast(S, m[a2 + k]);
        c20 = x2.fma(b0, c20);
        c21 = x2.fma(b1, c21);
        FloatVector x3 = FloatVector.broadcast(S, m[a3 + k]);
        c30 = x3.fma(b0, c30);
        c31 = x3.fma(b1, c31);
        FloatVector x4 = FloatVector.broadcast(S, m[a4 + k]);
        c40 = x4.fma(b0, c40);
        c41 = x4.fma(b1, c41);
        FloatVector x5 = FloatVector.broadcast(S, m[a5 + k]);
        c50 = x5.fma(b0, c50);
        c51 = x5.fma(b1, c51);
        q += 2 * LANES;
      }
      a0 += pitch;
      a1 += pitch;
      a2 += pitch;
      a3 += pitch;
      a4 += pitch;
      a5 += pitch;
    }
    FloatVector low = FloatVector.broadcast(S, floor);
    FloatVector i0 = FloatVector.fromArray(S, m, init);
    FloatVector i1 = FloatVector.fromArray(S, m, init + LANES);
    c00.add(i0).max(low).intoArray(m, c + 0 * ldc);
    c01.add(i1).max(low).intoArray(m, c + 0 * ldc + LANES);
    c10.add(i0).max(low).intoArray(m, c + 1 * ldc);
    c11.add(i1).max(low).intoArray(m, c + 1 * ldc + LANES);
    c20.add(i0).max(low).intoArray(m, c + 2 * ldc);
    c21.add(i1).max(low).intoArray(m, c + 2 * ldc + LANES);
    c30.add(i0).max(low).intoArray(m, c + 3 * ldc);
    c31.add(i1).max(low).intoArray(m, c + 3 * ldc + LANES);
    c40.add(i0).max(low).intoArray(m, c + 4 * ldc);
    c41.add(i1).max(low).intoArray(m, c + 4 * ldc + LANES);
    c50.add(i0).max(low).intoArray(m, c + 5 * ldc);
    c51.add(i1).max(low).intoArray(m, c + 5 * ldc + LANES);
  }

  private static void rows4(
      float[] m,
      int[] rows,
      int first,
      int source,
      int segments,
      int run,
      int pitch,
      int b,
      int init,
      int c,
      int ldc,
      float floor) {
    int a0 = source + rows[first + 0];
    int a1 = source + rows[first + 1];
    int a2 = source + rows[first + 2];
    int a3 = source + rows[first + 3];
    FloatVector c00 = FloatVector.zero(S);
    FloatVector c01 = FloatVector.zero(S);
    FloatVector c10 = FloatVector.zero(S);
    FloatVector c11 = FloatVector.zero(S);
    FloatVector c20 = FloatVector.zero(S);
    FloatVector c21 = FloatVector.zero(S);
    FloatVector c30 = FloatVector.zero(S);
    FloatVector c31 = FloatVector.zero(S);
    int q = b;
    for (int s = 0; s < segments; s++) {
      for (int k = 0; k < run; k++) {
        FloatVector b0 = FloatVector.fromArray(S, m, q);
        FloatVector b1 = FloatVector.fromArray(S, m, q + LANES);
        FloatVector x0 = FloatVector.broadcast(S, m[a0 + k]);
        c00 = x0.fma(b0, c00);
        c01 = x0.fma(b1, c01);
        FloatVector x1 = FloatVector.broadcast(S, m[a1 + k]);
        c10 = x1.fma(b0, c10);
        c11 = x1.fma(b1, c11);
        FloatVector x2 = FloatVector.broadcast(S, m[a2 + k]);
        c20 = x2.fma(b0, c20);
        c21 = x2.fma(b1, c21);
        FloatVector x3 = FloatVector.broadcast(S, m[a3 + k]);
        c30 = x3.fma(b0, c30);
        c31 = x3.fma(b1, c31);
        q += 2 * LANES;
      }
      a0 += pitch;
      a1 += pitch;
      a2 += pitch;
      a3 += pitch;
    }
    FloatVector low = FloatVector.broadcast(S, floor);
    FloatVector i0 = FloatVector.fromArray(S, m, init);
    FloatVector i1 = FloatVector.fromArray(S, m, init + LANES);
    c00.add(i0).max(low).intoArray(m, c + 0 * ldc);
    c01.add(i1).max(low).intoArray(m, c + 0 * ldc + LANES);
    c10.add(i0).max(low).intoArray(m, c + 1 * ldc);
    c11.add(i1).max(low).intoArray(m, c + 1 * ldc + LANES);
    c20.add(i0).max(low).intoArray(m, c + 2 * ldc);
    c21.add(i1).max(low).intoArray(m, c + 2 * ldc + LANES);
    c30.add(i0).max(low).intoArray(m, c + 3 * ldc);
    c31.add(i1).max(low).intoArray(m, c + 3 * ldc + LANES);
  }
}
