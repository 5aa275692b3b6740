package org.alexnet.pictures;

/** The smallest and the largest of some numbers. */
record Range(double least, double most) {

  /** Of {@code count} values from {@code from} on. */
  static Range of(float[] values, int from, int count) {
    float least = Float.POSITIVE_INFINITY;
    float most = Float.NEGATIVE_INFINITY;
    for (int i = from; i < from + count; i++) {
      least = Math.min(least, values[i]);
      most = Math.max(most, values[i]);
    }
    return new Range(least, most);
  }

  /** Where a value lies, from 0 for the smallest to 1; in the middle if all are equal. */
  double share(float value) {
    return most == least ? 0.5 : (value - least) / (most - least);
  }
}
