package org.alexnet.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.alexnet.backend.Backend;
import org.alexnet.backend.plan.MemoryPlan;
import org.alexnet.backend.plan.MemoryPlanner;
import org.alexnet.cli.option.ModelFileOptions;
import org.alexnet.cli.option.ModelName;
import org.alexnet.cli.option.ParallelOptions;
import org.alexnet.cli.option.Require;
import org.alexnet.cli.output.Answers;
import org.alexnet.cli.output.CommonOptions;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.cli.output.LayerTable;
import org.alexnet.cli.output.Terminal;
import org.alexnet.cli.output.TrafficTable;
import org.alexnet.model.Model;
import org.alexnet.model.ModelFile;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Traffic;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** {@code summary}: what a network consists of, does and needs. */
@Command(name = "summary", description = "Shows a network's layers, steps, memory or file.")
final class SummaryCommand implements Callable<Integer> {
  /** What to show. */
  enum Show {
    LAYERS,
    PROGRAM,
    MEMORY,
    NETWORK
  }

  private final Terminal terminal;

  @Option(
      names = "--model",
      paramLabel = "M",
      completionCandidates = ModelName.class,
      description = "The network: ${COMPLETION-CANDIDATES}" + ModelName.OR_FILE + ".")
  private String model;

  @Mixin private ModelFileOptions files;

  @Option(names = "--classes", paramLabel = "N", description = "Default: the model's own.")
  private Integer classes;

  @Option(names = "--batch", paramLabel = "N", description = "Default: the model's own.")
  private Integer batch;

  @Option(
      names = "--show",
      paramLabel = "WHAT",
      converter = ShowName.class,
      description =
          "layers, program, memory, or network: the file that --model takes. Default: layers.")
  private Show show = Show.LAYERS;

  @ArgGroup(validate = false, heading = "%nDevices:%n")
  private ParallelOptions devices = new ParallelOptions();

  @Mixin private CommonOptions common;

  SummaryCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    Require.atLeast(2, "--classes", classes);
    Require.atLeast(1, "--batch", batch);
    Model named = files.required(model);
    Model chosen = classes == null ? named : named.withClasses(classes);
    int images = batch == null ? chosen.recipe().batch() : batch;
    LayerTable layers = new LayerTable(CompiledNetwork.of(chosen.network(), images));
    CompiledNetwork programs = devices.programs(chosen.network(), images);
    MemoryPlan plan = null;
    List<String> names = null;
    if (show == Show.MEMORY) {
      try (Backend backend = devices.open(text -> terminal.aside(common.json).println(text))) {
        plan = MemoryPlanner.plan(backend.lower(programs));
        names = devices.names(backend.name());
      }
    }
    if (common.json) {
      Answers.print(terminal, json(chosen, programs, layers, names, plan));
      return ExitStatus.SUCCESS;
    }
    switch (show) {
      case LAYERS -> {
        layers.print(terminal.out());
        if (devices.devices.size() > 1) {
          traffic(programs).print(terminal.out(), images, devices.devices);
        }
      }
      case PROGRAM ->
          terminal
              .out()
              .printf("train%n%s%n%nevaluate%n%s%n", programs.train(), programs.evaluate());
      case MEMORY -> memory(programs, names, plan);
      case NETWORK -> terminal.out().print(ModelFile.text(chosen));
    }
    return ExitStatus.SUCCESS;
  }

  private TrafficTable traffic(CompiledNetwork programs) {
    return new TrafficTable(Traffic.ways(programs.network(), programs.batch(), devices.devices));
  }

  private void memory(CompiledNetwork programs, List<String> names, MemoryPlan plan) {
    for (int device = 0; device < names.size(); device++) {
      long bytes = plan.devices().get(device).totalBytes();
      terminal
          .out()
          .printf("%s, batch %d: %,d bytes%n", names.get(device), programs.batch(), bytes);
    }
    terminal
        .out()
        .printf("images of a batch, as they travel: %,d bytes%n", programs.carriedBytes());
    terminal.out().print(plan);
  }

  private ObjectNode json(
      Model chosen,
      CompiledNetwork programs,
      LayerTable layers,
      List<String> names,
      MemoryPlan plan) {
    ObjectNode json = Answers.object();
    json.put("model", programs.network().name());
    json.put("batch", programs.batch());
    layers.addTo(json);
    switch (show) {
      case LAYERS -> {
        if (devices.devices.size() > 1) {
          traffic(programs).addTo(json);
        }
      }
      case PROGRAM -> {
        ObjectNode steps = json.putObject("program");
        programs.train().toString().lines().forEach(steps.putArray("train")::add);
        programs.evaluate().toString().lines().forEach(steps.putArray("evaluate")::add);
      }
      case MEMORY -> {
        ObjectNode bytes = json.putObject("planned_bytes");
        for (int device = 0; device < names.size(); device++) {
          bytes.put(names.get(device), plan.devices().get(device).totalBytes());
        }
        json.put("batch_bytes", programs.carriedBytes());
      }
      case NETWORK -> json.set("network", ModelFile.json(chosen));
    }
    return json;
  }

  /** Reads what to show. */
  static final class ShowName implements ITypeConverter<Show> {
    @Override
    public Show convert(String name) {
      return switch (name.toLowerCase(Locale.ROOT)) {
        case "layers" -> Show.LAYERS;
        case "program" -> Show.PROGRAM;
        case "memory" -> Show.MEMORY;
        case "network" -> Show.NETWORK;
        default ->
            throw new TypeConversionException(
                "'%s' is not one of layers, program, memory, network".formatted(name));
      };
    }
  }
}
