package org.alexnet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.InvalidNetworkException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.UsageException;
import org.alexnet.cli.option.Flags;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.cli.output.Terminal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which status and which line go with a failure. */
class FailuresTest {
  private static void reported(int status, String line, Throwable failure) {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    PrintStream stream = new PrintStream(err, true, StandardCharsets.UTF_8);
    Terminal terminal = new Terminal(stream, stream, false, 80);
    assertEquals(status, new Failures(terminal, false).report(failure));
    assertEquals("alexnet: " + line, err.toString(StandardCharsets.UTF_8).strip());
  }

  @Test
  void whatWasAskedForWrongly() {
    reported(
        ExitStatus.WRONG_USAGE,
        "--lr is NaN, must be finite.",
        UsageException.value(Setting.RATE, Float.NaN, "finite"));
  }

  @Test
  void whatCannotBeUsed() {
    Message remedy = Message.of("give another %s", Setting.OUT);
    reported(
        ExitStatus.FAILED,
        "a is used: give another --out.",
        new AlexNetException(Message.of("%s is used:%n  %s.", "a", remedy)));
  }

  @Test
  void aNetworkThatCannotBe() {
    reported(
        ExitStatus.FAILED,
        "layer conv1: its groups are too many.",
        new InvalidNetworkException("conv1", "its groups are too many"));
  }

  /** The program is at fault, and says where. */
  @Test
  void anArgumentThatThisProgramGotWrong() {
    reported(
        ExitStatus.FAILED,
        "IllegalArgumentException: a size is below 1; --verbose shows where.",
        new IllegalArgumentException("a size is below 1"));
    reported(
        ExitStatus.FAILED,
        "NumberFormatException: x; --verbose shows where.",
        new NumberFormatException("x"));
    reported(
        ExitStatus.FAILED,
        "ExceptionInInitializerError; --verbose shows where.",
        new ExceptionInInitializerError());
  }

  @Test
  void memoryThatIsNotThere() {
    reported(
        ExitStatus.FAILED,
        "Out of memory (Java heap space). Use a smaller --batch, or allow Java more:"
            + " ALEXNET_JAVA_OPTS=-Xmx8g",
        new OutOfMemoryError("Java heap space"));
  }

  /** Whatever a message names can be given to some command. */
  @ParameterizedTest
  @EnumSource(
      names = {"MEMORY", "WORKERS"}, // the JVM's, and that of a job on Spark
      mode = EnumSource.Mode.EXCLUDE)
  void settingsAreCalledAsTheOptionsAre(Setting setting) {
    String option = Flags.of(setting, "").split(" ")[0];
    StringBuilder help = new StringBuilder();
    for (String command :
        List.of(
            "train",
            "eval",
            "predict",
            "prepare",
            "import",
            "export",
            "show samples",
            "show neighbours")) {
      help.append(Cli.run((Object[]) (command + " --help").split(" ")).out());
    }
    assertTrue(help.toString().contains(" " + option), option);
  }
}
