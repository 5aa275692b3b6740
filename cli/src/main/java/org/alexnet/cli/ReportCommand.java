package org.alexnet.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.cli.measure.RunProfile;
import org.alexnet.cli.option.DeviceOptions;
import org.alexnet.cli.option.Flags;
import org.alexnet.cli.option.Require;
import org.alexnet.cli.output.Answers;
import org.alexnet.cli.output.CommonOptions;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.cli.output.LeftOut;
import org.alexnet.cli.output.LongCommand;
import org.alexnet.cli.output.ProgressView;
import org.alexnet.cli.output.Terminal;
import org.alexnet.data.ImageSource;
import org.alexnet.inference.Classifier;
import org.alexnet.pictures.report.LayerActivity;
import org.alexnet.pictures.report.Report;
import org.alexnet.pictures.report.Results;
import org.alexnet.pictures.report.StepProfile;
import org.alexnet.run.RunConfig;
import org.alexnet.run.RunLog;
import org.alexnet.training.Activity;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code report}: a page about a run. */
@Command(
    name = "report",
    description = {
      "Writes a page about a run: what was trained, how it went, what the network makes of images"
          + " that it was not trained on, what its layers give, where the time of a step goes, and"
          + " how to repeat it.",
      "The page is one HTML file that needs no network. Where the images are gone it says so and"
          + " leaves out what needs them."
    })
final class ReportCommand extends LongCommand {
  private static final int BATCH = 128;

  /** All layers' outputs of a batch are kept in memory. */
  private static final int OBSERVED_BATCH = 16;

  @Parameters(arity = "0..1", paramLabel = "RUN", description = "The folder that train wrote.")
  private Path run;

  @Option(
      names = "--data",
      paramLabel = "SRC",
      description =
          "Images of a data source instead of those that the run held out; of what the run was"
              + " trained on, those it held out.")
  private String data;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "The page to write, .html. Default: report.html in the run folder.")
  private Path out;

  @Option(
      names = "--no-profile",
      description =
          "Leaves out where the time of a training step goes, which is measured for some seconds"
              + " on the backend that trained.")
  private boolean noProfile;

  @ArgGroup(validate = false, heading = "%nDevices:%n", order = 2)
  private DeviceOptions devices = new DeviceOptions();

  @Mixin private CommonOptions common;

  private final List<String> notes = new ArrayList<>();
  private boolean opening;

  ReportCommand(Terminal terminal) {
    super(terminal);
  }

  @Override
  public Integer call() {
    Require.given(run != null, "RUN", "the folder that train wrote");
    RunLog log = new RunLog(run);
    Path file = out == null ? run.resolve("report.html") : out;
    Report.requireFile(file);
    RunConfig config = RunConfig.fromJson(log.settings(), run);
    Repetition repetition = new Repetition(run);
    ProgressView view = show(common);
    try {
      Report report = report(log, config, repetition, view);
      int bytes = report.save(file);
      view.end();
      answer(file, bytes, report.results());
    } finally {
      view.end();
    }
    return ExitStatus.SUCCESS;
  }

  private Report report(RunLog log, RunConfig config, Repetition repetition, ProgressView view) {
    Seen seen = seen(log, config, view);
    return new Report(
        run,
        repetition.commands(),
        repetition.network().orElse(null),
        seen.results,
        seen.layers,
        noProfile ? null : profile(log, config, view),
        notes);
  }

  /** What the network makes of images; nothing where there are none. */
  private record Seen(Results results, List<LayerActivity> layers) {
    static final Seen NOTHING = new Seen(null, List.of());
  }

  private Seen seen(RunLog log, RunConfig config, ProgressView view) {
    if (log.state().isEmpty()) {
      String note =
          "The run has no checkpoint yet; filters, errors and layers are left out until its"
              + " training has written one.";
      view.message(note);
      notes.add(note);
      return Seen.NOTHING;
    }
    view.working(Activity.COMPILING.toString(), 0, 0);
    Results results;
    LeftOut leftOut = new LeftOut(terminal);
    Consumer<Message> say = message -> say(view, message);
    try (Classifier classifier = open(BATCH, List.of(), say, leftOut, view);
        ImageSource images = images(classifier, view)) {
      if (images == null) {
        return Seen.NOTHING;
      }
      results = Results.of(classifier, images);
    }
    if (leftOut.count() > 0) {
      notes.add("Images that could not be read and were left out: " + leftOut.count());
    }
    List<String> layers = LayerActivity.layers(config.network());
    // What is to be said and what is left out is the same as before.
    try (Classifier classifier = open(OBSERVED_BATCH, layers, _ -> {}, _ -> {}, view);
        ImageSource images = images(classifier)) {
      return new Seen(results, LayerActivity.of(classifier, layers, images));
    }
  }

  /** Null where the backend that trained cannot be had, which is then noted. */
  private StepProfile profile(RunLog log, RunConfig config, ProgressView view) {
    String trained = log.settings().path("backend").asText("auto");
    try {
      return RunProfile.of(
          config,
          devices.backend.equals("auto") ? trained : devices.backend,
          devices.devices,
          devices.threads(),
          !devices.noCudaGraph,
          view);
    } catch (AlexNetException e) {
      String why = e.message().text(Flags::of);
      notes.add("Where the time of a training step goes was not measured: " + why);
      view.message(notes.getLast());
      return null;
    }
  }

  private Classifier open(
      int batch,
      List<String> layers,
      Consumer<Message> say,
      Consumer<String> leftOut,
      ProgressView view) {
    Classifier.Options options =
        devices.classifier(batch, say, leftOut, view.of(Activity.EVALUATING));
    return Classifier.open(run, options.observing(layers));
  }

  /** What is said of the images stands in the page as well; which backend was chosen does not. */
  private void say(ProgressView view, Message message) {
    view.message(message);
    if (opening) {
      notes.add(message.text(Flags::of));
    }
  }

  private ImageSource images(Classifier classifier) {
    return data == null ? classifier.heldOut() : classifier.unseen(data);
  }

  /** Null where the images of the run cannot be had, which is then noted. */
  private ImageSource images(Classifier classifier, ProgressView view) {
    opening = true;
    try {
      return images(classifier);
    } catch (AlexNetException e) {
      if (data != null) {
        throw e; // that is what was asked for
      }
      say(view, e.message());
      notes.add("What needs images, errors and layers, is therefore left out.");
      return null;
    } finally {
      opening = false;
    }
  }

  private void answer(Path file, int bytes, Results results) {
    if (!common.json) {
      terminal.out().printf("The report is in %s%n", Answers.word(file));
      return;
    }
    ObjectNode json = Answers.object();
    json.put("file", file.toString());
    json.put("bytes", bytes);
    json.put("images", results == null ? null : results.images());
    ArrayNode said = json.putArray("notes");
    notes.forEach(said::add);
    Answers.print(terminal, json);
  }

  @Override
  public String cutOff() {
    return "Stopped; no report was written.";
  }
}
