package org.alexnet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.cli.output.Terminal;

/** Runs commands in this process, or in one of their own. */
final class Cli {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private Cli() {}

  /** What a command left behind. */
  record Result(int status, String out, String err) {

    /** The answer: one object on standard output and nothing else. */
    JsonNode json() {
      assertEquals(ExitStatus.SUCCESS, status, err);
      try {
        JsonNode node = JSON.readTree(out);
        assertTrue(node.isObject(), out);
        return node;
      } catch (JsonProcessingException e) {
        throw new AssertionError(out, e);
      }
    }

    /** What was printed, of a command that did what it should. */
    String success() {
      assertEquals(ExitStatus.SUCCESS, status, err);
      return out;
    }

    /** The one line of a failure with this status. */
    String failure(int expected) {
      assertEquals(expected, status, err + out);
      List<String> lines = err.lines().filter(line -> line.startsWith("alexnet: ")).toList();
      assertEquals(1, lines.size(), err);
      assertTrue(err.strip().endsWith(lines.getFirst()), "nothing follows: " + err);
      return lines.getFirst();
    }
  }

  /** Runs a command whose words are given, numbers and paths among them. */
  static Result run(Object... words) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Terminal terminal =
        new Terminal(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false,
            80);
    int status = Main.run(terminal, Stream.of(words).map(Object::toString).toArray(String[]::new));
    return new Result(
        status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /**
   * Starts a command in a JVM of its own, both streams into a file. It receives SIGINT also where
   * this process ignores it, as what a shell starts in the background does: a JVM that was started
   * so would never see the signal.
   */
  static Process start(Path output, Object... words) throws IOException {
    return builder(words).redirectErrorStream(true).redirectOutput(output.toFile()).start();
  }

  /** As {@link #start}, with streams that are still to be directed. */
  static ProcessBuilder builder(Object... words) throws IOException {
    List<String> command = new ArrayList<>();
    if (ignoresInterrupt()) {
      command.addAll(List.of("env", "--default-signal=INT"));
    }
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx1g", "--add-modules", "jdk.incubator.vector"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    Stream.of(words).map(Object::toString).forEach(command::add);
    return new ProcessBuilder(command);
  }

  /** Whether Linux says so of this process; the second bit of the mask is SIGINT's. */
  private static boolean ignoresInterrupt() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.isReadable(status)) {
      return false;
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("SigIgn:"))
        .anyMatch(line -> (Long.parseUnsignedLong(line.split("\\s+")[1], 16) & 2) != 0);
  }
}
