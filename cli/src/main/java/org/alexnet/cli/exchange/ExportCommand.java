package org.alexnet.cli.exchange;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.alexnet.AlexNetException;
import org.alexnet.cli.option.ModelFileOptions;
import org.alexnet.cli.option.ModelName;
import org.alexnet.cli.option.Named;
import org.alexnet.cli.option.Require;
import org.alexnet.cli.output.Answers;
import org.alexnet.cli.output.CommonOptions;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.cli.output.LongCommand;
import org.alexnet.cli.output.Terminal;
import org.alexnet.exchange.Export;
import org.alexnet.exchange.ModelWriter;
import org.alexnet.exchange.ModelWriter.ParameterNames;
import org.alexnet.exchange.TrainedNetwork;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code export}: a trained network for another program. */
@Command(
    name = "export",
    description = {
      "Writes a trained network for another program.",
      "The ending of --out says which: .onnx, .pth, .caffemodel (with a .prototxt beside it) or"
          + " .safetensors."
    })
public final class ExportCommand extends LongCommand {
  @Parameters(arity = "0..1", paramLabel = "RUN", description = "The folder that train wrote.")
  private Path run;

  @Option(
      names = "--model",
      paramLabel = "M",
      completionCandidates = ModelName.class,
      description = "The network of --weights: ${COMPLETION-CANDIDATES}" + ModelName.OR_FILE + ".")
  private String model;

  @Mixin private ModelFileOptions files;

  @Option(
      names = "--weights",
      paramLabel = "FILE",
      description = "Weights in a file of any known format, instead of a run.")
  private Path weights;

  @Option(
      names = "--input",
      paramLabel = "FILE",
      description = "The input.safetensors that belongs to --weights.")
  private Path input;

  @Option(names = "--out", paramLabel = "FILE", required = true, description = "The file to make.")
  private Path out;

  @Option(
      names = "--names",
      paramLabel = "WHOSE",
      converter = Names.class,
      description =
          "Names of the parameters: own, torchvision or caffe. Default: those that are usual in the"
              + " format.")
  private ParameterNames names = ParameterNames.USUAL;

  @Option(
      names = "--batch",
      paramLabel = "N",
      description = "Images that the written network takes at once. Default: any number.")
  private Integer batch;

  @Option(
      names = "--raw",
      description =
          "The written network takes what the network reads: pixels that were scaled and had the"
              + " mean subtracted. Without it, pixels 0..255.")
  private boolean raw;

  @Mixin private CommonOptions common;

  /** Reads whose names are asked for. */
  static final class Names extends Named<ParameterNames> {
    Names() {
      super(Names::parse);
    }

    private static ParameterNames parse(String name) {
      for (ParameterNames whose : ParameterNames.values()) {
        if (whose != ParameterNames.USUAL && whose.name().toLowerCase(Locale.ROOT).equals(name)) {
          return whose;
        }
      }
      throw new AlexNetException(
          "there are no names \"%s\"; there are own, torchvision, caffe".formatted(name));
    }
  }

  public ExportCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  public Integer call() {
    Require.atLeast(1, "--batch", batch);
    Require.that(
        files.named(model) == (weights != null) && (run == null) != (weights == null),
        "RUN",
        run == null ? "missing" : run,
        "a run, or --model and --weights in its place");
    Require.that(
        input == null || weights != null, "--input", input, "given together with --weights");
    ModelWriter writer = Export.writer(out);
    for (Path file : writer.files(out)) {
      if (Files.exists(file)) {
        throw new AlexNetException(file + " exists already; remove it, or choose another --out");
      }
    }
    List<String> lost;
    try (TrainedNetwork trained =
        run == null
            ? TrainedNetwork.open(files.model(model), weights, input)
            : TrainedNetwork.open(run)) {
      lost =
          writer.write(
              trained, out, new ModelWriter.Options(names, batch == null ? 0 : batch, raw));
    }
    if (common.json) {
      ObjectNode json = Answers.object();
      ArrayNode made = json.putArray("files");
      writer.files(out).forEach(file -> made.add(file.toString()));
      json.put("format", writer.name());
      ArrayNode notKept = json.putArray("not_kept");
      lost.forEach(notKept::add);
      Answers.print(terminal, json);
    } else {
      terminal
          .out()
          .println(
              writer.files(out).stream().map(Path::toString).collect(Collectors.joining(", ")));
      lost.forEach(sentence -> terminal.out().println("  " + sentence));
    }
    return ExitStatus.SUCCESS;
  }

  @Override
  public String cutOff() {
    return "Stopped; %s was not completed.".formatted(out);
  }
}
