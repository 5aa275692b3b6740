package org.alexnet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.safetensors.SafetensorsFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** On which images a trained network is evaluated, and what becomes of those it cannot read. */
class EvaluationTest {
  @TempDir Path dir;
  private Path data;
  private Path run;

  @BeforeEach
  void photos() {
    data = TestData.folder(dir.resolve("data"), 10, "cat", "dog");
    run = dir.resolve("run");
  }

  private JsonNode train(Object... more) {
    Object[] words = {"train", "--data", data, "--epochs", 1, "--out", run, "--json"};
    Object[] all = new Object[words.length + more.length];
    System.arraycopy(words, 0, all, 0, words.length);
    System.arraycopy(more, 0, all, words.length, more.length);
    return Cli.run(all).json();
  }

  private JsonNode eval(Object... more) {
    Object[] all = new Object[3 + more.length];
    all[0] = "eval";
    all[1] = run;
    all[2] = "--json";
    System.arraycopy(more, 0, all, 3, more.length);
    return Cli.run(all).json();
  }

  // Which images.

  @Test
  void whatWasHeldOutIsWhatCounts() throws IOException {
    JsonNode trained = train("--val-fraction", 0.2);
    JsonNode held = eval();
    assertEquals(4, held.get("images").asInt());
    assertEquals(trained.get("val_loss"), held.get("loss"));
    assertEquals(held, eval("--data", data));
    assertEquals(held, eval("--data", data + "/../data"), "under another name");
    Path moved = Files.move(data, dir.resolve("moved"));
    assertEquals(held, eval("--data", moved), "in another place");
    assertEquals(20, eval("--data", moved, "--all").get("images").asInt());
    Cli.Result plain = Cli.run("eval", run, "--data", moved);
    assertTrue(plain.out().contains("evaluating the 4 images that it held out"), plain.out());
    String line = Cli.run("eval", run).failure(ExitStatus.FAILED);
    assertTrue(line.contains(data.toString()), line);
  }

  @Test
  void allMeansBothPartsOfTheData() {
    Path parts = dir.resolve("parts");
    TestData.folder(parts.resolve("train"), 6, "cat", "dog");
    TestData.folder(parts.resolve("val"), 3, "cat", "dog");
    data = parts;
    train();
    assertEquals(6, eval("--data", parts).get("images").asInt());
    assertEquals(18, eval("--data", parts, "--all").get("images").asInt());
    Path prepared = dir.resolve("parts.axd");
    Cli.run("prepare", parts, "--out", prepared, "--size", 32).success();
    assertEquals(6, eval("--data", prepared).get("images").asInt());
    assertEquals(18, eval("--data", prepared, "--all").get("images").asInt());
  }

  @Test
  void imagesThatWereReplacedAreToldFromThoseHeldOut() {
    train("--val-fraction", 0.2);
    String before = Cli.run("eval", run).out() + Cli.run("eval", run, "--data", data).out();
    assertFalse(before.contains("not the images") || before.contains("have changed"), before);
    TestData.image(data.resolve("dog/9.jpg"), 50, 50, 0x00FF00);
    String own = Cli.run("eval", run).out();
    assertTrue(own.contains("not the images that the run was validated with"), own);
    String named = Cli.run("eval", run, "--data", data).out();
    assertTrue(named.contains("they have changed"), named);
  }

  @Test
  void validationImagesMustBeOfTheKindThatIsTrainedOn() {
    Path pixels = TestData.pixels(dir.resolve("pixels.safetensors"), 20, 2);
    Path floats = TestData.floats(dir.resolve("floats.safetensors"), 20, 2);
    String line =
        Cli.run("train", "--data", floats, "--val", pixels, "--out", run)
            .failure(ExitStatus.FAILED);
    assertTrue(line.contains("must be of the kind that is trained on"), line);
    line =
        Cli.run("train", "--data", pixels, "--val", data, "--out", run).failure(ExitStatus.FAILED);
    assertTrue(line.contains("labels cannot be matched"), line);
    assertFalse(Files.exists(run));
  }

  @Test
  void aRunWithoutNamesIsGivenThem() throws IOException {
    Path pixels = TestData.pixels(dir.resolve("pixels.safetensors"), 20, 2);
    Path folder = data;
    data = pixels;
    train("--classes", 2);
    String line = Cli.run("eval", run, "--data", folder).failure(ExitStatus.FAILED);
    assertTrue(line.contains("--names FILE"), line);
    Path names = Files.writeString(dir.resolve("names.txt"), "cat\ndog\n");
    assertEquals(20, eval("--data", folder, "--names", names).get("images").asInt());
    Files.writeString(names, "cat\n");
    line = Cli.run("eval", run, "--data", folder, "--names", names).failure(ExitStatus.FAILED);
    assertTrue(line.contains("has 2 classes, and the list of names has 1 name;"), line);
  }

  /** One bad value among the user's own is neither learned from nor blamed on the rate. */
  @Test
  void valuesThatAreNotFiniteAreNamed() {
    Path bad = TestData.floats(dir.resolve("bad.safetensors"), 20, 2, 5, Float.NaN);
    String line =
        Cli.run("train", "--data", bad, "--epochs", 1, "--out", run).failure(ExitStatus.FAILED);
    assertTrue(line.contains("image 5 holds a value that is infinite or not a number"), line);
    data = TestData.floats(dir.resolve("good.safetensors"), 20, 2);
    run = dir.resolve("good");
    train();
    line = Cli.run("eval", run, "--data", bad).failure(ExitStatus.FAILED);
    assertTrue(line.contains("1 file could not be read"), line);
    line = Cli.run("predict", run, "--data", bad).failure(ExitStatus.FAILED);
    assertTrue(line.contains("1 file could not be read"), line);
  }

  @Test
  void otherImagesAreEvaluatedWhole() {
    train("--val-fraction", 0.2);
    Path other = TestData.folder(dir.resolve("other"), 10, "cat", "dog");
    TestData.image(other.resolve("cat/0.jpg"), 40, 30, 0x123456);
    TestData.image(other.resolve("cat/new.jpg"), 40, 30, 0x123456);
    assertEquals(21, eval("--data", other).get("images").asInt());
  }

  @Test
  void trainingImagesAreCalledSo() {
    train();
    String line = Cli.run("eval", run).failure(ExitStatus.FAILED);
    assertTrue(line.contains("held no images out"), line);
    Cli.Result result = Cli.run("eval", run, "--data", data);
    assertTrue(result.out().contains("errors are those on training images"), result.out());
  }

  @Test
  void aValidationSourceIsRemembered() {
    Path val = TestData.folder(dir.resolve("val"), 3, "dog", "cat");
    JsonNode trained = train("--val", val);
    JsonNode held = eval();
    assertEquals(6, held.get("images").asInt());
    assertEquals(trained.get("val_loss"), held.get("loss"));
  }

  // Names of classes.

  @Test
  void weightsCarryTheNamesOfTheirClasses() throws IOException {
    train("--val-fraction", 0.2);
    Path weights = run.resolve("model.safetensors");
    Object[] predict = {
      "predict",
      "--model",
      "alexnet-32",
      "--weights",
      weights,
      "--input",
      run.resolve("input.safetensors"),
      data.resolve("cat/0.jpg"),
      "--json"
    };
    String name = Cli.run(predict).json().at("/predictions/0/top/0/class").asText();
    assertTrue(List.of("cat", "dog").contains(name), name);
    // The labels of another folder follow the names, whatever their order.
    Path other = TestData.folder(dir.resolve("other"), 4, "dog");
    Object[] words = {
      "eval",
      "--model",
      "alexnet-32",
      "--weights",
      weights,
      "--input",
      run.resolve("input.safetensors"),
      "--data",
      other,
      "--json"
    };
    assertEquals(eval("--data", other).get("top1_error"), Cli.run(words).json().get("top1_error"));
    Path strange = TestData.folder(dir.resolve("strange"), 2, "dog", "eel");
    words[8] = strange;
    String line = Cli.run(words).failure(ExitStatus.FAILED);
    assertTrue(line.contains("'eel'"), line);
  }

  @Test
  void labelsAreNeverTakenByTheirOrderAlone() throws IOException {
    train();
    Path weights = dir.resolve("w.safetensors");
    Object[] init = {
      "init", "--model", "alexnet-32", "--seed", 1, "--classes", 2, "--out", weights
    };
    assertEquals(ExitStatus.SUCCESS, Cli.run(init).status());
    Object[] words = {
      "eval",
      "--model",
      "alexnet-32",
      "--weights",
      weights,
      "--input",
      run.resolve("input.safetensors"),
      "--data",
      data,
      "--json",
      "--names",
      Files.writeString(dir.resolve("names.txt"), "dog\ncat\n")
    };
    String line = Cli.run(Arrays.copyOf(words, 10)).failure(ExitStatus.FAILED);
    assertTrue(line.contains("cat, dog") && line.contains("--names"), line);
    assertEquals(20, Cli.run(words).json().get("images").asInt());
    Files.writeString(dir.resolve("names.txt"), "dog\ncat\nowl\n");
    assertTrue(
        Cli.run(words)
            .failure(ExitStatus.FAILED)
            .contains("2 classes, and the list of names has 3 names;"));
    Files.writeString(dir.resolve("names.txt"), "dog\ndog\n");
    assertTrue(Cli.run(words).failure(ExitStatus.FAILED).contains("two classes called 'dog'"));
    String again = Cli.run(init).failure(ExitStatus.FAILED);
    assertTrue(again.contains("exists already"), again);
  }

  // Files that cannot be read.

  @Test
  void aBadFileIsReportedAndTheOthersArePredicted() throws IOException {
    train();
    Path good = data.resolve("cat/1.jpg");
    Path bad = Files.writeString(dir.resolve("bad.jpg"), "no image");
    Path none = dir.resolve("none.jpg");
    Path out = dir.resolve("scores.safetensors");
    Cli.Result result = Cli.run("predict", run, bad, good, none, "--out", out);
    assertTrue(
        result.failure(ExitStatus.FAILED).contains("2 files could not be read"), result.err());
    assertTrue(result.out().contains(good.toString()), result.out());
    assertTrue(result.err().contains("left out: " + bad + " is not a JPEG"), result.err());
    assertTrue(result.err().contains("left out: " + none + " cannot be read"), result.err());
    try (SafetensorsFile file = SafetensorsFile.open(out)) {
      float[] scores = file.floats("probabilities");
      assertEquals(6, scores.length);
      assertTrue(Float.isNaN(scores[0]) && Float.isNaN(scores[5]));
      assertEquals(1, scores[2] + scores[3], 1e-6f);
    }
    assertFalse(Files.exists(dir.resolve("scores.safetensors.probabilities.tmp")));
    assertEquals(ExitStatus.SUCCESS, Cli.run("predict", run, bad, good, "--skip-bad").status());
    String line = Cli.run("predict", run, bad).failure(ExitStatus.FAILED);
    assertTrue(line.contains("1 file could not be read"), line);
  }

  @Test
  void namesThatATerminalWouldObey() {
    train();
    Path hostile = dir.resolve("a\u001b[31m\u202egnp.jpg");
    Cli.Result result = Cli.run("predict", run, hostile, "--verbose");
    assertEquals(ExitStatus.FAILED, result.status());
    assertTrue(result.err().contains("left out: %s".formatted(dir.resolve("a [31m gnp.jpg"))));
    String line = Cli.run("show", "features", run, hostile, "--out", dir.resolve("x.png")).err();
    assertTrue(line.contains("alexnet: %s".formatted(dir.resolve("a [31m gnp.jpg"))), line);
    assertFalse((result.err() + result.out() + line).contains("\u001b"), line);
  }

  @Test
  void aRowForEveryImageAlsoWhereTheRunSkippedBadOnes() throws IOException {
    train("--skip-bad");
    Path other = TestData.folder(dir.resolve("other"), 3, "cat", "dog");
    Files.writeString(other.resolve("cat/1.jpg"), "no image");
    Path out = dir.resolve("scores.safetensors");
    Cli.Result result = Cli.run("predict", run, "--data", other, "--out", out);
    assertTrue(result.failure(ExitStatus.FAILED).contains("1 file could not be read"));
    assertTrue(result.err().contains("left out: cat/1.jpg is not a JPEG"), result.err());
    Object[] files = {
      "predict", run, other.resolve("cat/0.jpg"), other.resolve("cat/1.jpg"), "--out", out
    };
    for (int images : new int[] {6, 2}) {
      try (SafetensorsFile file = SafetensorsFile.open(out)) {
        float[] scores = file.floats("probabilities");
        assertEquals(2 * images, scores.length);
        for (int i = 0; i < scores.length; i++) {
          assertEquals(i / 2 == 1, Float.isNaN(scores[i]), "the second image's row alone");
        }
      }
      Cli.run(files).failure(ExitStatus.FAILED);
    }
  }

  @Test
  void whatIsWrittenIsASafetensorsFile() {
    train();
    Path image = data.resolve("cat/1.jpg");
    String line =
        Cli.run("predict", run, image, "--out", dir.resolve("f.npy"))
            .failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("f.npy, must be a file that ends in .safetensors"), line);
    Path nowhere = dir.resolve("none").resolve("f.safetensors");
    line = Cli.run("predict", run, image, "--out", nowhere).failure(ExitStatus.FAILED);
    assertTrue(line.contains("there is no folder"), line);
    line = Cli.run("predict", run, image, image, "--data", data).failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("IMAGE is " + image + " and 1 more, must be left out beside"), line);
    line = Cli.run("predict", run).failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("IMAGE is missing: give image files, or --data."), line);
  }

  @Test
  void aBadFileCountsNowhereInAnEvaluation() throws IOException {
    train();
    JsonNode all = eval("--data", data);
    Path other = TestData.folder(dir.resolve("other"), 10, "cat", "dog");
    Files.writeString(other.resolve("cat/0a.jpg"), "no image");
    Cli.Result result = Cli.run("eval", run, "--data", other, "--json");
    assertEquals(ExitStatus.FAILED, result.status());
    assertTrue(result.err().contains("left out: cat/0a.jpg"), result.err());
    JsonNode skipped = eval("--data", other, "--skip-bad");
    assertEquals(1, skipped.get("left_out").asInt());
    assertEquals(all.get("images"), skipped.get("images"));
    assertEquals(all.get("loss"), skipped.get("loss"));
  }

  @Test
  void aRunThatSkippedBadFilesEvaluatesAsItSuggests() throws IOException {
    Files.writeString(data.resolve("cat/9.jpg"), "no image");
    JsonNode trained = train("--val-fraction", 0.2, "--skip-bad");
    JsonNode held = eval();
    assertEquals(trained.get("val_loss"), held.get("loss"));
    assertEquals(held.get("loss"), eval("--data", data).get("loss"));
  }

  @Test
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void aPipeAmongImagesIsNotOpened() throws Exception {
    train();
    Path pipe = data.resolve("cat/pipe.jpg");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    String line = Cli.run("predict", run, pipe).failure(ExitStatus.FAILED);
    assertTrue(line.contains("1 file could not be read"), line);
    Object[] again = {"train", "--data", data, "--epochs", 0, "--out", dir.resolve("again")};
    line = Cli.run(again).failure(ExitStatus.FAILED);
    assertTrue(line.contains(pipe + " is a pipe"), line);
    Cli.Result prepared = Cli.run("prepare", data, "--out", dir.resolve("p.axd"), "--size", 32);
    assertTrue(
        prepared.failure(ExitStatus.FAILED).contains("1 file could not be read"), prepared.err());
  }

  // What the network was trained on.

  @Test
  void photographsAreNoInputForANetworkOfNumbers() {
    Path floats = TestData.tensors(dir.resolve("floats.safetensors"), 0, 1, 0, 1);
    data = floats;
    train("--classes", 2); // without an augmentation, though the model has one
    Path photo = dir.resolve("data/cat/1.jpg");
    String line = Cli.run("predict", run, photo).failure(ExitStatus.FAILED);
    assertTrue(line.contains("trained on floating-point images"), line);
    line = Cli.run("eval", run, "--data", dir.resolve("data")).failure(ExitStatus.FAILED);
    assertTrue(line.contains("trained on floating-point images"), line);
    Object[] bare = {
      "predict",
      "--model",
      "alexnet-32",
      "--weights",
      run.resolve("model.safetensors"),
      "--input",
      run.resolve("input.safetensors"),
      photo
    };
    assertTrue(
        Cli.run(bare).failure(ExitStatus.FAILED).contains("trained on floating-point images"));
    assertEquals(4, eval("--data", floats).get("images").asInt());
  }

  @Test
  void predictionsOfASourceAreOneObjectWithoutAnyImageToo() throws IOException {
    train();
    JsonNode answer = Cli.run("predict", run, "--data", data, "--batch", 3, "--json").json();
    assertEquals(20, answer.get("predictions").size());
    Path other = TestData.folder(dir.resolve("other"), 1, "cat");
    Files.write(other.resolve("cat/0.jpg"), "x".getBytes(StandardCharsets.UTF_8));
    Cli.Result none = Cli.run("predict", run, "--data", other, "--json", "--skip-bad");
    assertEquals("{\"predictions\":[]}", none.out().strip());
  }
}
