package org.alexnet.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import org.alexnet.AlexNetException;
import org.alexnet.UsageException;
import org.alexnet.backend.MailPeers;
import org.alexnet.backend.Peers;
import org.alexnet.safetensors.SafetensorsFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole runs of a small model by several workers, on the reference. */
class WorkersTrainingTest {
  @TempDir Path dir;

  /** Batches of 10, 10 and 2 images, the last of which is too small for all shards. */
  private Training shapes(String out, Peers peers) {
    return Training.of(TrainingRig.MODEL)
        .backend("reference")
        .data("shapes:22")
        .batch(10)
        .epochs(2)
        .seed(7)
        .parallel("data")
        .logEvery(1)
        .peers(peers)
        .out(dir.resolve(out));
  }

  private Training alone(String out, int shards) {
    return shapes(out, Peers.NONE).devices(Collections.nCopies(shards, "reference:0"));
  }

  private void assertSameRun(String expected, String got) throws IOException {
    Path one = dir.resolve(expected);
    Path other = dir.resolve(got);
    for (String file : List.of("model.safetensors", "optimizer.safetensors", "input.safetensors")) {
      assertEquals(-1, Files.mismatch(one.resolve(file), other.resolve(file)), file);
    }
    assertEquals(TrainingRig.metrics(one), TrainingRig.metrics(other));
    assertEquals(steps(one), steps(other));
  }

  /** The lines of steps.jsonl without what depends on the time. */
  private static List<String> steps(Path run) throws IOException {
    return Files.readAllLines(run.resolve("steps.jsonl")).stream()
        .map(
            line ->
                line.replaceAll("\"(images_per_second|data_wait|time)\":(\"[^\"]*\"|[^,}]*)", ""))
        .toList();
  }

  @Test
  void workersTrainAsOneProcessWithAsManyShards() throws IOException {
    alone("one", 4).run();
    for (int workers : new int[] {2, 4}) {
      String out = "workers" + workers;
      List<TrainingResult> all =
          MailPeers.together(
              workers,
              peers ->
                  shapes(out, peers)
                      .devices(Collections.nCopies(4 / workers, "reference:0"))
                      .run());
      assertSameRun("one", out);
      all.forEach(
          result -> {
            assertEquals(2, result.epochs());
            assertEquals(all.getFirst().last().trainLoss(), result.last().trainLoss());
          });
    }
  }

  /** The first worker is asked to stop, and the run goes on in one process, and in two again. */
  @Test
  void aRunIsResumedByOtherNumbersOfWorkers() throws IOException {
    alone("whole", 2).run();
    MailPeers.together(
        2,
        peers -> {
          Training training = shapes("parts", peers);
          if (peers.worker().first()) {
            new TrainingRig.Ear().stopping(training, 1);
          }
          TrainingResult result = training.run();
          assertTrue(result.stopped());
          return result;
        });
    ResumedTraining middle = Training.resume(dir.resolve("parts")).backend("reference");
    new TrainingRig.Ear().stopping(middle, 1);
    assertTrue(middle.run().stopped());
    MailPeers.together(
        2, peers -> Training.resume(dir.resolve("parts")).backend("reference").peers(peers).run());
    assertSameRun("whole", "parts");
  }

  private List<TrainingResult> averaged(String out, String sync, int workers) {
    return MailPeers.together(workers, peers -> shapes(out, peers).sync(sync).run());
  }

  /** An update is linear in the gradient; also where one worker has no image of the last batch. */
  @Test
  void anAverageAfterEachStepIsWhatOneProcessLearnsUpToRounding() {
    for (int workers : new int[] {2, 3}) {
      String one = "one" + workers;
      String own = "average" + workers;
      alone(one, workers).run();
      averaged(own, "average:1", workers);
      for (String file : List.of("model.safetensors", "optimizer.safetensors")) {
        try (SafetensorsFile expected = SafetensorsFile.open(dir.resolve(one).resolve(file))) {
          for (String name : expected.tensors().keySet()) {
            float[] got = TrainingRig.tensor(dir.resolve(own).resolve(file), name);
            assertArrayEquals(expected.floats(name), got, 2e-6f, file + " " + name);
          }
        }
      }
    }
  }

  /** Batches 1 and 2 are averaged together, the third by itself. */
  @Test
  void workersThatAverageSayTheSameAndAreResumedWithTheSameBits() throws IOException {
    List<TrainingResult> all = averaged("whole", "average:2", 2);
    assertEquals(all.getFirst().last().trainLoss(), all.getLast().last().trainLoss());
    assertEquals(all.getFirst().last().validation(), all.getLast().last().validation());
    assertEquals(5, all.getFirst().last().validation().images());
    averaged("again", "average:2", 2);
    assertSameRun("whole", "again");
    MailPeers.together(
        2,
        peers -> {
          Training training = shapes("parts", peers).sync("average:2");
          if (peers.worker().first()) {
            new TrainingRig.Ear().stopping(training, 1); // in the middle of two
          }
          return training.run();
        });
    assertEquals(1, steps(dir.resolve("parts")).size(), "lines of the first two steps");
    MailPeers.together(
        2, peers -> Training.resume(dir.resolve("parts")).backend("reference").peers(peers).run());
    assertSameRun("whole", "parts");
  }

  @Test
  void averagesAreForTheWorkersThatTheRunHas() {
    averaged("run", "average:2", 2);
    assertEquals(
        "sync(average:2) is for several workers of one device each, as many as the run has shards"
            + " (2 shards); here are 1 worker (workers).",
        assertThrows(
                AlexNetException.class,
                () -> Training.resume(dir.resolve("run")).epochs(3).backend("reference").run())
            .getMessage());
    assertThrows(UsageException.class, () -> shapes("alone", Peers.NONE).sync("average:2").run());
    for (String wrong : List.of("", "average", "average:0", "average:-1", "average:x", "steps")) {
      assertThrows(UsageException.class, () -> shapes("wrong", Peers.NONE).sync(wrong), wrong);
    }
    assertEquals(false, Files.exists(dir.resolve("alone")));
  }

  /** What each of two workers says of a training that is refused. */
  private List<String> refused(Function<Peers, ResumedTraining> training) {
    return MailPeers.together(
        2,
        peers ->
            assertThrows(AlexNetException.class, () -> training.apply(peers).run()).getMessage());
  }

  @Test
  void workersThatWouldNotComputeTheSameAreRefused() {
    String images =
        refused(
                peers ->
                    shapes("data", peers).data(peers.worker().first() ? "shapes:22" : "shapes:23"))
            .getFirst();
    assertTrue(
        images.matches(
            "Worker 2 has another set of images than worker 1 \\(.*\"images\":23,.*; all workers"
                + " must have the same\\."),
        images);
    String seed =
        refused(peers -> shapes("seed", peers).rate(peers.worker().first() ? 0.1f : 0.2f))
            .getLast();
    assertTrue(
        seed.startsWith("Worker 2 has another setting than worker 1 (")
            && seed.contains("\"lr\":0.2")
            && seed.contains("worker 1: ")
            && seed.contains("\"lr\":0.1"),
        seed);
    assertEquals(false, Files.exists(dir.resolve("data")));
  }

  @Test
  void whatCannotBeSharedIsRefusedBeforeAnythingIsWritten() {
    assertEquals(
        "parallel is hybrid, must be data, with several workers.",
        refused(peers -> shapes("run", peers).parallel("hybrid")).getFirst());
    Path one = TrainingRig.floats(dir.resolve("one.safetensors"), 1, 3, 1);
    String few = refused(peers -> shapes("run", peers).data(one.toString())).getFirst();
    assertTrue(
        few.endsWith(
            " holds 1 image, fewer than the 2 workers; each reads one at least: take fewer"
                + " (workers)."),
        few);
    assertEquals(false, Files.exists(dir.resolve("run")));
    alone("three", 3).epochs(0).run();
    assertEquals(
        "3 shards cannot be spread over 2 workers; take one, or 3 (workers).",
        refused(peers -> Training.resume(dir.resolve("three")).epochs(1).peers(peers)).getFirst());
  }
}
