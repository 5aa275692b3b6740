package org.alexnet.backend;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.UsageException;

/**
 * How to open a backend.
 *
 * @param threads worker threads in all, at least 1
 * @param devices device names such as {@code cpu:0}, numbered in the order of their first mention;
 *     empty for the backend's first
 * @param precision the arithmetic
 * @param deterministic whether to choose only what gives the same bits in every run, also where
 *     something faster was measured
 * @param convolution how convolutions may be computed
 * @param graphs whether a step may be recorded once and replayed; the bits are the same
 * @param choices what the backend chose for kernels in an earlier part of the same run, by their
 *     labels; it is chosen again where it still works
 * @param peers the other workers, where the columns or shards of a network are shared with such
 * @param say receives what the backend has to tell a user while it is open, a sentence at a time
 */
public record BackendOptions(
    int threads,
    List<String> devices,
    Precision precision,
    boolean deterministic,
    ConvolutionMethod convolution,
    boolean graphs,
    Map<String, String> choices,
    Peers peers,
    Consumer<String> say) {
  public BackendOptions {
    if (threads < 1) {
      throw UsageException.value(Setting.THREADS, threads, "at least 1");
    }
    devices = List.copyOf(devices);
    choices = Map.copyOf(choices);
  }

  /** With nobody to tell anything. */
  public BackendOptions(
      int threads,
      List<String> devices,
      Precision precision,
      boolean deterministic,
      boolean graphs) {
    this(
        threads,
        devices,
        precision,
        deterministic,
        ConvolutionMethod.AUTO,
        graphs,
        Map.of(),
        Peers.NONE,
        sentence -> {});
  }

  /** Single precision; whatever is fastest. */
  public BackendOptions(int threads, List<String> devices) {
    this(threads, devices, Precision.FP32, false, true);
  }

  /** The same with somebody to tell. */
  public BackendOptions saying(Consumer<String> to) {
    return new BackendOptions(
        threads, devices, precision, deterministic, convolution, graphs, choices, peers, to);
  }

  /** The same with another way to compute convolutions. */
  public BackendOptions with(ConvolutionMethod method) {
    return new BackendOptions(
        threads, devices, precision, deterministic, method, graphs, choices, peers, say);
  }

  /** The same beside other workers. */
  public BackendOptions with(Peers others) {
    return new BackendOptions(
        threads, devices, precision, deterministic, convolution, graphs, choices, others, say);
  }

  /** The same with what was chosen before. */
  public BackendOptions with(Map<String, String> chosen) {
    return new BackendOptions(
        threads, devices, precision, deterministic, convolution, graphs, chosen, peers, say);
  }

  /**
   * Refuses devices that a backend does not have or that it cannot use.
   *
   * @throws AlexNetException listing those it has, or saying what is wrong with one
   */
  public void checkDevices(String backend, List<DeviceInfo> known) {
    List<String> names = known.stream().map(DeviceInfo::name).toList();
    for (String device : devices) {
      if (!names.contains(device)) {
        throw new UsageException(
            "There is no device \"%s\"; backend %s has: %s."
                .formatted(device, backend, String.join(", ", names)));
      }
      DeviceInfo info = known.get(names.indexOf(device));
      if (!info.usable()) {
        throw new AlexNetException(info.obstacle());
      }
    }
  }

  /**
   * Refuses reduced precision, for a backend that has none.
   *
   * @throws AlexNetException naming what the backend has
   */
  public void checkSinglePrecision(String backend) {
    if (precision != Precision.FP32) {
      throw new UsageException(
          Message.of(
              "Backend %s computes in fp32 only; %s needs an NVIDIA GPU (%s).",
              backend, Setting.PRECISION.to(precision), Setting.BACKEND.to("cuda")));
    }
  }

  /** Number of different devices, at least 1. */
  public int deviceCount() {
    return Math.max(1, (int) devices.stream().distinct().count());
  }

  /** One thread a core of this machine, on the first device. */
  public static BackendOptions defaults() {
    return new BackendOptions(Runtime.getRuntime().availableProcessors(), List.of());
  }
}
