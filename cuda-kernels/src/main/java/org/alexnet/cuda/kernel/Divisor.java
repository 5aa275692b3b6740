package org.alexnet.cuda.kernel;

/**
 * A number that kernels divide by, as a product and a shift (Granlund and Montgomery, "Division by
 * invariant integers using multiplication", 1994): n / d is the high half of n times the
 * multiplier, shifted to the right, for every n below 2^31.
 *
 * @param value at least 1
 */
record Divisor(int value) {
  private static final int BITS = 31;

  private int log2() {
    return Integer.SIZE - Integer.numberOfLeadingZeros(value - 1);
  }

  int multiplier() {
    return value == 1 ? 0 : (int) Math.ceilDiv(1L << BITS + log2(), (long) value);
  }

  int shift() {
    return value == 1 ? 0 : log2() - 1;
  }
}
