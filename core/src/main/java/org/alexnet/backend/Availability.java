package org.alexnet.backend;

import java.util.List;

/**
 * What a probe found.
 *
 * @param available whether the backend can serve
 * @param reason one sentence: what it runs with, or what is missing and what to do
 * @param devices devices it sees
 * @param libraries native libraries it needs, found or not
 */
public record Availability(
    boolean available, String reason, List<DeviceInfo> devices, List<LibraryInfo> libraries) {
  public Availability {
    devices = List.copyOf(devices);
    libraries = List.copyOf(libraries);
  }

  /** Of a backend that needs no native library. */
  public Availability(boolean available, String reason, List<DeviceInfo> devices) {
    this(available, reason, devices, List.of());
  }
}
