package org.alexnet.backend;

import java.util.Locale;
import org.alexnet.AlexNetException;
import org.alexnet.Words;

/**
 * The arithmetic of a run. Parameters, momentum, scores and loss are 32-bit numbers in each of
 * them; sums are formed in 32 bits.
 */
public enum Precision {
  /** IEEE binary32 throughout. */
  FP32,
  /** 32-bit numbers whose products are formed of 10-bit fractions on tensor cores. */
  TF32,
  /** Activations and their gradients as bfloat16: 8 bits of exponent, 7 of fraction. */
  BF16,
  /** Activations and their gradients as IEEE binary16, gradients scaled up against underflow. */
  FP16;

  /**
   * The precision of a name.
   *
   * @throws AlexNetException listing those there are
   */
  public static Precision named(String name) {
    return Words.named(values(), name, "There is no precision \"%s\"");
  }

  /** As on the command line and in {@code run.json}: {@code bf16}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
