package org.alexnet.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import org.alexnet.Words;
import org.alexnet.cli.option.DeviceOptions;
import org.alexnet.cli.option.Require;
import org.alexnet.cli.option.TrainedOptions;
import org.alexnet.cli.output.Answers;
import org.alexnet.cli.output.CommonOptions;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.cli.output.LeftOut;
import org.alexnet.cli.output.LongCommand;
import org.alexnet.cli.output.ProgressView;
import org.alexnet.cli.output.Terminal;
import org.alexnet.inference.Classifier;
import org.alexnet.inference.Evaluation;
import org.alexnet.inference.Views;
import org.alexnet.training.Activity;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code eval}: loss and errors of a trained network. */
@Command(
    name = "eval",
    description = {
      "Evaluates a trained network on labelled images: by default on those that its run held out.",
      "Images that cannot be read are listed and left out; the exit status is then 1 unless"
          + " --skip-bad is given, here or to the run."
    })
final class EvalCommand extends LongCommand {
  @Parameters(arity = "0..1", paramLabel = "RUN", description = "The folder that train wrote.")
  private Path run;

  @ArgGroup(validate = false, heading = "%nWeights instead of a run:%n", order = 1)
  private TrainedOptions trained = new TrainedOptions();

  @Option(
      names = "--data",
      paramLabel = "SRC",
      description =
          "shapes, a folder with one subfolder per class, an .axd or a .safetensors file. Default:"
              + " what the run held out.")
  private String data;

  @Option(
      names = "--all",
      description =
          "Evaluates on all images of --data, including those that the run was trained on."
              + " Default: only those that it held out.")
  private boolean all;

  @Option(
      names = "--crops",
      paramLabel = "N",
      description =
          "1, the centre, or 10: corners and centre and their mirrors, averaged. Default: 1.")
  private int crops = 1;

  @Option(names = "--batch", paramLabel = "N", description = "Images per step. Default: 128.")
  private int batch = 128;

  @Option(
      names = "--skip-bad",
      description = "Does not count images that cannot be read as a failure.")
  private boolean skipBad;

  @ArgGroup(validate = false, heading = "%nDevices:%n", order = 2)
  private DeviceOptions devices = new DeviceOptions();

  @Mixin private CommonOptions common;

  EvalCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  public Integer call() {
    Require.that(crops == 1 || crops == 10, "--crops", crops, "1 or 10");
    trained.requireOne(run);
    Require.given(run != null || data != null, "--data", "a data source beside --weights");
    Require.that(!all || data != null, "--all", "given", "given together with --data");
    Views views = crops == 10 ? Views.TEN : Views.CENTRE;
    LeftOut leftOut = new LeftOut(terminal);
    ProgressView view = show(common);
    view.working(Activity.COMPILING.toString(), 0, 0);
    Classifier.Options options =
        devices.classifier(batch, view::message, leftOut, view.of(Activity.EVALUATING));
    try (Classifier classifier = trained.open(run, options)) {
      Evaluation result =
          data == null ? classifier.evaluate(views) : classifier.evaluate(data, views, all);
      view.end();
      answer(result, leftOut.count(), classifier.backend());
      leftOut.requireNone(skipBad || classifier.skipsBad());
    } finally {
      view.end();
    }
    return ExitStatus.SUCCESS;
  }

  private void answer(Evaluation result, int leftOut, String backend) {
    if (common.json) {
      ObjectNode json = Answers.object();
      json.put("images", result.images());
      json.put("loss", result.loss());
      json.put("top1_error", result.top1Error());
      json.put("top5_error", result.top5Error());
      json.put("left_out", leftOut);
      json.put("backend", backend);
      Answers.print(terminal, json);
      return;
    }
    terminal
        .out()
        .printf(
            "%s: loss %.4f, error %s, top-5 error %s%n",
            Words.count(result.images(), "image"),
            result.loss(),
            Answers.percent(result.top1Error()),
            Answers.percent(result.top5Error()));
  }
}
