package org.alexnet.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import org.alexnet.backend.Backend;
import org.alexnet.backend.plan.DeviceRates;
import org.alexnet.cli.measure.Benchmark;
import org.alexnet.cli.measure.KernelTable;
import org.alexnet.cli.option.ModelFileOptions;
import org.alexnet.cli.option.ModelName;
import org.alexnet.cli.option.ParallelOptions;
import org.alexnet.cli.option.Require;
import org.alexnet.cli.output.Answers;
import org.alexnet.cli.output.CommonOptions;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.cli.output.LongCommand;
import org.alexnet.cli.output.ProgressView;
import org.alexnet.cli.output.Terminal;
import org.alexnet.model.Model;
import org.alexnet.training.Activity;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bench}: how fast a network is on a backend. */
@Command(
    name = "bench",
    description = "Measures training and evaluation on images that are in memory already.")
final class BenchCommand extends LongCommand {
  @Option(
      names = "--model",
      paramLabel = "M",
      completionCandidates = ModelName.class,
      description =
          "The network: ${COMPLETION-CANDIDATES}" + ModelName.OR_FILE + ". Default: alexnet-32.")
  private String name;

  @Mixin private ModelFileOptions files;

  private Model model;

  @Option(names = "--batch", paramLabel = "N", description = "Default: the model's own.")
  private Integer batch;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "Steps measured. Default: up to 20, and no more than a minute in all.")
  private Integer steps;

  @Option(
      names = "--kernels",
      description =
          "Lists each kernel of a training step: time, bytes it moves at least, and how it is"
              + " computed. On a GPU also its operations, its share of what the device was measured"
              + " to do, and what bounds it.")
  private boolean kernels;

  @ArgGroup(validate = false, heading = "%nDevices:%n")
  private ParallelOptions devices = new ParallelOptions();

  @Mixin private CommonOptions common;

  BenchCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  public Integer call() {
    Require.atLeast(1, "--batch", batch);
    Require.atLeast(1, "--steps", steps);
    model = files.model(name, ModelName.DEFAULT);
    int images = batch == null ? model.recipe().batch() : batch;
    ProgressView view = show(common);
    view.working(Activity.COMPILING.toString(), 0, 0);
    try (Backend backend = devices.open(view::message)) {
      measure(backend, images, view);
    } finally {
      view.end();
    }
    return ExitStatus.SUCCESS;
  }

  private void measure(Backend backend, int images, ProgressView view) {
    // Before the network takes the memory that it needs.
    DeviceRates rates = kernels ? backend.measureRates().orElse(null) : null;
    try (Benchmark benchmark =
        new Benchmark(
            backend, devices.precision(), devices.programs(model.network(), images), steps, view)) {
      benchmark.check();
      double train = benchmark.trainSeconds();
      double infer = benchmark.evaluateSeconds();
      double[][] profile = benchmark.profile();
      Map<String, double[]> layers = benchmark.layers(profile);
      List<Benchmark.KernelRow> rows = kernels ? benchmark.kernels(profile) : List.of();
      KernelTable table = new KernelTable(rows, train, rates, backend.preparations());
      long[][] bytesTransferred = benchmark.bytesTransferred();
      benchmark.checkRepeats();
      view.end();
      if (common.json) {
        Answers.print(
            terminal, json(backend.name(), images, train, infer, layers, table, bytesTransferred));
      } else {
        print(backend.name(), images, train, infer, layers);
        table.print(terminal.out());
        crossings(devices.names(backend.name()), bytesTransferred);
      }
    }
  }

  private ObjectNode json(
      String backend,
      int images,
      double train,
      double infer,
      Map<String, double[]> layers,
      KernelTable table,
      long[][] bytesTransferred) {
    ObjectNode json = Answers.object();
    json.put("model", model.name());
    json.put("backend", backend);
    json.put("batch", images);
    json.put("train_images_per_second", images / train);
    json.put("infer_images_per_second", images / infer);
    ArrayNode list = json.putArray("layers");
    layers.forEach(
        (name, seconds) ->
            list.addObject()
                .put("name", name)
                .put("forward_ms", 1e3 * seconds[0])
                .put("backward_ms", 1e3 * seconds[1]));
    if (kernels) {
      table.addTo(json);
    }
    if (bytesTransferred.length > 1) {
      ArrayNode senders = json.putArray("crossed_bytes");
      for (long[] receivers : bytesTransferred) {
        ArrayNode row = senders.addArray();
        for (long bytes : receivers) {
          row.add(bytes);
        }
      }
    }
    return json;
  }

  /** What a training step really sent. */
  private void crossings(List<String> devices, long[][] bytesTransferred) {
    for (int from = 0; from < bytesTransferred.length; from++) {
      for (int to = 0; to < bytesTransferred.length; to++) {
        if (from != to) {
          terminal
              .out()
              .printf(
                  "A training step sent %,d bytes from %s to %s.%n",
                  bytesTransferred[from][to], devices.get(from), devices.get(to));
        }
      }
    }
  }

  private void print(
      String backend, int images, double train, double infer, Map<String, double[]> layers) {
    terminal
        .out()
        .printf(
            "%s on %s, batch %d: training %,.0f images/s (%.2f ms a step), evaluation %,.0f"
                + " images/s (%.2f ms)%n",
            model.name(),
            backend,
            images,
            images / train,
            1e3 * train,
            images / infer,
            1e3 * infer);
    terminal.out().printf("%-10s %12s %12s%n", "layer", "forward ms", "backward ms");
    for (Map.Entry<String, double[]> layer : List.copyOf(layers.entrySet())) {
      terminal
          .out()
          .printf(
              "%-10s %12.3f %12.3f%n",
              layer.getKey(), 1e3 * layer.getValue()[0], 1e3 * layer.getValue()[1]);
    }
  }
}
