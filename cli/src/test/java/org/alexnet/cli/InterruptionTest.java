package org.alexnet.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
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
    assertEquals(0, Cli.run(training(run)).status());
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
      String line = Cli.run("train", "--resume", run).failure(1);
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
    assertEquals(0, result.status(), result.err());
    assertArrayEquals(uninterrupted, Files.readAllBytes(run.resolve("model.safetensors")));
    assertEquals(EPOCHS, Files.readAllLines(run.resolve("metrics.jsonl")).size());
  }

  @Test
  void terminated() throws Exception {
    Path run = dir.resolve("term");
    assertEquals(143, interrupted(run, "TERM"));
    String output = Files.readString(dir.resolve("TERM.txt"));
    assertTrue(output.contains("Stopping"), output);
    assertTrue(output.contains("./alexnet train --resume " + run), output);
    resumes(run);
  }

  /** The process ends, but not before it has said that the run could not be saved. */
  @Test
  void a_save_that_fails_is_reported_before_the_end() throws Exception {
    for (int round = 0; round < 3; round++) {
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
    assertEquals(130, interrupted(run, "INT"));
    resumes(run);
  }

  @Test
  void killed() throws Exception {
    Path run = dir.resolve("kill");
    assertEquals(137, interrupted(run, "KILL"));
    resumes(run);
  }
}
