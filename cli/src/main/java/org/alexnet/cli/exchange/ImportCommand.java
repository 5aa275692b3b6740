package org.alexnet.cli.exchange;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import org.alexnet.cli.option.ModelFileOptions;
import org.alexnet.cli.option.ModelName;
import org.alexnet.cli.option.NamesFile;
import org.alexnet.cli.output.Answers;
import org.alexnet.cli.output.CommonOptions;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.cli.output.LongCommand;
import org.alexnet.cli.output.ProgressView;
import org.alexnet.cli.output.Terminal;
import org.alexnet.exchange.Import;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code import}: a run of weights that another program trained. */
@Command(
    name = "import",
    description = {
      "Makes a run folder of weights that another program trained.",
      "What each file is, is told by its content: weights of PyTorch, Caffe, ONNX or safetensors,"
          + " beside them a network or a mean image."
    })
public final class ImportCommand extends LongCommand {
  @Parameters(arity = "1..*", paramLabel = "FILE", description = "Weights, network, mean image.")
  private List<Path> files;

  @Option(
      names = "--model",
      paramLabel = "M",
      completionCandidates = ModelName.class,
      description =
          "The network, where the files do not say: ${COMPLETION-CANDIDATES}"
              + ModelName.OR_FILE
              + ".")
  private String model;

  @Mixin private ModelFileOptions modelFiles;

  @Option(names = "--names", paramLabel = "FILE", description = "Names of the classes, one a line.")
  private Path names;

  @Option(
      names = "--mean",
      paramLabel = "FILE",
      description = "The mean image: a .binaryproto, or the input.safetensors of a run.")
  private Path mean;

  @Option(
      names = "--out",
      paramLabel = "RUN",
      required = true,
      description = "The run folder to make.")
  private Path out;

  @Mixin private CommonOptions common;

  public ImportCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  public Integer call() {
    ProgressView view = show(common);
    Import.Result result;
    try {
      view.working("Importing", 0, 0);
      result =
          Import.of(files)
              .model(modelFiles.model(model))
              .names(NamesFile.read(names))
              .mean(mean)
              .say(view::message)
              .run(out);
    } finally {
      view.end();
    }
    if (common.json) {
      ObjectNode json = Answers.object();
      json.put("run", out.toString());
      json.put("model", result.network().name());
      json.put("classes", result.network().classes());
      json.put("parameters", result.parameters());
      Answers.print(terminal, json);
    } else {
      terminal
          .out()
          .printf(
              "%,d parameters of %s (%d classes) in %s%n",
              result.parameters(), result.network().name(), result.network().classes(), out);
      terminal.out().printf("  use it:  ./alexnet predict %s IMAGE...%n", out);
    }
    return ExitStatus.SUCCESS;
  }

  @Override
  public String cutOff() {
    return "Stopped; %s was not completed.".formatted(out);
  }
}
