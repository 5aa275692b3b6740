package org.alexnet.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.alexnet.AlexNetException;
import org.alexnet.data.Augmentation;
import org.alexnet.engine.EpochMetrics;
import org.alexnet.engine.Evaluation;
import org.alexnet.engine.Training;
import org.alexnet.engine.TrainingResult;
import org.alexnet.model.Model;
import org.alexnet.model.Models;
import org.alexnet.model.Schedule;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/** {@code train}: trains a network and leaves a run folder. */
@Command(
    name = "train",
    description = "Trains a network, by default alexnet-32 on built-in images, into a run folder.")
final class TrainCommand implements Callable<Integer> {
  /** What may be given with {@code --resume}: nothing that changes what is computed. */
  private static final Set<String> WITH_RESUME =
      Set.of(
          "--resume",
          "--epochs",
          "--backend",
          "--devices",
          "--threads",
          "--no-cuda-graph",
          "--checkpoint-every",
          "--json",
          "--verbose");

  private final Terminal terminal;

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Option(
      names = "--model",
      paramLabel = "M",
      converter = ModelName.class,
      completionCandidates = ModelName.class,
      description = "The network: ${COMPLETION-CANDIDATES}; alexnet-32 by default.")
  private Model model = Models.named("alexnet-32");

  @Option(
      names = "--data",
      paramLabel = "SRC",
      description =
          "shapes or shapes:N, a folder with one subfolder a class (or train/ and val/ above"
              + " those), an .axd file made by prepare, or a .safetensors file; shapes by default.")
  private String data;

  @Option(names = "--val", paramLabel = "SRC", description = "Images to validate with.")
  private String validation;

  @Option(
      names = "--val-fraction",
      paramLabel = "F",
      description = "Holds this share of each class out of --data to validate with.")
  private Double validationFraction;

  @Mixin private DeviceOptions devices;
  @Mixin private PrecisionOption precision;

  @Option(names = "--epochs", paramLabel = "N", description = "Passes over the images.")
  private Integer epochs;

  @Option(names = "--batch", paramLabel = "N", description = "Images a step.")
  private Integer batch;

  @Option(names = "--seed", paramLabel = "N", description = "Fixes everything random; 42.")
  private Long seed;

  @Option(names = "--lr", paramLabel = "F", description = "Learning rate at the start.")
  private Float rate;

  @Option(names = "--momentum", paramLabel = "F", description = "Share of the last update kept.")
  private Float momentum;

  @Option(names = "--weight-decay", paramLabel = "F", description = "Weight decay.")
  private Float decay;

  @Option(
      names = "--schedule",
      paramLabel = "S",
      converter = ScheduleName.class,
      description = "constant, plateau or step:E1,E2,...: the rate falls to a tenth.")
  private Schedule schedule;

  @Option(
      names = "--augment",
      paramLabel = "A",
      converter = AugmentationName.class,
      description = "none, shapes or paper.")
  private Augmentation augmentation;

  @Option(names = "--no-shuffle", description = "Takes the images in their order.")
  private boolean noShuffle;

  @Option(names = "--no-dropout", description = "Takes the dropout layers out.")
  private boolean noDropout;

  @Option(names = "--classes", paramLabel = "N", description = "By default those of the data.")
  private Integer classes;

  @Option(names = "--init", paramLabel = "FILE", description = "Weights to start from.")
  private Path init;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "MINUTES",
      description = "Between checkpoints within an epoch; 10 by default, 0 for every step.")
  private Double checkpointEvery;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "The run folder; by default runs/MODEL-DATE-TIME.")
  private Path out;

  @Option(names = "--resume", paramLabel = "DIR", description = "Goes on with a run.")
  private Path resume;

  @Option(names = "--skip-bad", description = "Leaves out images that cannot be read.")
  private boolean skipBad;

  @Option(
      names = "--deterministic",
      description =
          "Computes a network of two columns on one device as on two, and on a GPU takes only"
              + " algorithms that give the same bits every time; slower.")
  private boolean deterministic;

  @Mixin private CommonOptions common;

  TrainCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    TrainingView view = new TrainingView(terminal, common);
    Training training = resume == null ? fresh() : resumed();
    training.threads(devices.threads()).backend(devices.backend).devices(devices.devices);
    training.graphs(!devices.noCudaGraph);
    set(epochs, training::epochs);
    set(checkpointEvery, training::checkpointEvery);
    training.listener(view);
    TrainingResult result;
    try (Interruption _ = new Interruption(training, view)) {
      result = training.run();
      answer(result);
    } finally {
      view.end();
    }
    return 0;
  }

  private Training fresh() {
    if (validation != null && validationFraction != null) {
      throw new ParameterException(
          spec.commandLine(), "--val and --val-fraction exclude each other: give one of them");
    }
    Training training = Training.of(model.name()).shuffle(!noShuffle).dropout(!noDropout);
    training.skipBad(skipBad).deterministic(deterministic);
    training.precision(precision.value.toString());
    set(data, training::data);
    set(validation, training::validation);
    set(validationFraction, training::validationFraction);
    set(batch, training::batch);
    set(seed, training::seed);
    set(rate, training::rate);
    set(momentum, training::momentum);
    set(decay, training::weightDecay);
    set(schedule, training::schedule);
    set(augmentation, training::augmentation);
    set(classes, training::classes);
    set(init, training::init);
    set(out, training::out);
    return training;
  }

  private Training resumed() {
    String foreign =
        spec.commandLine().getParseResult().matchedOptions().stream()
            .map(CommandLine.Model.OptionSpec::longestName)
            .filter(name -> !WITH_RESUME.contains(name))
            .sorted()
            .collect(Collectors.joining(", "));
    if (!foreign.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(),
          "--resume takes everything from the run, so that %s cannot be given with it; only --epochs, --backend, --devices and --threads can"
              .formatted(foreign));
    }
    return Training.resume(resume);
  }

  private static <T> void set(T value, Consumer<T> setter) {
    if (value != null) {
      setter.accept(value);
    }
  }

  private void answer(TrainingResult result) {
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
      String own = resume == null ? "shapes" : "SRC"; // a resumed run has its data from before
      String source = data == null ? own : Answers.word(data);
      terminal.out().printf("  evaluate:  ./alexnet eval %s --data %s%n", run, source);
      terminal.out().printf("  predict:   ./alexnet predict %s IMAGE...%n", run);
    }
    int more = result.stopped() ? 0 : Math.max(1, 2 * result.epochs());
    terminal
        .out()
        .printf(
            "  %s ./alexnet train --resume %s%s%n",
            result.stopped() ? "resume:   " : "train on: ",
            run,
            more == 0 ? "" : " --epochs " + more);
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

  /** Reads an augmentation. */
  static final class AugmentationName implements ITypeConverter<Augmentation> {
    @Override
    public Augmentation convert(String text) {
      try {
        return Augmentation.named(text);
      } catch (AlexNetException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }
}
