package org.alexnet.cuda;

import java.util.List;

/** Gives back what is owned, the last first. */
final class Closeables {
  private Closeables() {}

  static void all(List<? extends AutoCloseable> owned) {
    for (int i = owned.size() - 1; i >= 0; i--) {
      try {
        owned.get(i).close();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
    owned.clear();
  }
}
