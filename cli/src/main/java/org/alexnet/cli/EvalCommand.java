package org.alexnet.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.alexnet.engine.Classifier;
import org.alexnet.engine.Evaluation;
import org.alexnet.engine.Views;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code eval}: loss and errors of a trained network. */
@Command(name = "eval", description = "Judges a trained network on labelled images.")
final class EvalCommand implements Callable<Integer> {
  private final Terminal terminal;

  @Parameters(arity = "0..1", paramLabel = "RUN", description = "The folder that train wrote.")
  private Path run;

  @Mixin private TrainedOptions trained;

  @Option(
      names = "--data",
      paramLabel = "SRC",
      required = true,
      description = "shapes, a folder with one subfolder a class, an .axd or a .safetensors file.")
  private String data;

  @Option(
      names = "--crops",
      paramLabel = "N",
      description =
          "1, the centre (the default), or 10: corners and centre and their mirrors, averaged.")
  private int crops = 1;

  @Option(names = "--batch", paramLabel = "N", description = "Images a step; 128 by default.")
  private int batch = 128;

  @Mixin private DeviceOptions devices;
  @Mixin private CommonOptions common;

  EvalCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    Require.that(crops == 1 || crops == 10, "--crops", crops, "1 or 10");
    boolean weights = trained.weightsGiven();
    Require.that(weights || run != null, "RUN", "missing", "a run, or --model and --weights");
    Require.that(!weights || run == null, "RUN", run, "left out where --weights is given");
    Classifier.Options options =
        devices.classifier(batch, text -> terminal.aside(common.json).println(text));
    try (Classifier classifier = trained.open(run, options)) {
      answer(
          classifier.evaluate(data, crops == 10 ? Views.TEN : Views.CENTRE), classifier.backend());
    }
    return 0;
  }

  private void answer(Evaluation result, String backend) {
    if (common.json) {
      ObjectNode json = Answers.object();
      json.put("images", result.images());
      json.put("loss", result.loss());
      json.put("top1_error", result.top1Error());
      json.put("top5_error", result.top5Error());
      json.put("backend", backend);
      Answers.print(terminal, json);
      return;
    }
    terminal
        .out()
        .printf(
            "%,d images: loss %.4f, error %s, not among the first five %s%n",
            result.images(),
            result.loss(),
            Answers.percent(result.top1Error()),
            Answers.percent(result.top5Error()));
  }
}
