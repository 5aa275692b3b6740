package org.alexnet.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.alexnet.LongTest;
import org.alexnet.cli.output.ExitStatus;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that is stopped in the middle and resumed ends as if it never had been. */
class InterruptionTest {
  private static final int EPOCHS = 12;

  @TempDir static Path dir;
  private static byte[] uninterrupted;

  @BeforeAll
  static void trainThrough() throws IOException {
    Path run = dir.resolve("through");
    assertEquals(ExitStatus.SUCCESS, Cli.run(training(run)).status());
    uninterrupted = Files.readAllBytes(run.resolve("model.safetensors"));
  }

  private static Object[] training(Path run) {
    return new Object[] {
      "train", "--data", "shapes:64", "--batch", 16, "--epochs", EPOCHS, "--out", run
    };
  }

  /** Starts a run, waits for its first epoch and sends a signal. */
  private static int interrupted(Path run, String signal) throws Exception {
    Path output = dir.resolve(signal + ".txt");
    Process process = Cli.start(output, training(run));
    try {
      waitForEpoch(process, output);
      String line = Cli.run("train", "--resume", run).failure(ExitStatus.FAILED);
      assertTrue(line.contains("in use"), line);
      new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      assertTrue(!Files.readString(output).contains("epoch " + EPOCHS + "/"), "it was too late");
      return process.exitValue();
    } finally {
      process.destroyForcibly();
    }
  }

  private static void resumes(Path run) throws IOException {
    Cli.Result result = Cli.run("train", "--resume", run);
    assertEquals(ExitStatus.SUCCESS, result.status(), result.err());
    assertArrayEquals(uninterrupted, Files.readAllBytes(run.resolve("model.safetensors")));
    assertEquals(EPOCHS, Files.readAllLines(run.resolve("metrics.jsonl")).size());
  }

  @Test
  void terminated() throws Exception {
    Path run = dir.resolve("term");
    assertEquals(ExitStatus.TERMINATED, interrupted(run, "TERM"));
    String output = Files.readString(dir.resolve("TERM.txt"));
    assertTrue(output.contains("Stopping"), output);
    assertTrue(output.contains("./alexnet train --resume " + run), output);
    resumes(run);
  }

  /** The process ends, but not before it has said that the run could not be saved. */
  @Test
  void aSaveThatFailsIsReportedBeforeTheEnd() throws Exception {
    for (int round = 0; round < (LongTest.RUN ? 3 : 1); round++) {
      Path run = dir.resolve("full" + round);
      Path output = dir.resolve("full" + round + ".txt");
      Process process = Cli.start(output, training(run));
      try {
        waitForEpoch(process, output);
        // Where the next checkpoint would be written there is something else.
        Files.writeString(run.resolve("checkpoint.tmp"), "in the way");
        new ProcessBuilder("kill", "-TERM", Long.toString(process.pid())).start().waitFor();
        assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        String said = Files.readString(output);
        assertTrue(said.contains("alexnet: ") && said.contains("was not made"), said);
      } finally {
        process.destroyForcibly();
      }
    }
  }

  private static void waitForEpoch(Process process, Path output) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!Files.readString(output).contains("epoch 1/")) {
      assertTrue(process.isAlive() && System.nanoTime() < end, Files.readString(output));
      Thread.sleep(5);
    }
  }

  @Test
  void interrupted() throws Exception {
    Path run = dir.resolve("int");
    assertEquals(ExitStatus.INTERRUPTED, interrupted(run, "INT"));
    resumes(run);
  }

  @Test
  void killed() throws Exception {
    Path run = dir.resolve("kill");
    assertEquals(137, interrupted(run, "KILL"));
    resumes(run);
  }

  /** Waits until a command has said or done something, and sends it a signal. */
  private static String stopped(
      String name, int status, String signal, Waiting until, Object... words) throws Exception {
    Path output = dir.resolve(name + ".txt");
    Process process = Cli.start(output, words);
    try {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (!until.over(output)) {
        assertTrue(process.isAlive() && System.nanoTime() < end, Files.readString(output));
        Thread.sleep(5);
      }
      new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      assertEquals(status, process.exitValue());
      String said = Files.readString(output);
      assertEquals(1, said.split("alexnet: Stopped", -1).length - 1, said);
      return said;
    } finally {
      process.destroyForcibly();
    }
  }

  private interface Waiting {
    boolean over(Path output) throws IOException;
  }

  private static boolean running(Path output) throws IOException {
    return Files.readString(output).contains("Running on");
  }

  @Test
  void aTrainingThatHasNotBegunSaysSo() throws Exception {
    Path run = dir.resolve("early");
    Object[] words = {"train", "--data", "shapes:300000", "--out", run};
    String said = stopped("early", ExitStatus.TERMINATED, "TERM", InterruptionTest::running, words);
    assertTrue(said.contains("nothing was trained"), said);
  }

  @Test
  void anEvaluationSaysThatThereIsNoAnswer() throws Exception {
    Object[] words = {"eval", dir.resolve("through"), "--data", "shapes:800000"};
    String said = stopped("eval", ExitStatus.INTERRUPTED, "INT", InterruptionTest::running, words);
    assertTrue(said.contains("there is no result"), said);
  }

  @Test
  void aPreparationSaysHowFarItIs() throws Exception {
    Path data = TestData.folder(dir.resolve("photos"), 2000, "cat", "dog");
    Path file = dir.resolve("p.axd");
    Path partial = dir.resolve("p.axd.partial");
    Object[] words = {"prepare", data, "--out", file, "--size", 256, "--threads", 1};
    Waiting begun = output -> Files.exists(partial) && Files.size(partial) > 10_000_000;
    String said = stopped("prepare", ExitStatus.INTERRUPTED, "INT", begun, words);
    assertTrue(said.contains("run the same command again to continue (" + partial), said);
    assertTrue(said.contains(" of 4,000 images)"), said);
  }

  @Test
  void predictionsThatAreStoppedLeaveNoFile() throws Exception {
    Path file = dir.resolve("scores.safetensors");
    Path begun = dir.resolve("scores.safetensors.probabilities.tmp");
    Object[] words = {
      "predict", dir.resolve("through"), "--data", "shapes:200000", "--out", file, "--json"
    };
    Waiting some = output -> Files.exists(begun) && Files.size(begun) > 0;
    String said = stopped("predict", ExitStatus.INTERRUPTED, "INT", some, words);
    String last = said.lines().toList().getLast();
    last = last.substring(Math.max(0, last.indexOf("alexnet: Stopped")));
    assertTrue(last.matches("alexnet: Stopped after [0-9,]+ of 50,000 images; .*"), last);
    assertTrue(last.endsWith("no whole JSON, ends there, and " + file + " was not written."), last);
    assertTrue(noneLeft("scores."));
  }

  /** A pipe that nobody reads holds up the command, and not its end. */
  @Test
  void aReaderThatTakesNothingDoesNotHoldUpTheEnd() throws Exception {
    Path errors = dir.resolve("errors.txt");
    Object[] words = {"predict", dir.resolve("through"), "--data", "shapes:200000", "--json"};
    Process process = Cli.builder(words).redirectError(errors.toFile()).start();
    try {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (process.getInputStream().available() == 0) {
        assertTrue(process.isAlive() && System.nanoTime() < end);
        Thread.sleep(5);
      }
      Thread.sleep(500); // until the pipe is full
      process.toHandle().destroy();
      assertTrue(process.waitFor(30, TimeUnit.SECONDS), "it still waits for its reader");
      assertEquals(ExitStatus.TERMINATED, process.exitValue());
      assertTrue(Files.readString(errors).contains("alexnet: Stopped after"));
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void initialWeightsThatAreStoppedLeaveNoFile() throws Exception {
    Path file = dir.resolve("initial.safetensors");
    Path begun = dir.resolve("initial.safetensors.tmp");
    Object[] words = {
      "init", "--model", "alexnet-2012", "--seed", 1, "--classes", 20_000, "--out", file
    };
    Waiting some = output -> Files.exists(begun) && Files.size(begun) > 0;
    String said = stopped("init", ExitStatus.INTERRUPTED, "INT", some, words);
    assertTrue(said.contains(file + " was not written"), said);
    assertTrue(noneLeft("initial."));
  }

  private static boolean noneLeft(String start) throws IOException {
    try (Stream<Path> left = Files.list(dir)) {
      return left.noneMatch(path -> path.getFileName().toString().startsWith(start));
    }
  }
}
