package org.alexnet.backend;

import java.util.List;

/**
 * How to open a backend.
 *
 * @param threads worker threads in all, at least 1
 * @param devices device names such as {@code cpu:0}; empty for the backend's first
 */
public record BackendOptions(int threads, List<String> devices) {
  public BackendOptions {
    if (threads < 1) {
      throw new IllegalArgumentException(threads + " threads: at least 1 is needed");
    }
    devices = List.copyOf(devices);
  }

  /** One thread a core of this machine, on the first device. */
  public static BackendOptions defaults() {
    return new BackendOptions(Runtime.getRuntime().availableProcessors(), List.of());
  }
}
