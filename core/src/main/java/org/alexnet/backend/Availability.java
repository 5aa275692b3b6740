package org.alexnet.backend;

import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;

/**
 * What a probe found.
 *
 * @param reason one sentence: what the backend runs with, or what is missing and what to do
 * @param devices devices it sees, also those that it cannot use
 * @param libraries native libraries it needs, found or not
 * @param obstacle why it cannot serve, or null if it can
 */
public record Availability(
    String reason, List<DeviceInfo> devices, List<LibraryInfo> libraries, Obstacle obstacle) {
  public Availability {
    devices = List.copyOf(devices);
    libraries = List.copyOf(libraries);
  }

  /** Of a backend that needs no native library. */
  public Availability(boolean available, String reason, List<DeviceInfo> devices) {
    this(reason, devices, List.of(), available ? null : new Obstacle("it cannot serve here"));
  }

  /** Whether the backend can serve. */
  public boolean available() {
    return obstacle == null;
  }

  /**
   * Refuses a backend that was asked for by name and cannot serve.
   *
   * @throws AlexNetException saying why
   */
  public void require(String backend) {
    if (!available()) {
      throw new AlexNetException(
          Message.of(
              "Backend %s cannot serve here: %s Or use %s, which takes one that can.",
              backend, reason, Setting.BACKEND.to("auto")));
    }
  }
}
