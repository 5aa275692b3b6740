package org.alexnet.run;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.module.ModuleDescriptor;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.stream.Collectors;
import org.alexnet.backend.BackendProvider;
import org.alexnet.backend.DeviceInfo;

/**
 * Where a run began, or was resumed. Nothing is computed from it: it is kept in {@code run.json}
 * for whoever wants to repeat the run or to compare its speed.
 *
 * @param program version of this program; null where it runs from folders of classes
 * @param java version and vendor of the Java runtime
 * @param system name and architecture of the operating system
 * @param device what computed, as its backend describes it
 * @param threads threads in all
 * @param started when
 */
public record Environment(
    String program, String java, String system, String device, int threads, Instant started) {

  /**
   * Here and now.
   *
   * @param provider of the backend that computes
   * @param devices those asked for; empty for the first
   * @param threads threads in all
   * @return what is known of them
   */
  public static Environment of(BackendProvider provider, List<String> devices, int threads) {
    return new Environment(
        program(Environment.class),
        "%s (%s)".formatted(Runtime.version(), System.getProperty("java.vendor")),
        "%s %s".formatted(System.getProperty("os.name"), System.getProperty("os.arch")),
        provider.probe().devices().stream()
            .filter(DeviceInfo::usable)
            .filter(device -> devices.isEmpty() || devices.contains(device.name()))
            .limit(Math.max(1, devices.size()))
            .map(DeviceInfo::description)
            .distinct()
            .collect(Collectors.joining(", ")),
        threads,
        Instant.now().truncatedTo(ChronoUnit.SECONDS));
  }

  /** What its module says, and on the class path the manifest of its jar; null without either. */
  static String program(Class<?> type) {
    ModuleDescriptor module = type.getModule().getDescriptor();
    return module == null
        ? type.getPackage().getImplementationVersion()
        : module.rawVersion().orElse(null);
  }

  /**
   * As {@code run.json} has it.
   *
   * @return an object with a field for each
   */
  public ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("program", program);
    json.put("java", java);
    json.put("system", system);
    json.put("device", device);
    json.put("threads", threads);
    json.put("started", started.toString());
    return json;
  }
}
