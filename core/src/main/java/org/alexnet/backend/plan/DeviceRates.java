package org.alexnet.backend.plan;

/**
 * What a device was measured to do at best: the bounds that a kernel's time is held against.
 *
 * @param bytesPerSecond read and written by a copy within its memory
 * @param operationsPerSecond multiplications and additions of a large product of matrices, in the
 *     precision that the backend was opened with
 * @param launchSeconds what a kernel takes that has next to nothing to do
 */
public record DeviceRates(double bytesPerSecond, double operationsPerSecond, double launchSeconds) {
  /** What keeps a kernel from being faster. */
  public enum Limit {
    MEMORY,
    ARITHMETIC,
    LAUNCH
  }

  /**
   * The least time of a kernel.
   *
   * @param limit what it is the time of
   */
  public record Bound(Limit limit, double seconds) {}

  /**
   * What a kernel takes at least.
   *
   * @param bytes that it reads and writes
   * @param multiplyAdds that it computes
   */
  public Bound bound(long bytes, long multiplyAdds) {
    double memory = bytes / bytesPerSecond;
    double arithmetic = 2.0 * multiplyAdds / operationsPerSecond;
    double most = Math.max(launchSeconds, Math.max(memory, arithmetic));
    if (most == arithmetic) {
      return new Bound(Limit.ARITHMETIC, most);
    }
    return new Bound(most == memory ? Limit.MEMORY : Limit.LAUNCH, most);
  }
}
