package org.alexnet.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.alexnet.UsageException;
import org.alexnet.tensor.FloatTensor;
import org.alexnet.training.EpochMetrics;
import org.alexnet.training.Progress;
import org.alexnet.training.StepMetrics;
import org.alexnet.training.Training;
import org.alexnet.training.TrainingListener;
import org.alexnet.training.TrainingRig;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run records of its steps: complete, continuous, and without a trace in its results. */
class StepLogTest {
  private static final int STEPS = 9;

  @TempDir Path dir;
  private Path whole;

  private Training training(String out) {
    return Training.of("alexnet-32")
        .backend("cpu")
        .threads(1)
        .data("shapes:40")
        .batch(16)
        .epochs(3)
        .seed(7)
        .logEvery(2)
        .out(dir.resolve(out));
  }

  @BeforeEach
  void uninterrupted() {
    whole = training("whole").run().run();
  }

  private static List<JsonNode> steps(Path run) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("steps.jsonl"))) {
      lines.add(new ObjectMapper().readTree(line));
    }
    return lines;
  }

  /** The lines without what depends on the time. */
  private static List<String> untimed(Path run) throws IOException {
    return Files.readAllLines(run.resolve("steps.jsonl")).stream()
        .map(
            line ->
                line.replaceAll("\"(images_per_second|data_wait|time)\":(\"[^\"]*\"|[^,}]*)", ""))
        .toList();
  }

  private void assertSameResults(Path run) throws IOException {
    for (String file : List.of("model.safetensors", "optimizer.safetensors", "best.safetensors")) {
      assertEquals(-1, Files.mismatch(whole.resolve(file), run.resolve(file)), run + " " + file);
    }
    assertEquals(TrainingRig.metrics(whole), TrainingRig.metrics(run));
  }

  @Test
  void aLineSaysWhatTheStepsSinceTheLastOneCameTo() throws IOException {
    List<JsonNode> lines = steps(whole);
    assertEquals(
        List.of(2, 4, 6, 8), lines.stream().map(line -> line.get("step").asInt()).toList());
    assertEquals(
        List.of(1, 2, 2, 3), lines.stream().map(line -> line.get("epoch").asInt()).toList());
    Path each = training("each").logEvery(1).run().run();
    List<JsonNode> single = steps(each);
    assertEquals(STEPS, single.size());
    int[] images = {16, 16, 8, 16, 16, 8, 16, 16, 8}; // 40 an epoch
    for (int i = 0; i < lines.size(); i++) {
      JsonNode line = lines.get(i);
      int first = 2 * i;
      for (String field : List.of("loss", "error")) {
        double sum =
            images[first] * single.get(first).get(field).asDouble()
                + images[first + 1] * single.get(first + 1).get(field).asDouble();
        double mean = sum / (images[first] + images[first + 1]);
        assertEquals(mean, line.get(field).asDouble(), 1e-12, field);
      }
      assertEquals(single.get(first + 1).get("gradient_norm"), line.get("gradient_norm"));
      assertTrue(line.get("images_per_second").asDouble() > 0);
      double wait = line.get("data_wait").asDouble();
      assertTrue(wait >= 0 && wait <= 1, line.toString());
      Instant.parse(line.get("time").asText());
    }
    JsonNode epoch =
        new ObjectMapper().readTree(Files.readAllLines(each.resolve("metrics.jsonl")).getFirst());
    double loss =
        IntStream.range(0, 3)
            .mapToDouble(i -> images[i] * single.get(i).get("loss").asDouble())
            .sum();
    assertEquals(epoch.get("train_loss").asDouble(), loss / 40, 1e-12);
    assertEquals(epoch.get("rate"), single.getFirst().get("rate"));
  }

  /** The norms are those of the gradients that the listener is told at the end of an epoch. */
  @Test
  void normsAreOfWeightsAndBiasesTogether() throws IOException {
    List<Double> expected = new ArrayList<>();
    Training training = training("told").logEvery(3);
    training.listener(
        new TrainingListener() {
          @Override
          public boolean wantsGradients() {
            return true;
          }

          @Override
          public void gradients(long step, SequencedMap<String, FloatTensor> gradients) {
            assertEquals(3 * (expected.size() + 1), step);
            double sum = 0;
            for (String name : List.of("fc1.weight", "fc1.bias")) {
              for (float g : gradients.get(name).values()) {
                sum += (double) g * g;
              }
            }
            expected.add(Math.sqrt(sum));
          }
        });
    Path run = training.run().run();
    List<JsonNode> lines = steps(run);
    assertEquals(3, lines.size());
    for (int i = 0; i < 3; i++) {
      JsonNode norms = lines.get(i).get("gradient_norm");
      assertEquals(List.of("conv1", "conv2", "conv3", "fc1", "fc2"), names(norms));
      assertEquals(expected.get(i), norms.get("fc1").asDouble(), 1e-5 * expected.get(i));
    }
    assertSameResults(run);
  }

  private static List<String> names(JsonNode node) {
    return node.properties().stream().map(field -> field.getKey()).toList();
  }

  @Test
  void resultsAreTheSameHoweverMuchIsLogged() throws IOException {
    for (int every : new int[] {0, 1, 4, 1_000_000}) {
      for (int threads : new int[] {1, 3}) {
        String name = every + "-" + threads;
        Path run = training(name).logEvery(every).threads(threads).run().run();
        assertSameResults(run);
        Path steps = run.resolve("steps.jsonl");
        int lines = every == 0 ? 0 : STEPS / every;
        assertEquals(lines, Files.exists(steps) ? steps(run).size() : 0);
      }
    }
    assertThrows(UsageException.class, () -> training("none").logEvery(-1));
  }

  /** What is on disk at any moment is what a kill would leave; all of it leads to the same. */
  @Test
  void killedAtAnyMoment() throws IOException {
    for (double minutes : new double[] {0, 10}) {
      List<Path> left = new ArrayList<>();
      Training training = training("run-" + minutes).checkpointEvery(minutes);
      Path run = dir.resolve("run-" + minutes);
      training.listener(new Copier(run, left));
      training.run();
      assertEquals(untimed(whole), untimed(run));
      assertEquals(STEPS + 4 + 3, left.size());
      for (Path copy : left) {
        Path steps = copy.resolve("steps.jsonl");
        if (Files.exists(steps)) {
          Files.writeString(steps, "{\"step\":", StandardOpenOption.APPEND); // torn
        }
        Training.resume(copy).backend("cpu").threads(2).run();
        assertSameResults(copy);
        assertEquals(untimed(whole), untimed(copy), copy.toString());
      }
    }
  }

  /** Copies a run's folder whenever it is told something. */
  private record Copier(Path run, List<Path> copies) implements TrainingListener {
    @Override
    public void step(Progress progress) {
      copy();
    }

    @Override
    public void logged(StepMetrics metrics) {
      copy();
    }

    @Override
    public void epoch(EpochMetrics metrics) {
      copy();
    }

    private void copy() {
      Path copy = run.resolveSibling(run.getFileName() + "-" + copies.size());
      try (Stream<Path> files = Files.list(run)) {
        Files.createDirectory(copy);
        for (Path file : files.toList()) {
          Files.copy(file, copy.resolve(file.getFileName()));
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      copies.add(copy);
    }
  }

  /** A resumed run logs as often as before unless it is told otherwise, then and from then on. */
  @Test
  void aResumedRunGoesOnAsBefore() throws IOException {
    Path run = training("parts").epochs(1).run().run();
    Training.resume(run).backend("cpu").threads(1).epochs(2).run();
    Training.resume(run).backend("cpu").threads(1).epochs(3).logEvery(3).run();
    assertEquals(
        List.of(2, 4, 6, 9), steps(run).stream().map(line -> line.get("step").asInt()).toList());
    assertSameResults(run);
    Training.resume(run).backend("cpu").threads(1).epochs(4).run();
    assertEquals(12, steps(run).getLast().get("step").asInt());
    assertFalse(Files.readString(run.resolve("run.json")).contains("\"log_every\": 2"));
  }
}
