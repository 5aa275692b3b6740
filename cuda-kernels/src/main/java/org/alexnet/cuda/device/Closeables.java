package org.alexnet.cuda.device;

import java.util.List;

/** Gives back what is owned, the last first. */
public final class Closeables {
  private Closeables() {}

  public static void all(List<? extends AutoCloseable> owned) {
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
