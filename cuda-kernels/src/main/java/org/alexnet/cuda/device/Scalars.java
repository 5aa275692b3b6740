package org.alexnet.cuda.device;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import jcuda.Pointer;

/**
 * The factors that cuBLAS and cuDNN take by address. They lie in native memory: for an array of
 * Java's, JCuda would keep the garbage collector out for as long as a call takes.
 */
public final class Scalars {
  public static final Pointer ONE = of(1);
  public static final Pointer ZERO = of(0);

  private Scalars() {}

  private static Pointer of(float value) {
    return Addresses.of(Arena.global().allocateFrom(JAVA_FLOAT, value).address());
  }
}
