package org.alexnet.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SequencedMap;
import org.alexnet.AlexNetException;
import org.alexnet.cli.option.ModelFileOptions;
import org.alexnet.cli.option.ModelName;
import org.alexnet.cli.option.Require;
import org.alexnet.cli.output.Answers;
import org.alexnet.cli.output.CommonOptions;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.cli.output.LongCommand;
import org.alexnet.cli.output.Terminal;
import org.alexnet.model.Model;
import org.alexnet.safetensors.SafetensorsWriter;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.weights.Weights;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code init}: the weights that a training would start from. */
@Command(name = "init", description = "Writes the weights a network starts with.")
final class InitCommand extends LongCommand {
  @Option(
      names = "--model",
      paramLabel = "M",
      completionCandidates = ModelName.class,
      description = "The network: ${COMPLETION-CANDIDATES}" + ModelName.OR_FILE + ".")
  private String model;

  @Mixin private ModelFileOptions files;

  @Option(
      names = "--seed",
      paramLabel = "N",
      required = true,
      description = "Fixes the random numbers.")
  private long seed;

  @Option(names = "--classes", paramLabel = "N", description = "Default: the model's own.")
  private Integer classes;

  @Option(
      names = "--sigma",
      paramLabel = "F",
      description = "Standard deviation of all weights, instead of the model's.")
  private Float sigma;

  @Option(
      names = "--bias",
      paramLabel = "F",
      description = "Value of all biases, instead of the model's.")
  private Float bias;

  @Option(names = "--out", paramLabel = "FILE", required = true, description = "The file to make.")
  private Path out;

  @Mixin private CommonOptions common;

  private volatile boolean writing;

  InitCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  public Integer call() {
    Require.atLeast(2, "--classes", classes);
    Require.that(
        sigma == null || (sigma >= 0 && Float.isFinite(sigma)),
        "--sigma",
        sigma,
        "finite, at least 0");
    Require.that(bias == null || Float.isFinite(bias), "--bias", bias, "finite");
    if (Files.exists(out)) {
      throw new AlexNetException(out + " exists already; remove it, or choose another --out");
    }
    Model named = files.required(model);
    Model chosen = classes == null ? named : named.withClasses(classes);
    SequencedMap<String, FloatTensor> weights =
        Weights.initial(chosen.network(), seed, new Weights.Overrides(sigma, bias));
    writing = true;
    Weights.save(out, weights);
    writing = false;
    long parameters = weights.values().stream().mapToLong(t -> t.values().length).sum();
    if (common.json) {
      ObjectNode json = Answers.object();
      json.put("model", chosen.name());
      json.put("parameters", parameters);
      json.put("out", out.toString());
      Answers.print(terminal, json);
    } else {
      terminal.out().printf("%,d parameters of %s in %s%n", parameters, chosen.name(), out);
    }
    return ExitStatus.SUCCESS;
  }

  @Override
  public String cutOff() {
    if (writing) {
      SafetensorsWriter.temporary(out).toFile().delete();
    }
    return "Stopped; %s was not written.".formatted(out);
  }
}
