package org.alexnet.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.concurrent.Callable;
import org.alexnet.backend.Availability;
import org.alexnet.backend.BackendProvider;
import org.alexnet.backend.Backends;
import org.alexnet.backend.DeviceInfo;
import org.alexnet.backend.LibraryInfo;
import org.alexnet.backend.Obstacle;
import org.alexnet.cli.output.Answers;
import org.alexnet.cli.output.CommonOptions;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.cli.output.Terminal;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code devices}: what there is to compute on. */
@Command(name = "devices", description = "Lists backends and devices, and says which is chosen.")
final class DevicesCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Mixin private CommonOptions common;

  DevicesCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    ObjectNode json = Answers.object();
    json.putNull("selected");
    ArrayNode backends = json.putArray("backends");
    for (BackendProvider provider : Backends.providers()) {
      Availability availability = provider.probe();
      boolean selected = availability.available() && json.get("selected").isNull();
      if (selected) {
        json.put("selected", provider.name());
      }
      ObjectNode backend = backends.addObject();
      backend.put("name", provider.name());
      backend.put("available", availability.available());
      backend.put("reason", availability.reason());
      Obstacle obstacle = availability.obstacle();
      ArrayNode searched = backend.putArray("searched");
      if (obstacle != null) {
        obstacle.searched().forEach(searched::add);
      }
      backend.put("remedy", obstacle == null ? "" : obstacle.remedy());
      ArrayNode devices = backend.putArray("devices");
      for (DeviceInfo device : availability.devices()) {
        devices
            .addObject()
            .put("name", device.name())
            .put("description", device.description())
            .put("memory_bytes", device.memoryBytes())
            .put("usable", device.usable())
            .put("obstacle", device.obstacle());
      }
      ArrayNode libraries = backend.putArray("libraries");
      for (LibraryInfo library : availability.libraries()) {
        libraries
            .addObject()
            .put("name", library.name())
            .put("file", library.file())
            .put("version", library.version())
            .put("note", library.note());
      }
      if (!common.json) {
        print(provider.name(), availability, selected);
      }
    }
    if (common.json) {
      Answers.print(terminal, json);
    }
    return ExitStatus.SUCCESS;
  }

  private void print(String name, Availability availability, boolean selected) {
    String state =
        !availability.available() ? "not available" : selected ? "selected" : "available";
    Obstacle obstacle = availability.obstacle();
    boolean apart = obstacle != null && !obstacle.remedy().isEmpty();
    terminal
        .out()
        .printf("%-10s %-14s %s%n", name, state, apart ? obstacle.clause() : availability.reason());
    for (DeviceInfo device : availability.devices()) {
      row(device.name(), "%s, %,d MB".formatted(device.description(), device.memoryBytes() >> 20));
      if (availability.available() && !device.usable()) {
        row("", "cannot be used: " + device.obstacle());
      }
    }
    for (LibraryInfo library : availability.libraries()) {
      row((library.name() + " " + library.version()).strip(), words(library));
    }
    if (apart) {
      if (!obstacle.searched().isEmpty()) {
        row("searched", String.join(", ", obstacle.searched()));
      }
      row("what to do", obstacle.remedy());
    }
  }

  private void row(String name, String text) {
    terminal.out().printf("  %-22s  %s%n", name, text);
  }

  /** Where a library is, or that it is not there. */
  private static String words(LibraryInfo library) {
    if (library.file() == null) {
      return library.note();
    }
    return library.note().isEmpty() ? library.file() : library.file() + ", " + library.note();
  }
}
