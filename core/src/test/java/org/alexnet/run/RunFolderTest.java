package org.alexnet.run;

import static org.alexnet.run.Runs.append;
import static org.alexnet.run.Runs.checkpoint;
import static org.alexnet.run.Runs.entries;
import static org.alexnet.run.Runs.epoch;
import static org.alexnet.run.Runs.read;
import static org.alexnet.run.Runs.tensors;
import static org.alexnet.run.Runs.whole;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertThrowsExactly;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.alexnet.AlexNetException;
import org.alexnet.file.JsonFiles;
import org.alexnet.safetensors.SafetensorsFile;
import org.alexnet.tensor.DeferredTensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {
  @TempDir Path folder;
  private Path dir;

  @BeforeEach
  void name() {
    dir = folder.resolve("runs/one");
  }

  private static void refused(String message, Executable action) {
    String said = assertThrows(AlexNetException.class, action).getMessage();
    assertTrue(said.contains(message), said);
  }

  private void makeRun(int checkpoints) {
    try (RunFolder run = RunFolder.create(dir, JsonFiles.object().put("model", "alexnet-32"))) {
      for (int i = 1; i <= checkpoints; i++) {
        append(run, i);
        run.commit(checkpoint(i, false));
      }
    }
  }

  @Test
  void aRunIsReadAsItWasWritten() {
    try (RunFolder run = RunFolder.create(dir, JsonFiles.object().put("model", "alexnet-32"))) {
      assertEquals(0, run.checkpoint());
      refused("has no checkpoint yet", run::state);
      assertEquals(List.of(), run.metrics());
      run.writeInput(tensors(9), Map.of("scale", "255"));
      append(run, 1);
      run.commit(checkpoint(1, false));
      assertEquals(1, whole(run));
      assertTrue(run.openBest().isEmpty());
    }
    try (RunFolder run = RunFolder.openForReading(dir);
        SafetensorsFile input = run.openInput().orElseThrow()) {
      assertEquals(1, whole(run));
      assertEquals(dir, run.dir());
      assertEquals("alexnet-32", run.runJson().get("model").textValue());
      assertEquals("255", input.metadata().get("scale"));
      assertEquals(9f, input.floats("conv1.bias")[0]);
      assertEquals(epoch(1), run.metrics().getFirst());
      assertThrows(IllegalStateException.class, () -> run.commit(checkpoint(2, false)));
      assertThrows(IllegalStateException.class, () -> run.appendMetrics(epoch(2)));
    }
  }

  @Test
  void aRunThatIsRemovedWhileItTrainsSavesNothingMore() throws IOException {
    String settings = "{\"environment\":{\"started\":\"%s\"}}";
    String begun = settings.formatted("2026-01-01T00:00:00Z");
    try (RunFolder run = RunFolder.create(dir, JsonFiles.parse("settings", begun))) {
      append(run, 1);
      run.commit(checkpoint(1, false));
      Files.delete(dir.resolve("lock")); // alone it means nothing
      append(run, 2);
      run.commit(checkpoint(2, false));
      Files.writeString(dir.resolve("lock"), ""); // nor does another of the same run
      append(run, 3);
      run.commit(checkpoint(3, false));
      Files.writeString(dir.resolve("run.json"), settings.formatted("2026-01-02T00:00:00Z"));
      List<String> before = entries(dir);
      refused("holds a run of another process by now", () -> run.commit(checkpoint(4, false)));
      assertEquals(before, entries(dir));
      assertEquals(3, read(dir));
      Files.delete(dir.resolve("run.json"));
      refused("is no run any more (run.json is gone)", () -> run.commit(checkpoint(4, false)));
      assertEquals("3", JsonFiles.read(dir.resolve("state.json")).get("generation").asText());
    }
  }

  @Test
  void aRunThatIsMovedWhileItTrains() throws IOException {
    try (RunFolder run = RunFolder.create(dir, JsonFiles.object())) {
      append(run, 1);
      run.commit(checkpoint(1, false));
      Path elsewhere = folder.resolve("elsewhere");
      Files.move(dir, elsewhere);
      refused("it was removed or moved while it trained", () -> run.appendMetrics(epoch(2)));
      refused("it was removed or moved", () -> run.appendStep(JsonFiles.object().put("step", 2)));
      assertEquals(1, read(elsewhere));
      assertFalse(Files.exists(dir));
    }
  }

  @Test
  void equalRunsAreEqualFiles() throws IOException {
    makeRun(2);
    Path first = dir;
    dir = folder.resolve("runs/two");
    makeRun(2);
    for (String name : entries(first)) {
      assertArrayEquals(
          Files.readAllBytes(first.resolve(name)), Files.readAllBytes(dir.resolve(name)), name);
    }
  }

  @Test
  void aReaderKeepsTheGenerationItFound() {
    makeRun(1);
    try (RunFolder reader = RunFolder.openForReading(dir);
        RunFolder run = RunFolder.openForTraining(dir)) {
      append(run, 2);
      run.commit(checkpoint(2, true));
      assertEquals(1, whole(reader));
      assertEquals(2, whole(run));
      assertEquals(2, read(dir));
    }
  }

  @Test
  void linesOfStepsAreCutBackToTheCheckpointAndMayBeRemoved() throws IOException {
    makeRun(2);
    Path steps = dir.resolve("steps.jsonl");
    String atCheckpoint = Files.readString(steps);
    Files.writeString(steps, "{\"step\":30}\n{\"ste", StandardOpenOption.APPEND);
    try (RunFolder reader = RunFolder.openForReading(dir)) {
      assertEquals(2, reader.steps().size());
    }
    try (RunFolder run = RunFolder.openForTraining(dir)) {
      assertEquals(atCheckpoint, Files.readString(steps));
      assertEquals(20, run.steps().getLast().get("step").asInt());
    }
    Files.delete(steps);
    try (RunFolder reader = RunFolder.openForReading(dir)) {
      assertEquals(List.of(), reader.steps());
    }
    try (RunFolder run = RunFolder.openForTraining(dir)) {
      append(run, 3);
      run.commit(checkpoint(3, false));
      assertEquals(30, run.steps().getFirst().get("step").asInt());
    }
  }

  /** Of a version that wrote no steps, a run has none at its checkpoint. */
  @Test
  void aRunOfAnEarlierVersionHasNoSteps() throws IOException {
    makeRun(1);
    Path state = dir.resolve("state.json");
    Files.writeString(
        state, Files.readString(state).replaceFirst("\\s*\"steps_bytes\": \\d+,", ""));
    Files.delete(dir.resolve("steps.jsonl"));
    try (RunFolder run = RunFolder.openForTraining(dir)) {
      assertEquals(List.of(), run.steps());
    }
  }

  @Test
  void metricsAreCutBackToTheCheckpoint() throws IOException {
    makeRun(2);
    Path metrics = dir.resolve("metrics.jsonl");
    String atCheckpoint = Files.readString(metrics);
    Files.writeString(metrics, epoch(3) + "\n{\"epoch\":", StandardOpenOption.APPEND);
    assertEquals(2, read(dir));
    try (RunFolder run = RunFolder.openForTraining(dir)) {
      assertEquals(2, whole(run));
      assertEquals(atCheckpoint, Files.readString(metrics));
    }
    Files.writeString(metrics, atCheckpoint.substring(1));
    refused("requires " + atCheckpoint.length(), () -> RunFolder.openForTraining(dir).close());
    refused("requires " + atCheckpoint.length(), () -> read(dir));
  }

  @Test
  void whatIsNotFiniteIsNotKept() throws IOException {
    makeRun(1);
    try (RunFolder run = RunFolder.openForTraining(dir)) {
      Checkpoint weights = checkpoint(2, false);
      weights.weights().get("conv1.bias").make().values()[3] = Float.NaN;
      refused("weight tensor 'conv1.bias' has NaN at element 3", () -> run.commit(weights));
      Checkpoint momentum = checkpoint(2, false);
      momentum.momentum().get("conv1.weight").make().values()[0] = Float.NEGATIVE_INFINITY;
      refused("momentum tensor 'conv1.weight' has -Infinity", () -> run.commit(momentum));
      assertEquals(1, whole(run));
      assertFalse(Files.exists(dir.resolve(CheckpointStore.TEMPORARY)));
    }
  }

  @Test
  void aTensorThatCannotBeHadIsNoFaultOfTheDisk() throws IOException {
    makeRun(1);
    AlexNetException lost = new AlexNetException("The device is lost.");
    try (RunFolder run = RunFolder.openForTraining(dir)) {
      Checkpoint checkpoint = checkpoint(2, true);
      checkpoint
          .momentum()
          .put(
              "conv1.bias",
              new DeferredTensor(
                  List.of(5L),
                  () -> {
                    throw lost;
                  }));
      assertSame(lost, assertThrowsExactly(AlexNetException.class, () -> run.commit(checkpoint)));
      assertEquals(1, whole(run));
      assertFalse(Files.exists(dir.resolve(CheckpointStore.TEMPORARY)));
      append(run, 2);
      run.commit(checkpoint(2, true));
      assertEquals(2, whole(run));
    }
  }

  @Test
  void createRefusesWhatHoldsSomething() throws IOException {
    Files.createDirectories(dir);
    makeRun(1); // an empty folder will do
    refused(
        "Training.resume(" + dir + ")", () -> RunFolder.create(dir, JsonFiles.object()).close());
    Path other = Files.createDirectories(folder.resolve("other"));
    Files.writeString(other.resolve("notes.txt"), "mine");
    refused("it holds notes.txt", () -> RunFolder.create(other, JsonFiles.object()).close());
    assertEquals(List.of("notes.txt"), entries(other));
    Path below = other.resolve("notes.txt/run");
    refused("cannot be created", () -> RunFolder.create(below, JsonFiles.object()).close());
    Path file = other.resolve("notes.txt");
    refused("not a folder", () -> RunFolder.create(file, JsonFiles.object()).close());
  }

  @Test
  void aDiskThatRefusesTheFirstStepsIsSaid() {
    for (int step = 0; step < 5; step++) {
      Path at = folder.resolve("refused-" + step);
      var ops = new FaultyOps(FaultyOps.Fault.REFUSED, step, () -> {});
      refused(
          "No space left on device", () -> RunFolder.create(at, JsonFiles.object(), ops).close());
    }
    var ops = new FaultyOps(FaultyOps.Fault.REFUSED, 5, () -> {});
    try (RunFolder run = RunFolder.create(dir, JsonFiles.object(), ops)) {
      refused("The run has no earlier one", () -> run.commit(checkpoint(1, false)));
      append(run, 1);
      run.commit(checkpoint(1, false));
    }
    assertEquals(1, read(dir));
  }

  @Test
  void whatIsNotARunIsSaid() throws IOException {
    for (Executable open :
        List.<Executable>of(
            () -> RunFolder.openForReading(dir), () -> RunFolder.openForTraining(dir))) {
      refused("is not a run: there is no such folder", open);
    }
    Files.createDirectories(dir);
    refused("is not a run: it has no run.json", () -> RunFolder.openForTraining(dir));
    assertEquals(List.of(), entries(dir));
    makeRun(0);
    refused("state.json is missing", () -> RunFolder.openForTraining(dir));
    refused("state.json is missing", () -> RunFolder.openForReading(dir));
  }

  @Test
  void aFileOfAnotherCheckpointIsRefused() throws IOException {
    makeRun(1);
    Path model = dir.resolve("model.safetensors");
    byte[] first = Files.readAllBytes(model);
    try (RunFolder run = RunFolder.openForTraining(dir)) {
      append(run, 2);
      run.commit(checkpoint(2, false));
      Files.write(model, first);
      refused("not the file that checkpoint 2 wrote", run::openWeights);
      run.openMomentum().close();
    }
    Files.write(model, new byte[] {1});
    refused("has 1 bytes", () -> RunFolder.openForTraining(dir));
    Files.delete(model);
    refused("no such file", () -> RunFolder.openForReading(dir));
  }

  @Test
  void aDamagedStateIsRefused() throws IOException {
    makeRun(1);
    Path state = dir.resolve("state.json");
    String text = Files.readString(state);
    for (String field : List.of("generation", "metrics_bytes", "files", "state", "crc32c")) {
      Files.writeString(state, text.replace("\"" + field + "\"", "\"other\""));
      refused("'" + field + "' is missing", () -> RunFolder.openForReading(dir));
    }
    Files.writeString(state, text.substring(0, 40));
    refused(
        "state.json is damaged, for it is not valid JSON: it ends too early, at line",
        () -> RunFolder.openForTraining(dir));
    Files.writeString(state, text);
    assertEquals(1, read(dir));
  }

  /** Whatever a process leaves that was stopped before its first checkpoint. */
  @Test
  void aRunWithoutCheckpointIsBegunAnew() throws IOException {
    try (RunFolder run = RunFolder.create(dir, JsonFiles.object().put("model", "old"))) {
      run.writeInput(tensors(1), Map.of());
      append(run, 1);
      refused("in use", () -> RunFolder.create(dir, JsonFiles.object()).close());
    }
    Files.createDirectory(dir.resolve("checkpoint.tmp"));
    Files.writeString(dir.resolve("checkpoint.tmp/model.safetensors"), "half");
    refused("begin it again (out(", () -> RunFolder.openForTraining(dir).close());
    refused("begin it again (out(", () -> RunFolder.openForReading(dir).close());
    RunFolder.requireUnused(dir);
    try (RunFolder run = RunFolder.create(dir, JsonFiles.object().put("model", "new"))) {
      assertTrue(run.openInput().isEmpty());
      assertEquals(List.of(), run.metrics());
      append(run, 1);
      run.commit(checkpoint(1, false));
    }
    assertEquals(1, read(dir));
    refused("holds a run already", () -> RunFolder.requireUnused(dir));
    assertFalse(Files.exists(dir.resolve("checkpoint.tmp")));
  }

  /** Each file in turn: one byte is another, or the file is gone. */
  @Test
  void everyFileOfARunIsChecked() throws IOException {
    try (RunFolder run = RunFolder.create(dir, JsonFiles.object())) {
      run.writeInput(tensors(1), Map.of());
      append(run, 1);
      run.commit(checkpoint(1, true));
      append(run, 2);
      run.commit(checkpoint(2, false));
    }
    for (String name : List.of("model", "optimizer", "best", "input")) {
      Path file = dir.resolve(name + ".safetensors");
      byte[] good = Files.readAllBytes(file);
      byte[] bad = good.clone();
      bad[bad.length - 2] ^= 1;
      Files.write(file, bad);
      refused("restore the whole folder", () -> readAll(RunFolder.openForTraining(dir)));
      Files.delete(file);
      refused("restore", () -> readAll(RunFolder.openForTraining(dir)));
      Files.write(file, good);
    }
    readAll(RunFolder.openForTraining(dir));
  }

  private static void readAll(RunFolder folder) {
    try (folder;
        SafetensorsFile weights = folder.openWeights();
        SafetensorsFile momentum = folder.openMomentum();
        SafetensorsFile input = folder.requireInput()) {
      assertEquals(weights.tensors().keySet(), momentum.tensors().keySet());
      assertEquals(2, input.tensors().size());
    }
  }

  @Test
  void aReaderNeedsOnlyWhatItReads() throws IOException {
    makeRun(1);
    Files.delete(dir.resolve("optimizer.safetensors"));
    try (RunFolder run = RunFolder.openForReading(dir);
        SafetensorsFile weights = run.openWeights()) {
      assertEquals(1, weights.floats("conv1.bias")[0]);
      refused("no such file or folder; restore", run::openMomentum);
    }
  }

  @Test
  void settingsCanBeReplaced() {
    makeRun(1);
    try (RunFolder run = RunFolder.openForTraining(dir)) {
      run.replaceSettings(JsonFiles.object().put("data", "elsewhere"));
      assertEquals("elsewhere", run.runJson().get("data").textValue());
    }
    try (RunFolder run = RunFolder.openForReading(dir)) {
      assertEquals("elsewhere", run.runJson().get("data").textValue());
    }
  }
}
