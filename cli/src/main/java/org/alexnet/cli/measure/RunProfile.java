package org.alexnet.cli.measure;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.alexnet.Words;
import org.alexnet.backend.Backend;
import org.alexnet.backend.Backends;
import org.alexnet.cli.output.ProgressView;
import org.alexnet.pictures.report.StepProfile;
import org.alexnet.run.RunConfig;

/** Measures where the time of a run's training step goes, with the run's own arithmetic. */
public final class RunProfile {
  /** It is measured for as long; of the steps the second half counts, when code is compiled. */
  private static final double SECONDS = 4;

  private RunProfile() {}

  /**
   * Measures some steps, here and now.
   *
   * @param config of the run
   * @param backend by name
   * @param devices of the backend; empty for its first
   * @param threads in all
   * @param graphs whether a GPU may capture the step
   * @throws org.alexnet.AlexNetException if the backend cannot serve, or not the run
   */
  public static StepProfile of(
      RunConfig config,
      String backend,
      List<String> devices,
      int threads,
      boolean graphs,
      ProgressView view) {
    try (Backend opened =
            Backends.choose(backend, _ -> {})
                .open(config.backendOptions(threads, devices, graphs));
        Benchmark benchmark =
            new Benchmark(
                opened, config.precision(), config.programs(devices, false), null, view)) {
      double[][] all = benchmark.profile(SECONDS);
      double[][] seconds = Arrays.copyOfRange(all, all.length / 2, all.length);
      Map<String, double[]> layers = benchmark.layers(seconds);
      return new StepProfile(
          "backend %s, %s, %s"
              .formatted(opened.name(), config.precision(), Words.count(threads, "thread")),
          config.recipe().batch(),
          seconds.length,
          layers.entrySet().stream()
              .map(l -> new StepProfile.LayerTime(l.getKey(), l.getValue()[0], l.getValue()[1]))
              .toList(),
          benchmark.kernels(seconds).stream()
              .map(k -> new StepProfile.KernelTime(k.label(), k.seconds(), k.bytes()))
              .toList());
    }
  }
}
