package org.alexnet.backend;

import java.util.List;
import java.util.stream.IntStream;

/**
 * A device.
 *
 * @param name as in {@code --devices}: {@code cpu:0}
 * @param description model, cores, instruction set
 * @param memoryBytes memory that a network may use
 */
public record DeviceInfo(String name, String description, long memoryBytes) {

  /** Devices that share one processor and its memory, so that columns can be spread anywhere. */
  public static List<DeviceInfo> logical(
      String backend, int count, String description, long memoryBytes) {
    return IntStream.range(0, count)
        .mapToObj(i -> new DeviceInfo(backend + ":" + i, description, memoryBytes))
        .toList();
  }
}
