package org.alexnet.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.cli.output.Terminal;
import org.alexnet.safetensors.SafetensorsFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Data, weights and folders that cannot be used: named, with status 1, and nothing is written. */
class BadInputTest {
  @TempDir Path dir;
  private Path data;
  private Path out;

  @BeforeEach
  void paths() {
    data = dir.resolve("data");
    out = dir.resolve("run");
  }

  private void refused(Cli.Result result, Object... named) {
    String line = result.failure(ExitStatus.FAILED);
    for (Object part : named) {
      assertTrue(line.contains(part.toString()), line);
    }
    assertFalse(Files.exists(out), "nothing is written");
  }

  private Cli.Result train(Path source, Object... more) {
    Object[] words = new Object[more.length + 7];
    System.arraycopy(
        new Object[] {"train", "--data", source, "--epochs", 0, "--out", out}, 0, words, 0, 7);
    System.arraycopy(more, 0, words, 7, more.length);
    return Cli.run(words);
  }

  @Test
  void dataThatIsNotThere() {
    refused(train(data), data);
  }

  @Test
  void anEmptyFolder() throws IOException {
    refused(train(Files.createDirectories(data)), data);
  }

  @Test
  void aFolderWithOneClass() {
    refused(train(TestData.folder(data, 2, "cat")), "cat");
  }

  @Test
  void aClassWithoutImages() throws IOException {
    TestData.folder(data, 2, "cat", "dog");
    Files.createDirectories(data.resolve("eel"));
    refused(train(data), data.resolve("eel"));
  }

  @Test
  void aTruncatedImageIsNamedOrLeftOut() throws IOException {
    TestData.folder(data, 3, "cat", "dog");
    Path bad = TestData.truncate(data.resolve("dog/1.jpg"), 400);
    refused(train(data), bad);
    Cli.Result result = train(data, "--skip-bad");
    assertEquals(ExitStatus.SUCCESS, result.status(), result.err());
    assertTrue(result.out().contains("Left out 1 file"), result.out());
    assertTrue(result.out().contains("dog/1.jpg"), result.out());
  }

  @Test
  void aTextAmongImages() throws IOException {
    TestData.folder(data, 2, "cat", "dog");
    Path text = Files.writeString(data.resolve("cat/notes.txt"), "no image");
    refused(train(data), text);
  }

  @Test
  void anImageOfOnePixelIsFine() {
    TestData.folder(data, 2, "cat", "dog");
    TestData.image(data.resolve("cat/dot.jpg"), 1, 1, 0x808080);
    assertEquals(ExitStatus.SUCCESS, train(data).status());
  }

  @Test
  void labelsOutOfRange() {
    refused(train(TestData.tensors(dir.resolve("d.safetensors"), 0, 10)), "label 10", "0 to 9");
    refused(train(TestData.tensors(dir.resolve("e.safetensors"), -1, 1)), "-1");
  }

  @Test
  void aSafetensorsFileCutShort() throws IOException {
    Path file = TestData.tensors(dir.resolve("d.safetensors"), 0, 1);
    refused(train(TestData.truncate(file, Files.size(file) - 9)), file);
  }

  @Test
  void aSafetensorsHeaderBeyondAllMeasure() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(Long.MIN_VALUE).put("{}".getBytes(StandardCharsets.UTF_8));
    Path file = Files.write(dir.resolve("d.safetensors"), bytes.array());
    refused(train(file), file);
  }

  @Test
  void weightsCutShort() throws IOException {
    Path weights = weights("w.safetensors", 10);
    TestData.truncate(weights, 5000);
    refused(train(Path.of("shapes:20"), "--init", weights), weights);
  }

  @Test
  void weightsOfAnotherNetwork() {
    Path weights = TestData.tensors(dir.resolve("w.safetensors"), 0, 1);
    refused(train(Path.of("shapes:20"), "--init", weights), weights, "fc2.weight");
  }

  private Path weights(String name, int classes) {
    Path file = dir.resolve(name);
    Cli.run("init", "--model", "alexnet-32", "--seed", 5, "--classes", classes, "--out", file);
    return file;
  }

  @Test
  void weightsForOtherClassesAreFineTuned() {
    Path weights = weights("w.safetensors", 4);
    Cli.Result result = train(Path.of("shapes:20"), "--init", weights, "--json");
    JsonNode answer = result.json();
    assertEquals(0, answer.get("steps").asInt());
    assertTrue(result.err().contains("fc2 starts anew"), result.err());
    try (SafetensorsFile from = SafetensorsFile.open(weights);
        SafetensorsFile to = SafetensorsFile.open(out.resolve("model.safetensors"))) {
      assertArrayEquals(from.floats("fc1.weight"), to.floats("fc1.weight"));
      assertEquals(10L, to.tensors().get("fc2.bias").shape().getFirst());
    }
  }

  @Test
  void aFolderThatHoldsARun() throws IOException {
    assertEquals(ExitStatus.SUCCESS, train(Path.of("shapes:20")).status());
    byte[] before = Files.readAllBytes(out.resolve("run.json"));
    String line = train(Path.of("shapes:20"), "--seed", 7).failure(ExitStatus.FAILED);
    assertTrue(line.contains("--resume"), line);
    assertArrayEquals(before, Files.readAllBytes(out.resolve("run.json")));
  }

  @Test
  void aRunThatIsNone() throws IOException {
    Files.createDirectories(dir.resolve("empty"));
    for (String command : new String[] {"eval", "predict"}) {
      refused(Cli.run(command, dir.resolve("empty"), "--data", "shapes:20"), "empty");
    }
    refused(Cli.run("train", "--resume", dir.resolve("empty")), "empty");
  }

  @Test
  void pixelsForWeightsAlone() {
    Path weights = weights("w.safetensors", 10);
    String line =
        Cli.run("eval", "--model", "alexnet-32", "--weights", weights, "--data", "shapes:20")
            .failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("--input"), line);
    Path floats = TestData.tensors(dir.resolve("d.safetensors"), 0, 1, 2);
    JsonNode answer =
        Cli.run("eval", "--model", "alexnet-32", "--weights", weights, "--data", floats, "--json")
            .json();
    assertEquals(3, answer.get("images").asInt());
  }

  @Test
  void anImageToPredictThatIsDamaged() throws IOException {
    assertEquals(ExitStatus.SUCCESS, train(Path.of("shapes:20")).status());
    Path bad = Files.writeString(dir.resolve("bad.jpg"), "no image");
    Cli.Result result = Cli.run("predict", out, bad);
    assertTrue(
        result.failure(ExitStatus.FAILED).contains("1 file could not be read"), result.err());
    assertTrue(result.err().contains(bad.toString()), result.err());
  }

  @Test
  void anAugmentationThatDoesNotSuitTheNetwork() {
    TestData.folder(data, 2, "cat", "dog");
    refused(
        train(data, "--model", "alexnet-2012", "--augment", "shapes"), "shapes", "alexnet-2012");
    Path floats = TestData.tensors(dir.resolve("d.safetensors"), 0, 1);
    refused(train(floats, "--augment", "shapes"), floats, "must be none");
    refused(train(floats, "--augment", "paper"), floats, "must be none");
    assertEquals(ExitStatus.SUCCESS, train(floats).status());
  }

  @Test
  void aFolderThatHoldsSomethingElse() throws IOException {
    Files.writeString(Files.createDirectories(out).resolve("notes.txt"), "mine");
    // LibrarySearchResult before the data is looked at.
    String line = train(data).failure(ExitStatus.FAILED);
    assertTrue(line.contains("notes.txt"), line);
    Path file = Files.writeString(dir.resolve("file"), "mine");
    line = Cli.run("train", "--data", data, "--out", file).failure(ExitStatus.FAILED);
    assertTrue(line.contains("is a file"), line);
  }

  @Test
  void weightsThatAreNoNumbers() throws IOException {
    Path weights = weights("w.safetensors", 10);
    byte[] bytes = Files.readAllBytes(weights);
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(bytes.length - 8, Float.NaN);
    Files.write(weights, bytes);
    Cli.Result result = train(Path.of("shapes:20"), "--init", weights);
    refused(result, weights, "NaN", "must be finite");
    assertFalse(result.err().contains("checkpoint"), result.err());
  }

  @Test
  void aFolderInThePlaceOfAFile() throws IOException {
    Path run = dir.resolve("trained");
    Cli.run("train", "--data", "shapes:20", "--epochs", 0, "--out", run).success();
    Path model = run.resolve("model.safetensors");
    Path empty = Files.createDirectories(dir.resolve("empty"));
    refused(
        train(Path.of("shapes:20"), "--init", empty), empty + " is not a run: it has no run.json");
    Object[] words = {
      "eval", "--model", "alexnet-32", "--data", "shapes:20", "--weights", model, "--input", run
    };
    refused(Cli.run(words), run + " is a folder; give " + run.resolve("input.safetensors"));
    words[6] = run;
    refused(Cli.run(words), run + " is a folder; give " + model);
    train(Path.of("shapes:20"), "--init", run).success(); // there a run may stand
  }

  @Test
  void namesThatAreNone() throws IOException {
    Path run = dir.resolve("trained");
    Path pixels = TestData.pixels(dir.resolve("pixels.safetensors"), 20, 2);
    Cli.run("train", "--data", pixels, "--epochs", 0, "--classes", 2, "--out", run).success();
    Path names = Files.writeString(dir.resolve("names.txt"), "");
    Object[] words = {"eval", run, "--data", pixels, "--names", names};
    refused(Cli.run(words), names + " holds no names");
    Files.writeString(names, "cat\n\n");
    refused(Cli.run(words), names + " has a class without a name");
    Files.writeString(names, "cat\ncat\n");
    refused(Cli.run(words), names + " has two classes called 'cat'");
    words[5] = dir.resolve("nowhere");
    refused(Cli.run(words), "nowhere cannot be read");
    words[5] = dir;
    refused(Cli.run(words), dir + " is a folder; give a text file");
  }

  @Test
  void aRunThatMayNotBeRead() throws IOException {
    Path run = dir.resolve("trained");
    Cli.run("train", "--data", "shapes:20", "--epochs", 0, "--out", run).success();
    Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("---------"));
    try {
      assumeFalse(Files.isReadable(run), "this user may read everything");
      refused(Cli.run("eval", run), run + " cannot be read: permission denied");
    } finally {
      Files.setPosixFilePermissions(run, PosixFilePermissions.fromString("rwx------"));
    }
  }

  @Test
  void aLockThatCannotBeMade() throws IOException {
    Path run = dir.resolve("trained");
    Cli.run("train", "--data", "shapes:20", "--epochs", 0, "--out", run).success();
    Files.deleteIfExists(run.resolve("lock"));
    Files.createDirectory(run.resolve("lock"));
    refused(
        Cli.run("train", "--resume", run, "--epochs", 1), "cannot be locked", "must be writable");
  }

  @Test
  void aDiskThatIsTooSmallForAPreparedFile() throws IOException {
    long free = Files.getFileStore(dir).getUsableSpace();
    long images = free / (3 * 4096 * 4096) + 100;
    assumeFalse(images > 60_000, "the disk is too large for a test to fill");
    for (String name : List.of("cat", "dog")) {
      Path folder = Files.createDirectories(data.resolve(name));
      for (long i = 0; i < images / 2 + 1; i++) {
        Files.createFile(folder.resolve(i + ".jpg"));
      }
    }
    Path file = dir.resolve("packed.axd");
    refused(Cli.run("prepare", data, "--out", file, "--size", 4096), "MB free; make room");
    assertFalse(Files.exists(dir.resolve("packed.axd.partial")), "nothing is left");
  }

  @Test
  void aFolderThatMayNotBeRead() throws IOException {
    TestData.folder(data, 2, "cat", "dog");
    Path locked = data.resolve("dog");
    Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("---------"));
    try {
      assumeFalse(Files.isReadable(locked), "this user may read everything");
      refused(train(data), locked, "permission denied");
    } finally {
      Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("rwx------"));
    }
  }

  @Test
  void anImageTooLargeToDecodeWhole() throws IOException {
    TestData.folder(data, 2, "cat", "dog");
    TestData.blackPng(data.resolve("dog/huge.png"), 9000, 9000);
    assertEquals(ExitStatus.SUCCESS, train(data).status());
  }

  @Test
  void runsWithoutANameGetOneEach() throws Exception {
    Object[] words = {"train", "--data", "shapes:10", "--epochs", 0, "--json"};
    List<String> runs = Collections.synchronizedList(new ArrayList<>());
    List<Thread> threads = new ArrayList<>();
    try {
      for (int i = 0; i < 4; i++) {
        threads.add(
            Thread.ofPlatform().start(() -> runs.add(Cli.run(words).json().get("run").asText())));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertEquals(4, Set.copyOf(runs).size(), runs.toString());
    } finally {
      for (String run : runs) {
        TestData.delete(Path.of(run));
      }
    }
  }

  @Test
  void anAnswerThatNobodyGets() throws IOException {
    try (OutputStream full = Files.newOutputStream(Path.of("/dev/full"))) {
      ByteArrayOutputStream err = new ByteArrayOutputStream();
      Terminal terminal =
          new Terminal(new PrintStream(full, true), new PrintStream(err, true), false, 80);
      assertEquals(
          ExitStatus.FAILED, Main.run(terminal, "summary", "--model", "alexnet-32", "--json"));
      assertTrue(err.toString(StandardCharsets.UTF_8).contains("cannot be written"));
    } catch (NoSuchFileException e) {
      abort("there is no /dev/full here");
    }
  }

  @Test
  void aBatchForWhichThereIsNoMemoryIsToldTheOneThatFits() {
    // More than an array of Java's holds, whatever the machine has.
    String line =
        Cli.run("bench", "--backend", "cpu", "--batch", 60_000).failure(ExitStatus.FAILED);
    assertTrue(line.contains("alexnet-32 at batch 60000 needs"), line);
    String batch = line.replaceAll(".*take --batch (\\d+),.*", "$1");
    assertTrue(line.contains("The largest batch that fits is " + batch + ";"), line);
    assertTrue(Integer.parseInt(batch) > 1000 && Integer.parseInt(batch) < 60_000, line);
  }

  // Prepared files.

  private Path prepared() {
    Path file = dir.resolve("packed.axd");
    TestData.folder(data, 6, "cat", "dog", "owl");
    Cli.run("prepare", data, "--out", file, "--size", 32, "--json").json();
    return file;
  }

  /** The model of the example cuts centres out. */
  @Test
  void picturesThatWerePreparedInAnotherWay() {
    TestData.folder(data, 6, "cat", "dog", "owl");
    Path file = dir.resolve("stretched.axd");
    Cli.Result packed =
        Cli.run("prepare", data, "--out", file, "--size", 32, "--resize", "stretch", "--json");
    assertEquals("stretch", packed.json().get("resize").asText());
    String sentence =
        "holds whole pictures, stretched to squares, and alexnet-32 takes their centres";
    Path run = dir.resolve("run");
    Cli.Result trained =
        Cli.run("train", "--data", file, "--val-fraction", "0.3", "--epochs", 1, "--out", run);
    assertTrue(trained.success().contains(sentence), trained.out());
    assertTrue(trained.out().contains("again in that way (--resize)."), trained.out());
    String judged = Cli.run("eval", run, "--data", file, "--all").success();
    assertTrue(judged.contains(sentence), judged);
    TestData.folder(data, 6, "cat", "dog", "owl");
    Cli.run("prepare", data, "--out", dir.resolve("cut.axd"), "--size", 32).success();
    String same = Cli.run("eval", run, "--data", dir.resolve("cut.axd"), "--all").success();
    assertFalse(same.contains("in that way"), same);
  }

  @Test
  void aPreparedFileTrainsAndADamagedOneDoesNot() throws IOException {
    Path file = prepared();
    Object[] train = {"train", "--data", file, "--val-fraction", "0.3", "--epochs", 1, "--json"};
    Object[] to = Arrays.copyOf(train, train.length + 2);
    to[train.length] = "--out";
    to[train.length + 1] = dir.resolve("good");
    assertEquals(1, Cli.run(to).json().get("epochs").asInt());
    JsonNode eval = Cli.run("eval", dir.resolve("good"), "--data", file, "--all", "--json").json();
    assertEquals(18, eval.get("images").asInt());
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 1));
    refused(train(file), file, "was cut short");
    bytes[bytes.length - 1] ^= 1;
    Files.write(file, bytes);
    refused(train(file), file, "is damaged");
  }

  @Test
  void aPreparedFileOfMoreClassesThanAreAskedFor() {
    String line = train(prepared(), "--classes", 2).failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("3 classes, more than the 2 asked for"), line);
    assertFalse(Files.exists(out), "nothing is written");
  }

  @Test
  void aPreparedFileBeingWritten() throws IOException {
    Path file = prepared();
    byte[] bytes = Files.readAllBytes(file);
    Path folder = dir.resolve("more");
    TestData.folder(folder, 2, "cat", "dog");
    Path partial = dir.resolve("next.axd.partial");
    try (var channel =
        FileChannel.open(partial, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.lock();
      Object[] words = {"prepare", folder, "--out", dir.resolve("next.axd")};
      refused(Cli.run(words), partial, "being written");
    }
    refused(Cli.run("prepare", folder, "--out", file), file, "exists already");
    assertArrayEquals(bytes, Files.readAllBytes(file));
  }

  @Test
  void filesThatCannotBePreparedAreListedAndCounted() throws IOException {
    TestData.folder(data, 3, "cat", "dog");
    Files.writeString(data.resolve("dog").resolve("1.jpg"), "not an image");
    Path file = dir.resolve("packed.axd");
    Cli.Result result = Cli.run("prepare", data, "--out", file, "--size", 32);
    assertTrue(
        result.failure(ExitStatus.FAILED).contains("1 file could not be read"), result.err());
    assertTrue(result.err().contains("left out: dog/1.jpg is not"), result.err());
    assertTrue(Files.exists(file));
    Path second = dir.resolve("second.axd");
    JsonNode answer =
        Cli.run("prepare", data, "--out", second, "--size", 32, "--skip-bad", "--json").json();
    assertEquals(1, answer.get("left_out").asInt());
    assertEquals(5, answer.get("train").asInt());
    assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(second));
  }

  @Test
  void tenViewsOfImagesWithoutRoom() {
    Path file = prepared();
    Path run = dir.resolve("trained");
    Cli.run("train", "--data", file, "--epochs", 0, "--out", run);
    String line =
        Cli.run("eval", run, "--data", file, "--crops", 10).failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("alexnet-32 scales every image to 32 x 32"), line);
  }
}
