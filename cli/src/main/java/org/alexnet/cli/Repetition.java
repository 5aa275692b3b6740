package org.alexnet.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.alexnet.cli.output.Answers;
import org.alexnet.model.Model;
import org.alexnet.model.ModelFile;
import org.alexnet.model.Models;
import org.alexnet.network.Network;
import org.alexnet.pictures.report.Report;
import org.alexnet.run.RunConfig;
import org.alexnet.run.RunLog;

/** The commands that train a run again, from what it keeps of itself. */
final class Repetition {
  private static final String PROGRAM = "./alexnet";

  private final RunLog log;
  private final ObjectNode settings;
  private final RunConfig config;

  Repetition(Path run) {
    this.log = new RunLog(run);
    this.settings = log.settings();
    this.config = RunConfig.fromJson(settings, run);
  }

  /** One command, or a second one where the run was given more epochs later. */
  List<String> commands() {
    Path out = again();
    List<String> words = words();
    words.addAll(List.of("--out", out.toString()));
    List<String> commands = new ArrayList<>();
    commands.add(line(words));
    int begun = config.recipe().epochs();
    int epochs = log.state().map(state -> state.path("epochs").asInt()).orElse(begun);
    if (epochs != begun) {
      commands.add(
          line(List.of("train", "--resume", out.toString(), "--epochs", Integer.toString(epochs))));
    }
    return commands;
  }

  /** The file that {@code --model} then names; empty where the network is one of the catalogue. */
  Optional<String> network() {
    return model().isPresent()
        ? Optional.empty()
        : Optional.of(
            ModelFile.text(new Model(config.network(), config.recipe(), "of " + log.dir())));
  }

  private static String line(List<String> words) {
    return words.stream().map(Answers::word).collect(Collectors.joining(" ", PROGRAM + " ", ""));
  }

  private Path again() {
    Path dir = log.dir().normalize();
    Path name = dir.getFileName();
    return dir.resolveSibling((name == null ? "run" : name) + "-again");
  }

  /** What {@code train} is given, but for the folder. */
  List<String> words() {
    List<String> words = new ArrayList<>(List.of("train"));
    add(words, "--model", model().orElse(Report.NETWORK_FILE));
    add(words, "--data", config.data());
    add(words, "--val", config.validation());
    add(
        words,
        "--val-fraction",
        config.validationFraction() > 0 ? config.validationFraction() : null);
    add(words, "--classes", config.classNames().isEmpty() ? config.network().classes() : null);
    add(words, "--init", settings.hasNonNull("init") ? settings.get("init").asText() : null);
    add(words, "--epochs", config.recipe().epochs());
    add(words, "--batch", config.recipe().batch());
    add(words, "--lr", config.recipe().rate());
    add(words, "--momentum", config.recipe().momentum());
    add(words, "--weight-decay", config.recipe().decay());
    add(words, "--schedule", config.recipe().schedule());
    add(words, "--augment", config.recipe().augmentation());
    flag(words, "--no-shuffle", !config.shuffle());
    flag(words, "--no-dropout", !config.dropout());
    flag(words, "--skip-bad", config.skipBad());
    flag(words, "--deterministic", config.deterministic());
    add(words, "--seed", config.seed());
    add(words, "--precision", config.precision());
    add(words, "--convolution", config.convolution());
    add(
        words,
        "--backend",
        settings.hasNonNull("backend") ? settings.get("backend").asText() : null);
    return words;
  }

  /** The model of the catalogue that has this network; empty where it has none. */
  private Optional<String> model() {
    return Optional.of(config.network())
        .filter(network -> Models.catalogued(network, config.dropout()))
        .map(Network::name);
  }

  private static void add(List<String> words, String option, Object value) {
    if (value == null) {
      return;
    }
    String text =
        value instanceof Number number
            ? new BigDecimal(number.toString()).stripTrailingZeros().toPlainString()
            : value.toString();
    words.addAll(List.of(option, text));
  }

  private static void flag(List<String> words, String option, boolean given) {
    if (given) {
      words.add(option);
    }
  }
}
