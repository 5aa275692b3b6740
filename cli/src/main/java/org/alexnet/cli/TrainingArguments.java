package org.alexnet.cli;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.alexnet.AlexNetException;
import org.alexnet.UsageException;
import org.alexnet.cli.option.Numbers;
import org.alexnet.cli.output.ProgressView;
import org.alexnet.cli.output.Terminal;
import org.alexnet.training.ResumedTraining;
import org.alexnet.training.Training;
import org.alexnet.training.TrainingResult;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** The options of {@code train}, read for a training that runs elsewhere. */
public final class TrainingArguments {
  private static final Set<String> FILES =
      Set.of("--data", "--val", "--init", "--model", "--params", "--solver");

  private static final Set<String> FOLDERS = Set.of("--out", "--resume");

  private final TrainCommand command;

  private TrainingArguments(TrainCommand command) {
    this.command = command;
  }

  /**
   * Reads options as {@code train} does.
   *
   * @param arguments without the name of the command
   * @return what they say
   * @throws UsageException for what {@code train} refuses as wrong usage
   */
  public static TrainingArguments parse(List<String> arguments) {
    return parse(arguments, Terminal.ofProcess());
  }

  /**
   * As {@link #parse(List)}.
   *
   * @param terminal where to say what came of it
   */
  public static TrainingArguments parse(List<String> arguments, Terminal terminal) {
    TrainCommand command = new TrainCommand(terminal);
    CommandLine line = new CommandLine(command);
    Numbers.register(line);
    return refused(
        () -> {
          line.parseArgs(arguments.toArray(String[]::new));
          command.requireElsewhere();
          return new TrainingArguments(command);
        });
  }

  /** What a command line refuses is wrong usage elsewhere too. */
  private static <T> T refused(Supplier<T> work) {
    try {
      return work.get();
    } catch (ParameterException e) {
      throw new UsageException(e.getMessage());
    }
  }

  /**
   * The same options where they are read in another folder: files and folders by their whole paths.
   *
   * @param arguments those of the user
   * @return as many
   */
  public static List<String> absolute(List<String> arguments) {
    List<String> all = new ArrayList<>();
    for (int i = 0; i < arguments.size(); i++) {
      String word = arguments.get(i);
      int value = word.indexOf('=');
      if (value > 0) {
        String name = word.substring(0, value);
        all.add(name + "=" + absolute(name, word.substring(value + 1)));
      } else {
        all.add(i == 0 ? word : absolute(arguments.get(i - 1), word));
      }
    }
    return List.copyOf(all);
  }

  private static String absolute(String option, String value) {
    try {
      boolean file = FILES.contains(option) && Files.exists(Path.of(value));
      return file || FOLDERS.contains(option)
          ? Path.of(value).toAbsolutePath().normalize().toString()
          : value;
    } catch (InvalidPathException e) {
      return value; // the one who reads it says so
    }
  }

  /**
   * What a user is told of a failure, with settings as options.
   *
   * @param why nothing came of a training
   * @return one line
   */
  public static String sentence(AlexNetException why) {
    return Failures.oneLine(why);
  }

  /** {@return the backend that is asked for, or {@code auto}} */
  public String backend() {
    return command.devices().backend;
  }

  /** {@return the devices that are asked for; empty if that is left to the backend} */
  public List<String> devices() {
    return command.devices().devices;
  }

  /** {@return how many workers train together} */
  public int workers() {
    return command.workers();
  }

  /**
   * Begins to show how far the training is, as {@code train} does.
   *
   * @return what is told of it, and ended with it
   */
  public ProgressView progress() {
    return command.progress();
  }

  /** {@return the folder of a new run that none is named for} */
  public Path defaultRun() {
    return Training.defaultOut(command.model());
  }

  /**
   * Says what came of a training, as {@code train} does.
   *
   * @param result of the training
   * @param where options that train on in the same place; empty for none
   */
  public void answer(TrainingResult result, String where) {
    command.answer(result, where);
  }

  /** {@return the folder of the run, if one is named: a new one, or one to go on with} */
  public Optional<Path> run() {
    return Optional.ofNullable(command.run());
  }

  /**
   * Refuses to begin in a folder that is seen from here to hold something already. Whatever else is
   * named by a path may be where workers are and not here.
   *
   * @throws AlexNetException if it does
   */
  public void requireUnused() {
    command.requireUnused();
  }

  /**
   * The training that is asked for.
   *
   * @return as the options say
   */
  public ResumedTraining training() {
    return refused(() -> command.training(command.resumes() ? command.run() : null));
  }

  /**
   * The same training, taken up where it was interrupted.
   *
   * @return that goes on from the last checkpoint
   */
  public ResumedTraining continued() {
    return refused(() -> command.training(command.run()));
  }
}
