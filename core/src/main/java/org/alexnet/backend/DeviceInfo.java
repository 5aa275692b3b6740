package org.alexnet.backend;

import java.util.List;
import java.util.stream.IntStream;

/**
 * A device.
 *
 * @param name as it is asked for: {@code cpu:0}
 * @param description model, cores, instruction set
 * @param memoryBytes memory that a network may use
 * @param obstacle why nothing can be computed on it, in one sentence that says what to do, or an
 *     empty string
 */
public record DeviceInfo(String name, String description, long memoryBytes, String obstacle) {

  /** One that can be used. */
  public DeviceInfo(String name, String description, long memoryBytes) {
    this(name, description, memoryBytes, "");
  }

  /** Whether it can be used. */
  public boolean usable() {
    return obstacle.isEmpty();
  }

  /** Devices that share one processor and its memory, so that columns can be spread anywhere. */
  public static List<DeviceInfo> logical(
      String backend, int count, String description, long memoryBytes) {
    return IntStream.range(0, count)
        .mapToObj(i -> new DeviceInfo(backend + ":" + i, description, memoryBytes))
        .toList();
  }
}
