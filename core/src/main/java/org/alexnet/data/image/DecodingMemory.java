package org.alexnet.data.image;

import java.io.IOException;
import java.util.concurrent.Semaphore;

/**
 * The memory that images take while they are decoded, shared by all threads: a third of what Java
 * may use. A thread whose image does not fit beside the others' waits for them.
 */
final class DecodingMemory implements AutoCloseable {
  private static final int UNIT = 1 << 16;
  private static final long MOST = Runtime.getRuntime().maxMemory();
  private static final int SHARED = (int) Math.min(Integer.MAX_VALUE, MOST / 3 / UNIT);
  private static final Semaphore FREE = new Semaphore(SHARED, true);

  private final int taken;

  private DecodingMemory(int taken) {
    this.taken = taken;
  }

  /**
   * Waits until there is room, until the result is closed.
   *
   * @throws IOException if there never will be
   */
  static DecodingMemory reserve(long bytes) throws IOException {
    if (bytes > MOST / 4 * 3) {
      throw new IOException(
          "takes %,d MB to decode, and Java may use %,d MB in all: allow it more, or make the image smaller"
              .formatted(bytes >> 20, MOST >> 20));
    }
    int units = (int) Math.min(SHARED, Math.ceilDiv(bytes, UNIT));
    FREE.acquireUninterruptibly(units);
    return new DecodingMemory(units);
  }

  @Override
  public void close() {
    FREE.release(taken);
  }
}
