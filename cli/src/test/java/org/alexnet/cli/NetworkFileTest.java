package org.alexnet.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.alexnet.backend.TestNetworks;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.model.Model;
import org.alexnet.model.ModelFile;
import org.alexnet.model.Models;
import org.alexnet.model.Recipe;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A network that is a file, wherever one is named; and runs, which need neither. */
class NetworkFileTest {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @TempDir Path dir;
  private Path file;

  @BeforeEach
  void network() throws IOException {
    String text = Cli.run("summary", "--model", "alexnet-32", "--show", "network").success();
    file = Files.writeString(dir.resolve("net.json"), text);
  }

  /** A network that is in no catalogue. */
  private void own() throws IOException {
    String text =
        Files.readString(file).replace("\"alexnet-32\"", "\"own\"").replace(": 64", ": 40");
    Files.writeString(file, text);
  }

  private Path train(String out, Object model, Object epochs) {
    Path run = dir.resolve(out);
    Object[] words = {
      "train",
      "--model",
      model,
      "--data",
      "shapes:40",
      "--epochs",
      epochs,
      "--batch",
      16,
      "--out",
      run,
      "--schedule",
      "constant",
      "--seed",
      9,
      "--json"
    };
    Cli.run(words).json();
    return run;
  }

  private static void resume(Path run, Object epochs) {
    Cli.run("train", "--resume", run, "--epochs", epochs, "--json").json();
  }

  private static void assertSame(Path one, Path other) throws IOException {
    for (String name : List.of("model.safetensors", "optimizer.safetensors")) {
      assertArrayEquals(
          Files.readAllBytes(one.resolve(name)), Files.readAllBytes(other.resolve(name)), name);
    }
  }

  @Test
  void whatANetworkIsNotIsSaid() throws IOException {
    Path run = dir.resolve("run");
    Path data = TestData.folder(dir.resolve("data"), 2, "cat", "dog");
    Object[] words = {"train", "--model", file, "--data", data, "--epochs", 0, "--out", run};
    String said = Cli.run(words).success();
    assertTrue(said.contains("Training alexnet-32"), said);
    assertFalse(said.contains("calls itself") || said.contains("outputs"), said);
    String text = Files.readString(file);
    Files.writeString(file, text.replace(": 64", ": 40"));
    words[words.length - 1] = dir.resolve("second");
    said = Cli.run(words).success();
    assertTrue(said.contains("calls itself alexnet-32 and is not the catalogue's"), said);
    assertTrue(said.contains("alexnet-32 has 10 outputs, and the images of"), said);
    assertTrue(said.contains("2 classes: the last layer is given 2 outputs"), said);
  }

  @Test
  void aFileAndANameTrainToTheSameBits() throws IOException {
    assertSame(train("name", "alexnet-32", 2), train("file", file, 2));
  }

  @Test
  void everyCommandThatTakesAModelTakesAFile() throws IOException {
    own();
    JsonNode summary = Cli.run("summary", "--model", file, "--show", "network", "--json").json();
    assertEquals("own", summary.get("model").asText());
    assertEquals(JSON.readTree(file.toFile()), summary.get("network"));
    String few = Cli.run("summary", "--model", file, "--classes", 3, "--show", "network").success();
    assertTrue(few.contains("\"outputs\": 3,"), few);

    Path weights = dir.resolve("w.safetensors");
    Object[] init = {"init", "--model", file, "--seed", 3, "--out", weights, "--json"};
    assertEquals(summary.get("parameters"), Cli.run(init).json().get("parameters"));
    Object[] bench = {"bench", "--model", file, "--batch", 4, "--steps", 1, "--json"};
    assertEquals("own", Cli.run(bench).json().get("model").asText());

    Path run = dir.resolve("run");
    Object[] train = {
      "train",
      "--model",
      file,
      "--init",
      weights,
      "--data",
      "shapes:20",
      "--epochs",
      0,
      "--out",
      run,
      "--json"
    };
    Cli.run(train).json();
    Path trained = run.resolve("model.safetensors"); // with the names of the classes
    Path input = run.resolve("input.safetensors");
    for (String command : List.of("eval", "predict")) {
      Object[] words = {
        command,
        "--model",
        file,
        "--weights",
        trained,
        "--input",
        input,
        "--data",
        "shapes:20",
        "--json"
      };
      JsonNode whole = Cli.run(command, run, "--data", "shapes:20", "--json").json();
      assertEquals(whole, Cli.run(words).json());
    }
  }

  @Test
  void aRunNeedsNoFileAndNoCatalogue() throws IOException {
    own();
    Path whole = train("whole", file, 3);
    Path parts = train("parts", file, 1);
    Files.writeString(file, Files.readString(file).replace(": 40", ": 24"));
    resume(parts, 2); // the file is another network's now
    Files.delete(file);
    resume(parts, 3);
    assertSame(whole, parts);
    Cli.run("eval", parts, "--json").json();
    Cli.run("predict", parts, "--data", "shapes:20", "--json").json();
    String line =
        Cli.run("train", "--resume", parts, "--model", "alexnet-32")
            .failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("--model cannot be given with it"), line);
  }

  /** What the version before wrote: the name of the catalogue's network, and not the network. */
  @Test
  void aRunWithoutItsNetworkIsResumedByName() throws IOException {
    Path whole = dir.resolve("whole");
    Path parts = dir.resolve("parts");
    for (Path run : List.of(whole, parts)) {
      Object[] words = {
        "train",
        "--data",
        "shapes:40",
        "--epochs",
        1,
        "--batch",
        16,
        "--no-dropout",
        "--classes",
        12,
        "--out",
        run,
        "--json"
      };
      Cli.run(words).json();
    }
    Path settings = parts.resolve("run.json");
    ObjectNode json = (ObjectNode) JSON.readTree(settings.toFile());
    assertEquals(5, json.get("format").asInt());
    json.put("format", 4).remove(List.of("parallel", "shards"));
    Files.writeString(settings, json.toString());
    assertEquals(
        Cli.run("eval", whole, "--json").json(),
        Cli.run("eval", parts, "--json").json(),
        "format 4");
    json.put("format", 3);
    ((ObjectNode) json.get("network").get("input")).remove("resize");
    Files.writeString(settings, json.toString());
    JsonNode before = Cli.run("eval", parts, "--json").json();
    assertEquals(Cli.run("eval", whole, "--json").json(), before, "format 3");
    assertTrue(json.get("network").isObject(), json.toString());
    json.put("format", 2).remove("network");
    Files.writeString(settings, json.toString());
    JsonNode evaluation = Cli.run("eval", whole, "--json").json();
    assertEquals(evaluation, Cli.run("eval", parts, "--json").json());
    resume(whole, 2);
    resume(parts, 2);
    assertSame(whole, parts);
  }

  @Test
  void aNetworkThatIsDamagedInARunIsNamed() throws IOException {
    Path run = train("run", file, 0);
    Path settings = run.resolve("run.json");
    String text = Files.readString(settings);
    Files.writeString(settings, text.replace("\"filters\": 64", "\"filters\": -64"));
    String line = Cli.run("eval", run).failure(ExitStatus.FAILED);
    assertTrue(
        line.contains("run.json is damaged: its network, layer conv2: filters is -64, must be"),
        line);
    Files.writeString(settings, text.replace("\"model\": \"alexnet-32\"", "\"model\": \"other\""));
    line = Cli.run("eval", run).failure(ExitStatus.FAILED);
    assertTrue(line.contains("alexnet-32 with 10 classes, and the run says \"other\""), line);
    Files.writeString(settings, text.replace("\"network\"", "\"nothing\""));
    line = Cli.run("eval", run).failure(ExitStatus.FAILED);
    assertTrue(line.contains("the network is missing"), line);
  }

  @Test
  void aFileThatIsWrongIsAFailureAndNoFileWrongUsage() throws IOException {
    Files.writeString(file, Files.readString(file).replace("\"pad\": 1", "\"pad\": 9"));
    Path out = dir.resolve("run");
    for (Object[] words :
        List.of(
            new Object[] {"train", "--data", "shapes:20", "--out", out},
            new Object[] {"summary"},
            new Object[] {"init", "--seed", 1, "--out", out},
            new Object[] {"bench"},
            new Object[] {"eval", "--weights", "w", "--data", "shapes"})) {
      Object[] more = new Object[words.length + 2];
      System.arraycopy(words, 0, more, 0, words.length);
      more[words.length] = "--model";
      more[words.length + 1] = file;
      String line = Cli.run(more).failure(ExitStatus.FAILED);
      assertTrue(line.contains(file + ", line 15, layer conv1: window.pad is 9, must be"), line);
      assertFalse(Files.exists(out), "nothing is written");
    }
    String line =
        Cli.run("summary", "--model", dir.resolve("no.json")).failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("no file of that name; there are: alexnet-32, "), line);
  }

  /** Columns matter on several devices, which a file does not know. */
  @Test
  void aNetworkThatCannotBeSpreadOverDevices() throws IOException {
    String text = Files.readString(file);
    String conv2 =
        text.lines().filter(line -> line.contains("\"conv2\"")).findFirst().orElseThrow();
    String cut =
        conv2.replace("\"groups\": 1", "\"groups\": 2").replace("\"columns\": 1", "\"columns\": 2");
    Files.writeString(file, text.replace(conv2, cut));
    Cli.run("summary", "--model", file).success();
    assertEquals(
        "alexnet: layer conv2: its groups keep to 2 columns, and its input has 1 column; it cannot"
            + " be spread over devices.",
        Cli.run("summary", "--model", file, "--devices", "cpu:0,cpu:1")
            .failure(ExitStatus.FAILED)
            .strip());
  }

  /** Of a chain nobody needs to be told. */
  @Test
  void whatALayerOfAGraphReads() throws IOException {
    Recipe recipe = Models.named("alexnet-32").recipe();
    Model graph = new Model(TestNetworks.graph(), recipe, "two branches");
    Files.writeString(file, ModelFile.text(graph));
    List<String> lines = Cli.run("summary", "--model", file).success().lines().toList();
    assertTrue(lines.getFirst().endsWith("  reads"), lines.getFirst());
    assertTrue(lines.get(6).endsWith("  relu1a, tanh1b, relu1a"), lines.get(6));
    assertTrue(lines.get(3).startsWith("conv1b ") && lines.get(3).endsWith("  data"), lines.get(3));
    JsonNode json = Cli.run("summary", "--model", file, "--json").json();
    assertEquals("[\"conv2\",\"relu1a\"]", json.get("layers").get(7).get("reads").toString());
    String chain = Cli.run("summary", "--model", "alexnet-32").success();
    assertFalse(chain.contains("reads"), chain);
  }
}
