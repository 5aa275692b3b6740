package org.alexnet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.safetensors.SafetensorsFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What scripts rely on: the fields of every answer. */
class AnswersTest {
  @TempDir static Path dir;
  private static Path run;
  private static JsonNode trained;

  @BeforeAll
  static void train() {
    run = dir.resolve("run");
    trained =
        Cli.run(
                "train",
                "--data",
                "shapes:64",
                "--batch",
                16,
                "--epochs",
                1,
                "--out",
                run,
                "--json")
            .json();
  }

  private static void has(JsonNode node, String... fields) {
    Set<String> missing = new TreeSet<>(Set.of(fields));
    node.fieldNames().forEachRemaining(missing::remove);
    assertEquals(Set.of(), missing, node.toString());
  }

  @Test
  void trainSaysWhereTheRunIsAndHowItWent() throws Exception {
    has(trained, "run", "epochs", "steps", "train_loss", "train_error", "val_loss", "val_error");
    has(trained, "images_per_second", "backend");
    assertEquals(run.toString(), trained.get("run").asText());
    assertEquals(1, trained.get("epochs").asInt());
    assertEquals(4, trained.get("steps").asInt());
    assertEquals("cpu", trained.get("backend").asText());
    assertTrue(trained.get("val_error").isNumber());
    for (String file : List.of("model", "optimizer", "input")) {
      assertTrue(Files.exists(run.resolve(file + ".safetensors")), file);
    }
    assertEquals(1, Files.readAllLines(run.resolve("metrics.jsonl")).size());
  }

  @Test
  void trainAnswersNullWhereNothingValidates() {
    Path data = TestData.tensors(dir.resolve("floats.safetensors"), 0, 1, 2, 3, 4, 5);
    JsonNode answer =
        Cli.run(
                "train",
                "--data",
                data,
                "--epochs",
                1,
                "--batch",
                4,
                "--augment",
                "none",
                "--out",
                dir.resolve("no-validation"),
                "--json")
            .json();
    assertTrue(answer.get("train_loss").isNumber());
    assertTrue(answer.get("val_loss").isNull());
    assertTrue(answer.get("val_error").isNull());
  }

  @Test
  void trainEndsBySayingHowToGoOn() {
    Path out = dir.resolve("plain");
    Cli.Result result =
        Cli.run("train", "--data", "shapes:64", "--batch", 16, "--epochs", 1, "--out", out);
    assertEquals(ExitStatus.SUCCESS, result.status(), result.err());
    assertEquals("", result.err());
    List<String> lines = result.out().lines().toList();
    assertEquals(1, lines.stream().filter(l -> l.startsWith("epoch 1/1: ")).count(), result.out());
    assertTrue(lines.contains("  evaluate:  ./alexnet eval " + out));
    assertTrue(lines.contains("  predict:   ./alexnet predict " + out + " IMAGE..."));
    assertTrue(result.out().contains("./alexnet train --resume " + out + " --epochs 2"));
    assertEquals(ExitStatus.SUCCESS, Cli.run("train", "--resume", out, "--epochs", 2).status());
  }

  @Test
  void evalOfTheRunIsTheLastValidation() {
    JsonNode answer = Cli.run("eval", run, "--data", "shapes:64", "--json").json();
    has(answer, "images", "loss", "top1_error", "top5_error", "backend");
    assertEquals(16, answer.get("images").asInt());
    assertEquals(trained.get("val_error").asDouble(), answer.get("top1_error").asDouble());
    assertEquals(trained.get("val_loss").asDouble(), answer.get("loss").asDouble(), 1e-5);
    Cli.Result plain = Cli.run("eval", run, "--data", "shapes:64", "--batch", 5, "--threads", 1);
    assertTrue(plain.out().contains("16 images: loss "), plain.out());
  }

  @Test
  void evalTakesWeightsAndTheirInput() {
    JsonNode answer =
        Cli.run(
                "eval",
                "--model",
                "alexnet-32",
                "--weights",
                run.resolve("model.safetensors"),
                "--input",
                run.resolve("input.safetensors"),
                "--data",
                "shapes:64",
                "--json")
            .json();
    assertEquals(trained.get("val_error").asDouble(), answer.get("top1_error").asDouble());
  }

  @Test
  void predictListsTheMostProbableClassesAndWritesScores() {
    Path a = TestData.image(dir.resolve("images/a b.jpg"), 50, 40, 0x305080);
    Path b = TestData.image(dir.resolve("images/b.jpg"), 32, 32, 0x805030);
    Path out = dir.resolve("scores.safetensors");
    JsonNode answer = Cli.run("predict", run, a, b, "--top", 3, "--out", out, "--json").json();
    JsonNode first = answer.get("predictions").get(0);
    assertEquals(2, answer.get("predictions").size());
    assertEquals(a.toString(), first.get("input").asText());
    assertEquals(3, first.get("top").size());
    has(first.get("top").get(0), "class", "index", "probability");
    assertFalse(first.get("top").get(0).get("class").asText().isEmpty());
    try (SafetensorsFile scores = SafetensorsFile.open(out)) {
      assertEquals(List.of(2L, 10L), scores.tensors().get("logits").shape());
      assertEquals(List.of(2L, 10L), scores.tensors().get("probabilities").shape());
      double best = first.get("top").get(0).get("probability").asDouble();
      int index = first.get("top").get(0).get("index").asInt();
      assertEquals(best, scores.floats("probabilities")[index], 1e-6);
    }
    Path features = dir.resolve("features.safetensors");
    Path none = dir.resolve("none.jpg");
    Cli.run("predict", run, none, a, "--layer", "fc2", "--out", features, "--skip-bad").success();
    try (SafetensorsFile scores = SafetensorsFile.open(out);
        SafetensorsFile file = SafetensorsFile.open(features)) {
      assertEquals(Set.of("features"), file.tensors().keySet());
      assertEquals(List.of(2L, 10L), file.tensors().get("features").shape());
      float[] rows = file.floats("features");
      for (int i = 0; i < 10; i++) {
        assertTrue(Float.isNaN(rows[i]), "of an image that cannot be read");
        assertEquals(scores.floats("logits")[i], rows[10 + i], 1e-4);
      }
    }
    Cli.run("predict", run, a, "--layer", "pool1", "--out", features).success();
    try (SafetensorsFile file = SafetensorsFile.open(features)) {
      assertEquals(List.of(1L, 32L, 16L, 16L), file.tensors().get("features").shape());
    }
    String line =
        Cli.run("predict", run, a, "--layer", "conv9", "--out", features)
            .failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("conv9, must be one of conv1, relu1, "), line);
    assertTrue(
        Cli.run("predict", run, a, "--layer", "fc1")
            .failure(ExitStatus.WRONG_USAGE)
            .contains("--out"));
    Cli.Result plain = Cli.run("predict", run, "--data", "shapes:40", "--top", 1);
    assertEquals(10, plain.out().lines().filter(l -> l.startsWith("shape ")).count(), plain.out());
  }

  @Test
  void initWritesWhatTrainWouldStartFrom() {
    Path file = dir.resolve("init.safetensors");
    JsonNode answer =
        Cli.run(
                "init",
                "--model",
                "alexnet-32",
                "--seed",
                3,
                "--classes",
                7,
                "--sigma",
                0.5,
                "--bias",
                0.25,
                "--out",
                file,
                "--json")
            .json();
    has(answer, "model", "parameters");
    try (SafetensorsFile weights = SafetensorsFile.open(file)) {
      assertEquals(List.of(7L, 512L), weights.tensors().get("fc2.weight").shape());
      assertEquals(0.25f, weights.floats("conv1.bias")[3]);
      double squares = 0;
      float[] values = weights.floats("fc1.weight");
      for (float value : values) {
        squares += value * value;
      }
      assertEquals(0.5, Math.sqrt(squares / values.length), 0.01);
    }
  }

  @Test
  void summaryCountsParametersAndWork() {
    JsonNode answer = Cli.run("summary", "--model", "alexnet-32", "--json").json();
    has(answer, "model", "parameters", "multiply_adds", "layers");
    assertEquals(1_147_466, answer.get("parameters").asLong());
    assertEquals(11_375_616, answer.get("multiply_adds").asLong());
    JsonNode conv = answer.get("layers").get(0);
    has(conv, "name", "type", "output", "groups", "parameters", "multiply_adds", "reads");
    assertEquals("[\"data\"]", conv.get("reads").toString());
    assertEquals("[32,32,32]", conv.get("output").toString());
    Cli.Result plain = Cli.run("summary", "--model", "alexnet-32", "--classes", 3);
    assertTrue(plain.out().contains("1,143,875"), plain.out());
    Cli.Result program = Cli.run("summary", "--model", "alexnet-32", "--show=program");
    assertTrue(program.out().contains("ConvolutionBackwardWeights"), program.out());
  }

  @Test
  void summaryPlansMemory() {
    JsonNode small = memory(8);
    assertEquals(List.of("cpu:0"), List.copyOf(names(small)));
    assertTrue(small.get("cpu:0").asLong() < memory(64).get("cpu:0").asLong());
    Cli.Result plain = Cli.run("summary", "--model", "alexnet-32", "--show=memory");
    assertTrue(plain.out().contains("cpu:0, batch 128: "), plain.out());
    assertTrue(plain.out().contains("as they travel: 393,216 bytes"), plain.out());
  }

  private static JsonNode memory(int batch) {
    return Cli.run("summary", "--model", "alexnet-32", "--show=memory", "--batch", batch, "--json")
        .json()
        .get("planned_bytes");
  }

  private static Set<String> names(JsonNode node) {
    Set<String> names = new TreeSet<>();
    node.fieldNames().forEachRemaining(names::add);
    return names;
  }

  @Test
  void devicesSaysWhatAutoTakes() {
    JsonNode answer = Cli.run("devices", "--json").json();
    assertEquals("cpu", answer.get("selected").asText());
    Set<String> names = new TreeSet<>();
    for (JsonNode backend : answer.get("backends")) {
      names.add(backend.get("name").asText());
      has(backend, "name", "available", "reason", "devices", "libraries");
      for (JsonNode device : backend.get("devices")) {
        has(device, "name", "description", "memory_bytes", "usable", "obstacle");
      }
      for (JsonNode library : backend.get("libraries")) {
        has(library, "name", "file", "version", "note");
      }
    }
    assertEquals(Set.of("cpu", "cuda", "reference"), names);
    assertTrue(Cli.run("devices").out().contains("selected"));
  }

  @Test
  void benchTimesEveryLayer() {
    JsonNode answer = Cli.run("bench", "--batch", 4, "--steps", 2, "--kernels", "--json").json();
    has(answer, "model", "backend", "batch", "layers");
    assertTrue(answer.get("train_images_per_second").asDouble() > 0);
    assertTrue(answer.get("infer_images_per_second").asDouble() > 0);
    assertTrue(answer.get("kernels").size() > 5);
    for (JsonNode kernel : answer.get("kernels")) {
      has(kernel, "name", "ms", "bytes");
      assertTrue(kernel.get("bytes").asLong() > 0, kernel.toString());
    }
    Set<String> layers = new TreeSet<>();
    for (JsonNode layer : answer.get("layers")) {
      has(layer, "name", "forward_ms", "backward_ms");
      layers.add(layer.get("name").asText());
    }
    assertTrue(layers.containsAll(List.of("conv1", "conv2", "conv3", "fc1", "fc2")), "" + layers);
  }

  @Test
  void selftestPasses() {
    JsonNode answer = Cli.run("selftest", "--json").json();
    assertTrue(answer.get("passed").asBoolean());
    assertEquals("cpu", answer.get("backend").asText());
    has(answer.get("checks").get(0), "name", "error", "passed");
  }
}
