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
import java.util.Arrays;
import java.util.stream.Stream;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.file.JsonFiles;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run that is resumed keeps, and what it does not accept. */
class ResumeTest {
  @TempDir Path dir;
  private Path data;
  private Path run;

  @BeforeEach
  void photos() {
    data = TestData.folder(dir.resolve("data"), 6, "cat", "dog");
    run = dir.resolve("run");
  }

  private void train(Path source, Object epochs) {
    Object[] words = {"train", "--data", source, "--epochs", epochs, "--out", run, "--json"};
    Cli.run(words).json();
  }

  private String refused(Object... more) throws IOException {
    byte[] before = Files.readAllBytes(run.resolve("model.safetensors"));
    Object[] words = new Object[3 + more.length];
    words[0] = "train";
    words[1] = "--resume";
    words[2] = run;
    System.arraycopy(more, 0, words, 3, more.length);
    String line = Cli.run(words).failure(ExitStatus.FAILED);
    assertArrayEquals(before, Files.readAllBytes(run.resolve("model.safetensors")));
    return line;
  }

  @Test
  void otherDataUnderTheSameNameIsRefused() throws IOException {
    train(data, 1);
    // As many images of as many classes, one of which is another.
    Files.move(data.resolve("dog"), data.resolve("eel"));
    String line = refused("--epochs", 2);
    assertTrue(line.contains("other images") && line.contains(data.toString()), line);
    Files.move(data.resolve("eel"), data.resolve("dog"));
    TestData.image(data.resolve("dog/3.jpg"), 50, 50, 0x00FF00);
    line = refused("--epochs", 2);
    assertTrue(line.contains("other images"), line);
    TestData.image(data.resolve("dog/new.jpg"), 50, 50, 0x00FF00);
    line = refused("--epochs", 2);
    assertTrue(line.contains("13 images where there were 12"), line);
  }

  @Test
  void theSameDataInAnotherPlaceAreTaken() throws IOException {
    train(data, 1);
    Path whole = run;
    run = dir.resolve("whole");
    train(data, 2);
    Path moved = Files.move(data, dir.resolve("moved"));
    run = whole;
    String line = refused("--epochs", 2);
    assertTrue(line.contains(data.toString()) && line.contains("new place (--data)"), line);
    Object[] words = {"train", "--resume", run, "--epochs", 2, "--data", moved, "--json"};
    assertEquals(2, Cli.run(words).json().get("epochs").asInt());
    assertArrayEquals(
        Files.readAllBytes(dir.resolve("whole/model.safetensors")),
        Files.readAllBytes(run.resolve("model.safetensors")));
    // The new place is remembered.
    Cli.run("eval", run, "--data", moved).success();
    JsonNode kept = JsonMapper.builder().build().readTree(run.resolve("run.json").toFile());
    assertEquals(moved.toString(), kept.get("data").asText());
    assertEquals("cpu", kept.get("backend").asText());
    // And so is where the run went on.
    assertEquals(1, kept.get("resumed").size(), "what was refused is none");
    JsonNode resumed = kept.at("/resumed/0");
    assertEquals("cpu", resumed.get("backend").asText());
    assertEquals(kept.at("/environment/java"), resumed.get("java"));
    JsonNode first =
        JsonFiles.parse("line", Files.readAllLines(run.resolve("metrics.jsonl")).get(0));
    assertEquals(first.get("step"), resumed.get("step"), "after one epoch");
    assertEquals(
        3, Cli.run("train", "--resume", run, "--epochs", 3, "--json").json().get("epochs").asInt());
  }

  @Test
  void sourcesAreKeptUnderNamesThatHoldEverywhere() throws IOException {
    Path here = Path.of("").toAbsolutePath();
    train(here.relativize(data.toAbsolutePath()), 0);
    JsonNode kept = JsonMapper.builder().build().readTree(run.resolve("run.json").toFile());
    assertEquals(data.toAbsolutePath().normalize().toString(), kept.get("data").asText());
    assertEquals(12, kept.get("images").asInt());
  }

  private byte[] trained(String name, int epochs, Object... more) throws IOException {
    run = dir.resolve(name);
    Object[] words = {"train", "--data", data, "--epochs", epochs, "--out", run, "--json"};
    Cli.run(Stream.concat(Stream.of(words), Stream.of(more)).toArray()).json();
    return Files.readAllBytes(run.resolve("model.safetensors"));
  }

  /** Bits differ between the two ways, so that a run must go on in its own. */
  @Test
  void aRunKeepsItsWayToComputeConvolutions() throws IOException {
    byte[] auto = trained("auto", 2);
    byte[] direct = trained("direct", 2, "--convolution", "direct");
    assertFalse(Arrays.equals(auto, direct));
    trained("resumed", 1, "--convolution", "direct");
    String line =
        Cli.run("train", "--resume", run, "--convolution", "auto").failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("--convolution cannot be given"), line);
    Cli.run("train", "--resume", run, "--epochs", 2).success();
    assertArrayEquals(direct, Files.readAllBytes(run.resolve("model.safetensors")));

    // Begun when there was no other way than the direct one.
    trained("old", 1, "--convolution", "direct");
    JsonMapper mapper = JsonMapper.builder().build();
    ObjectNode json = (ObjectNode) mapper.readTree(run.resolve("run.json").toFile());
    assertEquals("direct", json.remove("convolution").asText());
    Files.writeString(run.resolve("run.json"), mapper.writeValueAsString(json));
    Cli.run("train", "--resume", run, "--epochs", 2).success();
    assertArrayEquals(direct, Files.readAllBytes(run.resolve("model.safetensors")));

    line = Cli.run("train", "--data", data, "--convolution", "fft").failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("fft") && line.contains("auto, direct"), line);
  }

  /** The rate goes up again where there is more of the run to come, and the schedule is its own. */
  @Test
  void moreEpochsStretchTheScheduleOfTheModel() throws IOException {
    train(Path.of("shapes:10"), 10);
    Object[] words = {"train", "--resume", run, "--epochs", 11};
    String out = Cli.run(words).out();
    assertTrue(
        out.contains("at epoch 11 of 11, step 10: rate 0.0002, schedule parts:0.8,0.925"), out);
    Object[] schedule = {
      "train", "--resume", run, "--epochs", 12, "--schedule", "step:11", "--threads", 1
    };
    out = Cli.run(schedule).out();
    assertTrue(out.contains("rate 0.002, schedule step:11"), out);
    // What was given is the run's from then on.
    out = Cli.run("train", "--resume", run, "--epochs", 13).out();
    assertTrue(out.contains("epoch 13 of 13") && out.contains("schedule step:11"), out);
  }

  @Test
  void aRunThatIsTrainedHasNothingToDo() throws IOException {
    train(data, 2);
    byte[] before = Files.readAllBytes(run.resolve("model.safetensors"));
    String sentence = "has already trained 2 epochs; nothing to do (give --epochs 3 or more";
    String out = Cli.run("train", "--resume", run, "--epochs", 1).success();
    assertTrue(out.contains(sentence) && !out.contains("Resuming"), out);
    out = Cli.run("train", "--resume", run, "--schedule", "constant").success();
    assertTrue(out.contains(sentence), out);
    JsonNode answer = Cli.run("train", "--resume", run, "--json").json();
    assertEquals(2, answer.get("epochs").asInt());
    assertEquals("cpu", answer.get("backend").asText());
    assertTrue(answer.get("train_loss").isNumber(), answer.toString());
    assertArrayEquals(before, Files.readAllBytes(run.resolve("model.safetensors")));
  }

  @Test
  void validationImagesBesideAFractionAreRefused() {
    Object[] words = {
      "train", "--data", data, "--val-fraction", 0.5, "--epochs", 0, "--out", run, "--json"
    };
    Cli.run(words).json();
    Object[] val = {"train", "--resume", run, "--epochs", 1, "--val", data};
    String line = Cli.run(val).failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("holds out a fraction of --data (0.5)"), line);
  }

  @Test
  void oneEpochIsSaidInTheSingular() {
    Object[] words = {"train", "--data", data, "--epochs", 1, "--lr", "1e30", "--out", run};
    Cli.Result result = Cli.run(words);
    assertTrue(result.out().contains(" 1 epoch, batch"), result.out());
    assertTrue(result.out().contains("rate 1e+30,"), result.out());
    assertTrue(result.out().contains("(too short a run for the rate to be reduced)"), result.out());
  }

  @Test
  void aRunOfAnotherFormatIsRefused() throws IOException {
    train(data, 0);
    JsonMapper mapper = JsonMapper.builder().build();
    Path file = run.resolve("run.json");
    ObjectNode json = (ObjectNode) mapper.readTree(file.toFile());
    for (int format : new int[] {1, 99}) {
      json.put("format", format);
      Files.writeString(file, json.toString());
      String line = refused("--epochs", 1);
      assertTrue(line.contains("format " + format), line);
      line = Cli.run("predict", run, data.resolve("cat/1.jpg")).failure(ExitStatus.FAILED);
      assertTrue(line.contains("model.safetensors"), line);
    }
  }
}
