package org.alexnet.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.alexnet.LongTest;
import org.alexnet.cli.output.ExitStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs whose steps are cut for several devices. */
class ParallelTest {
  private static final int EPOCHS = 4;

  @TempDir Path dir;

  private static Object[] training(String way, Path run, Object... more) {
    List<Object> words = new ArrayList<>(List.of("train", "--data", "shapes:58", "--batch", 18));
    words.addAll(List.of("--epochs", EPOCHS, "--parallel", way, "--out", run));
    words.addAll(List.of(more));
    return words.toArray();
  }

  /** Names of the CPU's devices, so many times each. */
  private static String devices(int count, int times) {
    return IntStream.range(0, count * times)
        .mapToObj(part -> "cpu:" + part / times)
        .collect(Collectors.joining(","));
  }

  private void assertSameRun(Path expected, Path got) throws IOException {
    for (String file : List.of("model.safetensors", "optimizer.safetensors")) {
      assertEquals(-1, Files.mismatch(expected.resolve(file), got.resolve(file)), file);
    }
    assertArrayEquals(metrics(expected), metrics(got));
  }

  /** Without what depends on the time. */
  private static Object[] metrics(Path run) throws IOException {
    return Files.readAllLines(run.resolve("metrics.jsonl")).stream()
        .map(line -> line.replaceAll("\"(images_per_second|data_wait)\":[^,}]*", ""))
        .toArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"data", "hybrid"})
  void eightShardsOnAnyNumberOfDevicesWithAnyThreads(String way) throws IOException {
    Path one = dir.resolve("1");
    Cli.run(training(way, one, "--devices", devices(1, 8), "--threads", 1)).success();
    for (int devices : LongTest.RUN ? new int[] {2, 4, 8} : new int[] {2, 8}) {
      Path run = dir.resolve("" + devices);
      Object[] words =
          training(way, run, "--devices", devices(devices, 8 / devices), "--threads", devices - 1);
      Cli.run(words).success();
      assertSameRun(one, run);
    }
  }

  /** A run that is killed goes on on other devices, with the shards that it has. */
  @ParameterizedTest
  @ValueSource(strings = {"data", "hybrid"})
  void aKilledRunIsResumedOnOtherDevices(String way) throws Exception {
    Path whole = dir.resolve("whole");
    Cli.run(training(way, whole, "--devices", devices(2, 2))).success();
    Path run = dir.resolve("killed");
    Path output = dir.resolve("output.txt");
    Process process = Cli.start(output, training(way, run, "--devices", devices(4, 1)));
    try {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
      while (!Files.readString(output).contains("epoch 1/")) {
        assertTrue(process.isAlive() && System.nanoTime() < end, Files.readString(output));
        Thread.sleep(5);
      }
      process.destroyForcibly();
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    } finally {
      process.destroyForcibly();
    }
    String three =
        Cli.run("train", "--resume", run, "--devices", "cpu:0,cpu:1,cpu:2")
            .failure(ExitStatus.WRONG_USAGE);
    assertTrue(three.contains("4 shards") && three.contains("(--devices)"), three);
    String other =
        Cli.run("train", "--resume", run, "--parallel", "columns").failure(ExitStatus.WRONG_USAGE);
    assertTrue(other.contains("--parallel cannot be given with it"), other);
    Cli.run("train", "--resume", run, "--devices", "cpu:0,cpu:1").success();
    assertSameRun(whole, run);
    JsonNode kept = JsonMapper.builder().build().readTree(run.resolve("run.json").toFile());
    assertEquals(way, kept.get("parallel").asText());
    assertEquals(4, kept.get("shards").asInt());
  }

  @Test
  void summaryShowsWhatAStepSendsInEachWay() {
    Object[] words = {"summary", "--model", "alexnet-2012", "--devices", "cuda:0,cuda:1", "--json"};
    JsonNode json = Cli.run(words).json();
    long convolutions = 2_332_704L * 4;
    long parameters = json.get("parameters").asLong() * 4;
    JsonNode ways = json.get("parallel");
    assertEquals("columns", ways.get(0).get("parallel").asText());
    assertEquals("data", ways.get(1).get("parallel").asText());
    assertEquals(parameters, ways.get(1).get("sent_bytes").asLong(), 100);
    assertEquals("hybrid", ways.get(2).get("parallel").asText());
    long hybrid = ways.get(2).get("sent_bytes").asLong();
    // The gradients of filters, and less than the activations of the whole batch and back.
    assertTrue(hybrid > convolutions && hybrid < convolutions + 2 * 128 * 22_000 * 4, json + "");
    assertEquals("hybrid", json.get("least").get("10 GbE").asText());
    String table =
        Cli.run("summary", "--model", "alexnet-2012", "--devices", "cuda:0,cuda:1,cuda:2")
            .success();
    assertTrue(table.contains("least") && !table.contains("\ncolumns"), table);
    String uncut = Cli.run("summary", "--model", "alexnet-2012").success();
    assertTrue(!uncut.contains("least"), uncut);
  }

  @Test
  void waysThatThereAreNot() {
    String line = Cli.run("train", "--parallel", "model").failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("there are: auto, columns, data, hybrid"), line);
    Path run = dir.resolve("run");
    line =
        Cli.run(
                "train",
                "--batch",
                2,
                "--parallel",
                "data",
                "--devices",
                devices(3, 1),
                "--out",
                run)
            .failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("A batch of 2 cannot be cut into 3 shards"), line);
    assertTrue(line.contains("(--batch)") && line.contains("(--devices)"), line);
    assertTrue(Files.notExists(run), "nothing is written");
  }
}
