package org.alexnet.spark;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.alexnet.backend.BackendProvider;
import org.alexnet.backend.Backends;
import org.alexnet.backend.DeviceInfo;
import org.alexnet.cli.TrainingArguments;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.BarrierTaskInfo;
import org.apache.spark.resource.ResourceInformation;

/**
 * The GPUs of a worker: those that Spark has given to its task, and where Spark knows of none, one
 * of its machine in turn.
 */
final class WorkerDevices {
  private static final String GPU = "gpu"; // as Spark calls the resource
  private static final String BACKEND = "cuda";

  private WorkerDevices() {}

  /**
   * What the user does not say.
   *
   * @return names of devices; empty if they are left to the backend
   */
  static Optional<List<String>> of(BarrierTaskContext context, TrainingArguments arguments) {
    if (!arguments.devices().isEmpty() || !(isAsked(arguments.backend()))) {
      return Optional.empty();
    }
    ResourceInformation given = context.resourcesJMap().get(GPU);
    if (given != null && given.addresses().length > 0) {
      return Optional.of(named(given.addresses()));
    }
    String[] hosts =
        Stream.of(context.getTaskInfos()).map(BarrierTaskInfo::address).toArray(String[]::new);
    return inTurn(hosts, context.partitionId(), usable());
  }

  private static boolean isAsked(String backend) {
    return backend.equals("auto") || backend.equals(BACKEND);
  }

  /** As backend cuda calls the devices of these numbers. */
  static List<String> named(String... addresses) {
    return Stream.of(addresses).map(address -> BACKEND + ":" + address).toList();
  }

  /** GPUs that can be computed on here. */
  private static List<String> usable() {
    return Backends.providers().stream()
        .filter(provider -> provider.name().equals(BACKEND))
        .map(BackendProvider::probe)
        .filter(availability -> availability.available())
        .flatMap(availability -> availability.devices().stream())
        .filter(DeviceInfo::usable)
        .map(DeviceInfo::name)
        .toList();
  }

  /**
   * The device whose turn it is.
   *
   * @param addresses of all tasks: a host, and a port behind a colon
   * @param task number of the own one
   * @param usable devices of its host
   */
  static Optional<List<String>> inTurn(String[] addresses, int task, List<String> usable) {
    if (usable.isEmpty()) {
      return Optional.empty();
    }
    String own = host(addresses[task]);
    long before =
        Arrays.stream(addresses, 0, task).filter(address -> host(address).equals(own)).count();
    return Optional.of(List.of(usable.get((int) (before % usable.size()))));
  }

  /** The name by which other machines know that of a task. */
  static String host(String address) {
    int colon = address.lastIndexOf(':');
    return colon < 0 ? address : address.substring(0, colon);
  }
}
