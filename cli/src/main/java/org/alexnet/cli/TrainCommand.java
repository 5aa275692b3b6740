package org.alexnet.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.alexnet.cli.option.AugmentationName;
import org.alexnet.cli.option.DeviceOptions;
import org.alexnet.cli.option.ModelFileOptions;
import org.alexnet.cli.option.ModelName;
import org.alexnet.cli.option.ParallelOptions;
import org.alexnet.cli.option.Require;
import org.alexnet.cli.output.Answers;
import org.alexnet.cli.output.CommonOptions;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.cli.output.Listeners;
import org.alexnet.cli.output.LivePage;
import org.alexnet.cli.output.LongCommand;
import org.alexnet.cli.output.ProgressView;
import org.alexnet.cli.output.Terminal;
import org.alexnet.cli.spark.SparkMaster;
import org.alexnet.cli.spark.SparkOptions;
import org.alexnet.cli.spark.SparkSubmit;
import org.alexnet.cli.tensorboard.TensorBoard;
import org.alexnet.data.Augmentation;
import org.alexnet.inference.Evaluation;
import org.alexnet.model.Model;
import org.alexnet.model.Models;
import org.alexnet.model.Recipe;
import org.alexnet.model.Schedule;
import org.alexnet.run.RunFolder;
import org.alexnet.run.RunLog;
import org.alexnet.training.EpochMetrics;
import org.alexnet.training.ResumedTraining;
import org.alexnet.training.Training;
import org.alexnet.training.TrainingListener;
import org.alexnet.training.TrainingResult;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code train}: trains a network and leaves a run folder. */
@Command(
    name = "train",
    description = "Trains a network, by default alexnet-32 on built-in images, into a run folder.")
final class TrainCommand extends LongCommand {
  /** What may be given with {@code --resume}: nothing that changes what is computed unasked. */
  private static final Set<String> WITH_RESUME =
      Set.of(
          "--resume",
          "--epochs",
          "--schedule",
          "--data",
          "--val",
          "--data-on-device",
          "--backend",
          "--devices",
          "--threads",
          "--no-cuda-graph",
          "--checkpoint-every",
          "--log-every",
          "--tensorboard",
          "--watch",
          "--port",
          "--spark",
          "--workers",
          "--json",
          "--verbose");

  /** Where images come from. */
  private static final class DataOptions {
    @Option(
        names = "--data",
        paramLabel = "SRC",
        description =
            "shapes or shapes:N, a folder with one subfolder per class (or train/ and val/ above"
                + " those), an .axd file made by prepare, or a .safetensors file. Default: shapes.")
    private String data;

    @Option(
        names = "--data-on-device",
        description =
            "On a GPU, keeps the images in the memory of each that reads them, where there is room,"
                + " so that steps send none; the results are the same. With bytes, and --augment"
                + " paper or none.")
    private boolean dataOnDevice;

    @Option(
        names = "--val",
        paramLabel = "SRC",
        description = "Images to validate with. Default: those that come with --data, if any.")
    private String validation;

    @Option(
        names = "--val-fraction",
        paramLabel = "F",
        description = "Holds this share of each class out of --data to validate with.")
    private Double validationFraction;

    @Option(
        names = "--augment",
        paramLabel = "A",
        converter = AugmentationName.class,
        description = "none, shapes or paper. Default: the model's, below.")
    private Augmentation augmentation;

    @Option(names = "--no-shuffle", description = "Does not shuffle the images.")
    private boolean noShuffle;

    @Option(
        names = "--skip-bad",
        description = "Leaves out images that cannot be read instead of stopping.")
    private boolean skipBad;
  }

  /** What is trained, and how. */
  private static final class RecipeOptions extends ModelFileOptions {
    @Option(
        names = "--model",
        paramLabel = "M",
        completionCandidates = ModelName.class,
        description =
            "The network: ${COMPLETION-CANDIDATES}" + ModelName.OR_FILE + ". Default: alexnet-32.")
    private String model;

    @Option(
        names = "--epochs",
        paramLabel = "N",
        description =
            "Passes over the images. Default: the model's, below. The model's schedule is stretched"
                + " with it.")
    private Integer epochs;

    @Option(
        names = "--batch",
        paramLabel = "N",
        description = "Images per step. Default: the model's, below.")
    private Integer batch;

    @Option(
        names = "--lr",
        paramLabel = "F",
        description =
            "Learning rate at the start. Default: the model's, below; caffenet and"
                + " alexnet-2012-original take half of it for fewer than 1000 classes.")
    private Float rate;

    @Option(
        names = "--schedule",
        paramLabel = "S",
        converter = ScheduleName.class,
        description =
            "When the rate is divided by ten: constant (never), step:E1,E2,... (after these"
                + " epochs), parts:P1,P2,... (after these parts of the run, such as parts:0.8,0.9),"
                + " plateau or plateau:N (after N epochs, 5 by default, without a better validation"
                + " error, three times at most). Default: the model's, below.")
    private Schedule schedule;

    @Option(
        names = "--momentum",
        paramLabel = "F",
        description = "Share of the last update that is kept. Default: the model's, below.")
    private Float momentum;

    @Option(
        names = "--weight-decay",
        paramLabel = "F",
        description = "Weight decay. Default: the model's, below.")
    private Float decay;

    @Option(names = "--no-dropout", description = "Removes the dropout layers.")
    private boolean noDropout;

    @Option(
        names = "--classes",
        paramLabel = "N",
        description = "Classes of the network. Default: those of the data.")
    private Integer classes;

    @Option(
        names = "--init",
        paramLabel = "FILE",
        description =
            "Weights to start from: a run, or a file of any known format. Default: random ones.")
    private Path init;

    @Option(
        names = "--seed",
        paramLabel = "N",
        description = "Fixes everything that is random. Default: 42.")
    private Long seed;

    @Option(
        names = "--deterministic",
        description =
            "Computes a network of two columns on one device as on two, and on a GPU uses only"
                + " algorithms that give the same bits every time; slower.")
    private boolean deterministic;
  }

  /** Where the run is kept. */
  private static final class FolderOptions {
    @Option(
        names = "--out",
        paramLabel = "DIR",
        description = "The run folder, new or empty. Default: runs/MODEL-DATE-TIME.")
    private Path out;

    @Option(
        names = "--resume",
        paramLabel = "DIR",
        description =
            "Continues a run. Only --epochs, --schedule, the options of devices and of what is"
                + " recorded, --data-on-device, and --data and --val for the same images in another"
                + " place can be given with it.")
    private Path resume;

    @Option(
        names = "--checkpoint-every",
        paramLabel = "MINUTES",
        description = "Between checkpoints within an epoch; 0 for every step. Default: 10.")
    private Double checkpointEvery;

    @Option(
        names = "--log-every",
        paramLabel = "N",
        description =
            "Steps between the lines of steps.jsonl (loss, error, learning rate, speed, norms of"
                + " gradients); 0 for none. Default: 10, or what the run had.")
    private Integer logEvery;

    @Option(
        names = "--tensorboard",
        paramLabel = "DIR",
        description =
            "Writes events for TensorBoard into this folder: what is in steps.jsonl and"
                + " metrics.jsonl and, each epoch, the first filters and histograms of weights and"
                + " gradients, for which a CPU keeps all gradients in memory.")
    private Path tensorBoard;

    @Option(
        names = "--watch",
        description = "Serves a live page about the run on this machine while it trains.")
    private boolean watch;

    @Option(
        names = "--port",
        paramLabel = "N",
        description = "Of the live page; 0 for any that is free. Default: 8080.")
    private Integer port;
  }

  private CommandLine.Model.CommandSpec spec;

  @ArgGroup(validate = false, heading = "%nModel and recipe:%n", order = 1)
  private RecipeOptions recipe = new RecipeOptions();

  @ArgGroup(validate = false, heading = "%nData:%n", order = 2)
  private DataOptions images = new DataOptions();

  @ArgGroup(validate = false, heading = "%nRun folder:%n", order = 3)
  private FolderOptions folder = new FolderOptions();

  @ArgGroup(validate = false, heading = "%nDevices:%n", order = 4)
  private ParallelOptions devices = new ParallelOptions();

  @ArgGroup(validate = false, heading = "%nSeveral machines:%n", order = 5)
  private SparkOptions spark = new SparkOptions();

  @Mixin private CommonOptions common;

  private volatile ResumedTraining training;
  private volatile SparkSubmit submitted;

  TrainCommand(Terminal terminal) {
    super(terminal);
  }

  @Spec
  private void describe(CommandLine.Model.CommandSpec own) {
    spec = own;
    spec.usageMessage().footer(recipes());
  }

  /** What the models bring, for the end of the help. */
  private static String[] recipes() {
    List<String> lines = new ArrayList<>();
    lines.add("%nDefaults of the models:%n".formatted().stripTrailing());
    String form = "%-22s%6s%6s%5s%9s%8s %-8s%s";
    lines.add(
        form.formatted("", "epochs", "batch", "lr", "momentum", "decay", "augment", "schedule"));
    for (Model model : Models.all()) {
      Recipe r = model.recipe();
      lines.add(
          form.formatted(
              model.name(),
              r.epochs(),
              r.batch(),
              r.rate(),
              r.momentum(),
              new BigDecimal(Float.toString(r.decay())).stripTrailingZeros().toPlainString(),
              r.augmentation(),
              r.schedule()));
    }
    return lines.toArray(String[]::new);
  }

  @Override
  public Integer call() {
    Require.that(
        folder.watch || folder.port == null, "--port", folder.port, "given together with --watch");
    if (spark.master != null) {
      return submit();
    }
    spark.requireNone();
    ProgressView view = show(common);
    try (TensorBoard board = tensorBoard(view);
        LivePage page = folder.watch ? new LivePage(folder.port, view::message) : null) {
      training = training(folder.resume);
      training.listener(
          new Listeners(
              Stream.<TrainingListener>of(view, board, page).filter(Objects::nonNull).toList()));
      TrainingResult result = training.run();
      view.end();
      answer(result, "");
    } finally {
      view.end();
    }
    return ExitStatus.SUCCESS;
  }

  /** Trains elsewhere; what comes of it is said there. */
  private int submit() {
    SparkMaster master = SparkMaster.of(spark.master);
    requireElsewhere();
    requireUnused();
    List<String> own = spec.commandLine().getParseResult().originalArgs();
    submitted = new SparkSubmit();
    return submitted.run(
        master,
        workers(),
        devices.threadsAsked(),
        own.subList(own.indexOf("train") + 1, own.size()));
  }

  /** Shows how far the training is that is trained elsewhere. */
  ProgressView progress() {
    return show(common);
  }

  /** How many workers train together. */
  int workers() {
    return spark.workers();
  }

  /** Refuses what only a training of this process can do. */
  void requireElsewhere() {
    Require.that(
        folder.tensorBoard == null, "--tensorboard", folder.tensorBoard, "left out with --spark");
    Require.that(
        !images.dataOnDevice, "--data-on-device", images.dataOnDevice, "left out with --spark");
    Require.that(
        !folder.watch,
        "--watch",
        folder.watch,
        "left out with --spark: the page of a run on Spark is served by alexnet watch RUN");
  }

  /** Refuses to begin in a folder that is seen from here to hold something. */
  void requireUnused() {
    if (folder.resume == null && folder.out != null) {
      RunFolder.requireUnused(folder.out);
    }
  }

  /** Null where there is to be none. */
  private TensorBoard tensorBoard(ProgressView view) {
    return folder.tensorBoard == null
        ? null
        : new TensorBoard(folder.tensorBoard, folder.resume != null, view::message);
  }

  /** Before the first step nothing is worth waiting for: what has been saved is good. */
  @Override
  public boolean finishes() {
    ResumedTraining running = training;
    if (running == null || !view().begun()) {
      return false;
    }
    running.stop();
    view().message("Stopping: finishing this step and saving the run first.");
    return true;
  }

  @Override
  public String cutOff() {
    if (submitted != null) {
      submitted.stop();
      if (run() != null && !RunLog.isRun(run())) {
        return "Stopped; nothing has been saved. Run the same command again.";
      }
      return "Stopped. " + SparkSubmit.SAVED;
    }
    return folder.resume == null
        ? "Stopped before the first step; nothing was trained. Run the same command again."
        : "Stopped before the next step; %s is as it was. Run the same command again."
            .formatted(folder.resume);
  }

  /** On what it is to be computed. */
  DeviceOptions devices() {
    return devices;
  }

  boolean resumes() {
    return folder.resume != null;
  }

  /** Where the run is to be kept, or is; null for a folder that is named by the time. */
  Path run() {
    return folder.resume == null ? folder.out : folder.resume;
  }

  /** What the network that is trained calls itself. */
  String model() {
    return recipe.model(recipe.model, ModelName.DEFAULT).name();
  }

  /**
   * What the options say.
   *
   * @param run a run to go on with, or null for a new one
   */
  ResumedTraining training(Path run) {
    ResumedTraining asked;
    if (run == null) {
      asked = fresh();
    } else {
      asked = folder.resume == null ? Training.resume(run) : resumed();
      set(images.data, asked::data); // the same images, wherever this worker has them
      set(images.validation, asked::validation);
    }
    asked.threads(devices.threads()).backend(devices.backend).devices(devices.devices);
    asked.graphs(!devices.noCudaGraph).dataOnDevice(images.dataOnDevice);
    set(recipe.epochs, asked::epochs);
    set(folder.checkpointEvery, asked::checkpointEvery);
    set(folder.logEvery, asked::logEvery);
    return asked;
  }

  private Training fresh() {
    Training training = Training.of(recipe.model(recipe.model, ModelName.DEFAULT));
    training.shuffle(!images.noShuffle).dropout(!recipe.noDropout);
    training.skipBad(images.skipBad).deterministic(recipe.deterministic);
    training.precision(devices.precision().toString());
    training.convolution(devices.convolution().toString());
    set(spark.sync, way -> training.sync(way.toString()));
    set(devices.parallel, way -> training.parallel(way.toString()));
    set(images.data, training::data);
    set(images.validation, training::validation);
    set(images.validationFraction, training::validationFraction);
    set(images.augmentation, training::augmentation);
    set(recipe.batch, training::batch);
    set(recipe.seed, training::seed);
    set(recipe.rate, training::rate);
    set(recipe.momentum, training::momentum);
    set(recipe.decay, training::weightDecay);
    set(recipe.schedule, training::schedule);
    set(recipe.classes, training::classes);
    set(recipe.init, training::init);
    set(folder.out, training::out);
    return training;
  }

  private ResumedTraining resumed() {
    String foreign =
        spec.commandLine().getParseResult().matchedOptions().stream()
            .map(CommandLine.Model.OptionSpec::longestName)
            .filter(name -> !WITH_RESUME.contains(name))
            .sorted()
            .distinct()
            .collect(Collectors.joining(", "));
    if (!foreign.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(),
          "--resume takes everything from the run, so %s cannot be given with it; only --epochs, --schedule, --data, --val, --backend, --devices and --threads can"
              .formatted(foreign));
    }
    ResumedTraining training = Training.resume(folder.resume);
    set(recipe.schedule, training::schedule);
    return training;
  }

  private static <T> void set(T value, Consumer<T> setter) {
    if (value != null) {
      setter.accept(value);
    }
  }

  /**
   * Says what came of it.
   *
   * @param where options that train on in the same place; empty for none
   */
  void answer(TrainingResult result, String where) {
    if (common.json) {
      Answers.print(terminal, json(result));
      return;
    }
    String run = Answers.word(result.run());
    if (result.stopped()) {
      terminal
          .out()
          .printf("Stopped after step %,d; the run is saved in %s%n", result.steps(), run);
    } else {
      terminal.out().printf("The run is in %s%n", run);
      boolean validated = result.last() != null && result.last().validation() != null;
      terminal
          .out()
          .printf("  evaluate:  ./alexnet eval %s%s%n", run, validated ? "" : " --data SRC");
      terminal.out().printf("  predict:   ./alexnet predict %s IMAGE...%n", run);
    }
    int more = result.stopped() ? 0 : Math.max(1, 2 * result.epochs());
    terminal
        .out()
        .printf(
            "  %s ./alexnet train --resume %s%s%s%n",
            result.stopped() ? "resume:   " : "train on: ",
            run,
            more == 0 ? "" : " --epochs " + more,
            where.isEmpty() ? "" : " " + where);
  }

  private static ObjectNode json(TrainingResult result) {
    EpochMetrics last = result.last();
    Evaluation val = last == null ? null : last.validation();
    ObjectNode json = Answers.object();
    json.put("run", result.run().toString());
    json.put("epochs", result.epochs());
    json.put("steps", result.steps());
    json.put("train_loss", last == null ? null : last.trainLoss());
    json.put("train_error", last == null ? null : last.trainError());
    json.put("val_loss", val == null ? null : val.loss());
    json.put("val_error", val == null ? null : val.top1Error());
    json.put("images_per_second", last == null ? null : last.imagesPerSecond());
    json.put("backend", result.backend());
    json.put("stopped", result.stopped());
    return json;
  }

  /** Reads a schedule. */
  static final class ScheduleName implements ITypeConverter<Schedule> {
    @Override
    public Schedule convert(String text) {
      try {
        return Schedule.parse(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }
}
