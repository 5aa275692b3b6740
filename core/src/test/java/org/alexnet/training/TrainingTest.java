package org.alexnet.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.UsageException;
import org.alexnet.inference.Classifier;
import org.alexnet.model.Schedule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole runs of a small model on the reference. */
class TrainingTest {
  @TempDir Path dir;

  private Training shapes(String out) {
    return Training.of(TrainingRig.MODEL)
        .backend("reference")
        .data("shapes:40")
        .batch(16)
        .epochs(3)
        .seed(7)
        .schedule(new Schedule.Plateau(1))
        .out(dir.resolve(out));
  }

  private void assertSameRun(String expected, String got) throws IOException {
    Path one = dir.resolve(expected);
    Path other = dir.resolve(got);
    for (String file : List.of("model.safetensors", "optimizer.safetensors")) {
      assertEquals(-1, Files.mismatch(one.resolve(file), other.resolve(file)), file);
    }
    assertEquals(TrainingRig.metrics(one), TrainingRig.metrics(other));
  }

  @Test
  void stoppedAndResumedRunsEndInTheSameBits() throws IOException {
    TrainingResult whole = shapes("whole").run();
    assertEquals(9, whole.steps());
    assertFalse(whole.stopped());

    Training first = shapes("parts");
    new TrainingRig.Ear().stopping(first, 4);
    TrainingResult stopped = first.run();
    assertTrue(stopped.stopped());
    assertEquals(4, stopped.steps());
    assertEquals(1, stopped.epochs());

    ResumedTraining second = Training.resume(dir.resolve("parts")).backend("reference");
    new TrainingRig.Ear().stopping(second, 2); // at the end of an epoch
    stopped = second.run();
    assertTrue(stopped.stopped());
    assertEquals(6, stopped.steps());

    ResumedTraining third = Training.resume(dir.resolve("parts")).backend("reference");
    TrainingResult resumed = third.run();
    assertEquals(9, resumed.steps());
    assertEquals(whole.last().trainLoss(), resumed.last().trainLoss());
    assertSameRun("whole", "parts");
  }

  /** What a run says when something happens to its folder after the second of nine steps. */
  private String failure(String out, Runnable happens) {
    Training training = shapes(out).logEvery(1);
    training.listener(
        new TrainingListener() {
          @Override
          public void logged(StepMetrics metrics) {
            if (metrics.step() == 2) {
              happens.run();
            }
          }
        });
    return assertThrows(AlexNetException.class, training::run).getMessage();
  }

  private static void move(Path from, Path to) {
    try {
      Files.move(from, to);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aFolderThatGoesWhileItIsTrainedIn() throws IOException {
    Path run = dir.resolve("moved");
    String said = failure("moved", () -> move(run, dir.resolve("elsewhere")));
    assertTrue(said.contains("it was removed or moved while it trained, and nothing more"), said);
    assertFalse(said.contains("The last checkpoint is in"), said);
    Training.resume(dir.resolve("elsewhere")).backend("reference").run();
    shapes("whole").run();
    assertSameRun("whole", "elsewhere");
  }

  @Test
  void linesThatCannotBeWritten() {
    Path run = dir.resolve("lines");
    String said =
        failure(
            "lines",
            () -> {
              move(run.resolve("steps.jsonl"), dir.resolve("steps.jsonl"));
              assertTrue(run.resolve("steps.jsonl").toFile().mkdir());
            });
    assertTrue(said.startsWith(run.resolve("steps.jsonl") + " cannot be written: "), said);
    assertTrue(said.contains(". The last checkpoint is in %s; resume it".formatted(run)), said);
  }

  @Test
  void moreEpochsLaterAreAsGoodAsAtOnce() throws IOException {
    shapes("whole").run();
    shapes("parts").epochs(1).run();
    Training.resume(dir.resolve("parts")).backend("reference").epochs(3).run();
    assertSameRun("whole", "parts");
  }

  /**
   * v has the rate inside: v = .9 v - rate g over a fall of the rate, with the gradient of the last
   * bias, mean(p - onehot), from the probabilities that the weights before the step give.
   */
  @Test
  void momentumOutlivesAFallOfTheRateAsInThePaper() throws IOException {
    int[] labels = {3, 1, 4, 1};
    Path data = TrainingRig.floats(dir.resolve("data.safetensors"), 4, 1, labels);
    Path run = dir.resolve("run");
    List<float[]> biases = new ArrayList<>();
    List<float[]> momenta = new ArrayList<>();
    List<float[]> gradients = new ArrayList<>();
    for (int epochs = 0; epochs <= 4; epochs++) {
      ResumedTraining training =
          epochs == 0
              ? TrainingRig.plain("reference", data, run)
                  .schedule(new Schedule.Step(List.of(2)))
                  .batch(4)
              : Training.resume(run).backend("reference");
      training.epochs(epochs).run();
      Path weights = run.resolve("model.safetensors");
      biases.add(TrainingRig.tensor(weights, "fc2.bias"));
      momenta.add(TrainingRig.tensor(run.resolve("optimizer.safetensors"), "fc2.bias"));
      gradients.add(biasGradient(weights, data, labels));
    }
    double[] v = new double[10];
    for (int step = 0; step < 4; step++) {
      double rate = step < 2 ? 0.02 : 0.002;
      for (int c = 0; c < v.length; c++) {
        v[c] = 0.9 * v[c] - rate * gradients.get(step)[c];
        assertEquals(v[c], momenta.get(step + 1)[c], 1e-8, "step " + step + " class " + c);
        assertEquals(
            biases.get(step)[c] + momenta.get(step + 1)[c], biases.get(step + 1)[c], "bias " + c);
      }
    }
  }

  private static float[] biasGradient(Path weights, Path data, int[] labels) {
    try (Classifier classifier =
        Classifier.open(
            TrainingRig.MODEL, weights, null, List.of(), Classifier.Options.defaults())) {
      float[] gradient = new float[classifier.classes()];
      classifier.score(
          data.toString(),
          image -> {
            for (int c = 0; c < gradient.length; c++) {
              float p = image.probabilities()[c];
              gradient[c] += (p - (c == labels[image.index()] ? 1 : 0)) / labels.length;
            }
          });
      return gradient;
    }
  }

  @Test
  void aLossThatIsNotFiniteEndsTheRunAndNamesTheLayer() throws IOException {
    Training training = shapes("nan").rate(1e30f).checkpointEvery(0);
    Path initial = TrainingRig.initial(dir.resolve("initial.safetensors"), 10, 7);
    String message = assertThrows(AlexNetException.class, training::run).getMessage();
    assertTrue(message.matches("(?s).*step \\d.*layer \\w+.*"), message);
    assertTrue(message.contains(dir.resolve("nan").toString()), message);
    for (String name : List.of("conv1.weight", "fc2.bias")) {
      for (float value : TrainingRig.tensor(dir.resolve("nan/model.safetensors"), name)) {
        assertTrue(Float.isFinite(value), name);
      }
    }
    Training once = shapes("once").rate(1e30f);
    assertThrows(AlexNetException.class, once::run);
    assertArrayEquals(
        TrainingRig.tensor(initial, "conv1.weight"),
        TrainingRig.tensor(dir.resolve("once/model.safetensors"), "conv1.weight"));
    assertEquals(List.of(), TrainingRig.metrics(dir.resolve("once")));
  }

  /** The loss is finite and the weights it leads to are not: they are not kept either. */
  @Test
  void weightsThatAreNotFiniteReachNoCheckpoint() {
    Training training = shapes("run").rate(Float.MAX_VALUE).weightDecay(1e10f).epochs(1).batch(40);
    AlexNetException refused = assertThrows(AlexNetException.class, training::run);
    assertTrue(refused.getMessage().contains("finite"), refused.getMessage());
    Path initial = TrainingRig.initial(dir.resolve("initial.safetensors"), 10, 7);
    for (String name : List.of("conv1.weight", "fc2.weight")) {
      assertArrayEquals(
          TrainingRig.tensor(initial, name),
          TrainingRig.tensor(dir.resolve("run/model.safetensors"), name));
    }
  }

  /** A network can be ruined and its loss be a number still. */
  @Test
  void aLossThatHasRunAwayReachesNoCheckpoint() throws IOException {
    Training training = shapes("run").rate(2).checkpointEvery(0);
    String message = assertThrows(AlexNetException.class, training::run).getMessage();
    assertTrue(message.matches("Training has diverged in epoch 1, step \\d: .*"), message);
    assertTrue(message.contains(dir.resolve("run").toString()), message);
    for (String name : List.of("conv1.weight", "fc2.weight")) {
      for (float value : TrainingRig.tensor(dir.resolve("run/model.safetensors"), name)) {
        assertTrue(Math.abs(value) < 10, name + " has " + value);
      }
    }
    assertEquals(List.of(), TrainingRig.metrics(dir.resolve("run")));
  }

  @Test
  void aRunStoppedWhileItValidatesIsResumedWithTheValidation() throws IOException {
    shapes("whole").data("shapes:400").epochs(2).run();
    Training first = shapes("parts").data("shapes:400").epochs(2);
    first.listener(
        new TrainingListener() {
          @Override
          public void progress(Activity activity, long done, long all) {
            if (activity == Activity.VALIDATING && done > 0) {
              first.stop();
            }
          }
        });
    TrainingResult stopped = first.run();
    assertTrue(stopped.stopped());
    assertEquals(25, stopped.steps());
    assertEquals(List.of(), TrainingRig.metrics(dir.resolve("parts")));
    Training.resume(dir.resolve("parts")).backend("reference").run();
    assertSameRun("whole", "parts");
  }

  @Test
  void imagesStayOnNoDeviceThatReadsThemWhereTheyLie() {
    Path none = dir.resolve("none");
    Training training = Training.of("alexnet-32").backend("reference").data("shapes:20");
    training.dataOnDevice(true).out(none);
    assertEquals(
        "Backend reference reads images where they lie; leave dataOnDevice out.",
        assertThrows(UsageException.class, training::run).getMessage());
    assertFalse(Files.exists(none));
  }

  @Test
  void aUsedFolderIsRefusedAndStays() throws IOException {
    shapes("run").epochs(0).run();
    byte[] before = Files.readAllBytes(dir.resolve("run/model.safetensors"));
    Training again = shapes("run").seed(8);
    String message = assertThrows(AlexNetException.class, again::run).getMessage();
    assertTrue(message.contains("Training.resume("), message);
    assertArrayEquals(before, Files.readAllBytes(dir.resolve("run/model.safetensors")));
  }

  @Test
  void labelsOutOfRangeAreRefusedBeforeAnythingIsWritten() {
    Path data = TrainingRig.floats(dir.resolve("data.safetensors"), 4, 1, 0, 10);
    Training training = TrainingRig.plain("reference", data, dir.resolve("run"));
    String message = assertThrows(AlexNetException.class, training::run).getMessage();
    assertTrue(message.contains("image 1") && message.contains("10 classes"), message);
    assertFalse(Files.exists(dir.resolve("run")));
  }

  @Test
  void withoutValidationImagesTheMetricsSayNull() throws IOException {
    Path data = TrainingRig.floats(dir.resolve("data.safetensors"), 4, 1, 0, 1);
    TrainingResult result =
        TrainingRig.plain("reference", data, dir.resolve("run")).epochs(1).run();
    assertNull(result.last().validation());
    String line = TrainingRig.metrics(dir.resolve("run")).getFirst();
    assertTrue(line.contains("\"val_loss\":null,\"val_error\":null"), line);
  }
}
