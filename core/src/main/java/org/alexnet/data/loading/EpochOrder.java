package org.alexnet.data.loading;

import org.alexnet.random.Philox;

/** In which order an epoch takes the images. */
public final class EpochOrder {
  private static final int STREAM = Philox.stream("shuffle");

  private EpochOrder() {}

  /** The numbers 0 to {@code n - 1} as they are. */
  static int[] sequential(int n) {
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      order[i] = i;
    }
    return order;
  }

  /** A permutation by Fisher and Yates, whose draw for position i is element i of the epoch. */
  public static int[] shuffled(int n, long seed, int epoch) {
    Philox random = new Philox(seed, epoch, STREAM);
    int[] order = sequential(n);
    for (int i = n - 1; i > 0; i--) {
      int j = random.below(i, i + 1);
      int swap = order[i];
      order[i] = order[j];
      order[j] = swap;
    }
    return order;
  }
}
