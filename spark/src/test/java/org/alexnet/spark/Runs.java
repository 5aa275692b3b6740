package org.alexnet.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alexnet.cli.TrainingArguments;
import org.alexnet.cli.output.Terminal;
import org.alexnet.model.ModelFile;
import org.alexnet.run.RunConfig;
import org.alexnet.training.TrainingRig;

/** Runs of one small network on Spark and without it. */
final class Runs {
  private final Path dir;

  /** In an empty folder. */
  Runs(Path dir) throws IOException {
    this.dir = dir;
    Files.writeString(dir.resolve("small.json"), ModelFile.text(TrainingRig.MODEL));
  }

  /** Has Spark start where the properties of this process say so. */
  static void use(String master) {
    System.setProperty("spark.master", master);
    System.setProperty("spark.ui.enabled", "false");
    System.setProperty("spark.log.level", "WARN");
    System.setProperty("spark.driver.host", "127.0.0.1");
    System.setProperty("spark.driver.bindAddress", "127.0.0.1");
  }

  static void forget() {
    System.getProperties().keySet().removeIf(key -> key.toString().startsWith("spark."));
  }

  Path folder(String run) {
    return dir.resolve(run);
  }

  /** Two epochs in batches of 20, the last of which has fewer. */
  List<String> options(String run, String... more) {
    return options(run, 2, more);
  }

  List<String> options(String run, int epochs, String... more) {
    List<String> all = new ArrayList<>(List.of("--model", dir.resolve("small.json").toString()));
    all.addAll(List.of("--batch", "20", "--epochs", String.valueOf(epochs), "--seed", "3"));
    all.addAll(List.of("--log-every", "1", "--threads", "1", "--out", folder(run).toString()));
    all.addAll(List.of(more));
    if (!all.contains("--data")) {
      all.addAll(List.of("--data", "shapes:70"));
    }
    return all;
  }

  /** Trains in this process, without Spark, as two shards. */
  void alone(String run, String... more) {
    List<String> options = options(run, more);
    options.addAll(List.of("--parallel", "data", "--devices", "cpu:0,cpu:0"));
    TrainingArguments.parse(options).training().run();
  }

  /**
   * What came of a training.
   *
   * @param out standard output
   * @param err standard error
   */
  record Said(int status, String out, String err) {

    /** The exit status, and the sentence that says why. */
    String failure() {
      return status + " " + err.strip();
    }

    /** How often a part of a line was shown. */
    long count(String part) {
      return out.lines().filter(line -> line.contains(part)).count();
    }
  }

  /** Trains on Spark. */
  static Said spark(List<String> options, String... more) {
    return spark(false, options, more);
  }

  /**
   * Trains on Spark.
   *
   * @param interactive whether somebody watches
   */
  static Said spark(boolean interactive, List<String> options, String... more) {
    List<String> all = new ArrayList<>(List.of("train"));
    all.addAll(options);
    all.addAll(List.of(more));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Terminal terminal = new Terminal(stream(out), stream(err), interactive, 100);
    int status = SparkTraining.run(all, terminal);
    return new Said(
        status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private static PrintStream stream(ByteArrayOutputStream to) {
    return new PrintStream(to, true, StandardCharsets.UTF_8);
  }

  /** Of a training that has ended well. */
  void assertTrained(String run, Said said) {
    assertEquals(0, said.status, said::toString);
    assertEquals(1, said.count("The run is in " + folder(run)), said::toString);
  }

  /** All that a run is, but for times, machines, and how often it was interrupted. */
  void assertSame(String expected, String got) throws IOException {
    Path one = folder(expected);
    Path other = folder(got);
    for (String weights : List.of("model", "optimizer", "input", "best")) {
      String file = weights + ".safetensors";
      assertEquals(-1, Files.mismatch(one.resolve(file), other.resolve(file)), file);
    }
    assertEquals(lines(one.resolve("metrics.jsonl")), lines(other.resolve("metrics.jsonl")));
    assertEquals(lines(one.resolve("steps.jsonl")), lines(other.resolve("steps.jsonl")));
    assertEquals(
        timeless(json(one, "state.json").path("state").toString()),
        timeless(json(other, "state.json").path("state").toString()));
    assertEquals(settings(one), settings(other));
  }

  private static List<String> lines(Path file) throws IOException {
    return Files.readAllLines(file).stream().map(Runs::timeless).toList();
  }

  private static String timeless(String json) {
    return json.replaceAll(
        "\"(images_per_second|data_wait|time|seconds|waited)\":(\"[^\"]*\"|[^,}]*)", "");
  }

  static JsonNode json(Path run, String file) throws IOException {
    return new ObjectMapper().readTree(run.resolve(file).toFile());
  }

  /** What decides what is computed. */
  private static JsonNode settings(Path run) throws IOException {
    ObjectNode settings = RunConfig.fromJson((ObjectNode) json(run, "run.json"), run).toJson();
    settings.remove("data"); // the same images may lie elsewhere
    return settings;
  }
}
