package org.alexnet.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.alexnet.UsageException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole runs of a small model whose batch is cut, on the reference. */
class ShardedTrainingTest {
  @TempDir Path dir;

  /** Batches of 10, 10 and 2 images: shards of 3, 3, 2 and 2, of which the last have none. */
  private Training shapes(String out, String way, List<String> devices) {
    return Training.of(TrainingRig.MODEL)
        .backend("reference")
        .data("shapes:22")
        .batch(10)
        .epochs(2)
        .seed(7)
        .parallel(way)
        .devices(devices)
        .out(dir.resolve(out));
  }

  private static List<String> devices(int... numbers) {
    return IntStream.of(numbers).mapToObj(number -> "reference:" + number).toList();
  }

  private void assertSameRun(String expected, String got) throws IOException {
    Path one = dir.resolve(expected);
    Path other = dir.resolve(got);
    for (String file : List.of("model.safetensors", "optimizer.safetensors")) {
      assertEquals(-1, Files.mismatch(one.resolve(file), other.resolve(file)), file);
    }
    assertEquals(TrainingRig.metrics(one), TrainingRig.metrics(other));
  }

  @ParameterizedTest
  @ValueSource(strings = {"data", "hybrid"})
  void theDevicesOfTheShardsDoNotMatter(String way) throws IOException {
    shapes("one", way, devices(0, 0, 0, 0)).run();
    shapes("two", way, devices(0, 0, 1, 1)).run();
    assertSameRun("one", "two");
    shapes("turns", way, devices(1, 0, 1, 0)).run();
    assertSameRun("one", "turns");
    shapes("four", way, devices(3, 0, 1, 2)).run();
    assertSameRun("one", "four");
    shapes("fewer", way, devices(0, 1)).run();
    Path model = Path.of("model.safetensors");
    assertNotEquals(
        -1,
        Files.mismatch(dir.resolve("one").resolve(model), dir.resolve("fewer").resolve(model)),
        "sums of two shards are others");
  }

  /** The run keeps the number of its shards. */
  @ParameterizedTest
  @ValueSource(strings = {"data", "hybrid"})
  void aRunIsResumedOnOtherDevices(String way) throws IOException {
    shapes("whole", way, devices(0, 1, 2, 3)).run();
    Training first = shapes("parts", way, devices(0, 1, 2, 3));
    new TrainingRig.Ear().stopping(first, 1);
    assertTrue(first.run().stopped());
    ResumedTraining second = Training.resume(dir.resolve("parts")).backend("reference");
    new TrainingRig.Ear().stopping(second.devices(devices(1, 0)), 2);
    assertTrue(second.run().stopped());
    ResumedTraining third = Training.resume(dir.resolve("parts")).backend("reference");
    new TrainingRig.Ear().stopping(third.devices(devices(5)), 1);
    assertTrue(third.run().stopped());
    Training.resume(dir.resolve("parts")).backend("reference").run();
    assertSameRun("whole", "parts");
  }

  @Test
  void devicesThatTheShardsCannotBeSpreadOverAreRefused() throws IOException {
    Training first = shapes("run", "data", devices(0, 1, 2, 3));
    new TrainingRig.Ear().stopping(first, 1);
    first.run();
    String before = Files.readString(dir.resolve("run/run.json"));
    ResumedTraining three =
        Training.resume(dir.resolve("run")).backend("reference").devices(devices(0, 1, 2));
    assertEquals(
        "4 shards cannot be spread over the 3 devices reference:0,reference:1,reference:2; name one"
            + " device, or 2 or 4 (devices).",
        assertThrows(UsageException.class, three::run).getMessage());
    assertEquals(before, Files.readString(dir.resolve("run/run.json")));
  }

  @Test
  void moreShardsThanImagesAreRefusedBeforeAnythingIsRead() {
    Training eight =
        shapes("run", "data", devices(0, 1, 2, 3, 4, 5, 6, 7)).batch(5).data("nowhere");
    assertEquals(
        "A batch of 5 cannot be cut into 8 shards: each has one image at least; use a larger batch"
            + " (batch) or fewer devices (devices).",
        assertThrows(UsageException.class, eight::run).getMessage());
  }

  /** alexnet-32 has no columns, and its filters are few beside its batch. */
  @Test
  void withoutBeingAskedAStepIsCutSoThatItSendsTheLeast() throws IOException {
    TrainingRig.Ear ear = new TrainingRig.Ear();
    Training training =
        Training.of(TrainingRig.MODEL)
            .backend("reference")
            .data("shapes:20")
            .batch(10)
            .epochs(1)
            .devices(devices(0, 1))
            .listener(ear)
            .out(dir.resolve("run"));
    training.run();
    String kept = Files.readString(dir.resolve("run/run.json")).replace(" ", "");
    assertTrue(kept.contains("\"parallel\":\"data\",\n\"shards\":2"), kept);
    String sends = "2 shards of the batch on reference:0, reference:1; a training step sends";
    assertTrue(ear.messages.stream().anyMatch(line -> line.startsWith(sends)), ear.messages + "");
  }
}
