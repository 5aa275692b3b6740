package org.alexnet.backend;

import java.util.List;

/**
 * What a probe found.
 *
 * @param available whether the backend can serve
 * @param reason one sentence: what it runs with, or what is missing and what to do
 * @param devices devices it sees
 */
public record Availability(boolean available, String reason, List<DeviceInfo> devices) {
  public Availability {
    devices = List.copyOf(devices);
  }
}
