package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alexnet.AlexNetException;
import org.alexnet.backend.MailPeers;
import org.alexnet.backend.Narrow;
import org.alexnet.cuda.device.Resource;
import org.alexnet.inference.Classifier;
import org.alexnet.model.Model;
import org.alexnet.model.Models;
import org.alexnet.training.EpochMetrics;
import org.alexnet.training.Progress;
import org.alexnet.training.ResumedTraining;
import org.alexnet.training.Training;
import org.alexnet.training.TrainingListener;
import org.alexnet.training.TrainingResult;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whole runs as users start them, from the search for the libraries to the run folder, of models
 * with an eighth of their filters.
 */
@Tag(StandInCount.STAND_IN)
class CudaTrainingTest extends RunFixture {
  private static Model narrow(String name) {
    return Narrow.eighth(Models.named(name));
  }

  private Training shapes(String out) {
    return Training.of(narrow("alexnet-32"))
        .backend("cuda")
        .deterministic(true)
        .data("shapes:40")
        .batch(8)
        .epochs(2)
        .seed(7)
        .out(dir.resolve(out));
  }

  @Test
  void workersTrainAsOneProcessWithAsManyShards() throws IOException {
    shapes("one").parallel("data").devices(List.of("cuda:0", "cuda:0")).run();
    List<TrainingResult> all =
        MailPeers.together(
            2,
            peers ->
                shapes("two")
                    .devices(List.of("cuda:" + peers.worker().index()))
                    .peers(peers)
                    .run());
    assertSameRun("one", "two");
    assertEquals(all.getFirst().last().validation(), all.getLast().last().validation());
    assertEquals(all.getFirst().last().trainError(), all.getLast().last().trainError());
  }

  /** Without graphs: on the stand-in nobody may wait while another thread records one. */
  @ParameterizedTest
  @ValueSource(strings = {"fp32", "fp16"})
  void workersThatAverageLearnTheSameAgain(String precision) throws IOException {
    for (String out : new String[] {"once", "again"}) {
      List<TrainingResult> all =
          MailPeers.together(
              2,
              peers ->
                  shapes(out)
                      .precision(precision)
                      .graphs(false)
                      .sync("average:2")
                      .peers(peers)
                      .run());
      assertEquals(all.getFirst().last().validation(), all.getLast().last().validation());
    }
    assertSameRun("once", "again");
  }

  private void assertSameRun(String expected, String got) throws IOException {
    for (String file : List.of("model.safetensors", "optimizer.safetensors")) {
      Path one = dir.resolve(expected).resolve(file);
      assertEquals(-1, Files.mismatch(one, dir.resolve(got).resolve(file)), file);
    }
  }

  private static TrainingListener after(int steps, Runnable action) {
    return new TrainingListener() {
      private int count;

      @Override
      public void step(Progress progress) {
        if (++count == steps) {
          action.run();
        }
      }
    };
  }

  @Test
  void stoppedAndResumedRunsEndInTheSameBits() throws IOException {
    TrainingResult whole = shapes("whole").run();
    assertEquals(10, whole.steps());
    assertEquals("cuda", whole.backend());
    Training parts = shapes("parts");
    parts.listener(after(3, parts::stop));
    TrainingResult stopped = parts.run();
    assertTrue(stopped.stopped());
    // Steps under way when it is asked to stop are finished.
    assertTrue(stopped.steps() >= 3 && stopped.steps() <= 4, stopped.steps() + " steps");
    TrainingResult resumed = Training.resume(dir.resolve("parts")).backend("cuda").run();
    assertEquals(10, resumed.steps());
    assertEquals(whole.last().trainLoss(), resumed.last().trainLoss());
    assertSameRun("whole", "parts");
    shapes("kernel-by-kernel").graphs(false).run();
    assertSameRun("whole", "kernel-by-kernel");
  }

  @Test
  void aRunOnTheGpuGoesOnWithoutOne() {
    shapes("run").epochs(1).run();
    TrainingResult result =
        Training.resume(dir.resolve("run")).backend("reference").epochs(2).run();
    assertEquals("reference", result.backend());
    assertEquals(10, result.steps());
  }

  @Test
  void aRunRemembersItsPrecisionAndAlgorithms() throws IOException {
    shapes("run").precision("bf16").run();
    String json = Files.readString(dir.resolve("run/run.json"));
    assertTrue(json.replace(" ", "").contains("\"precision\":\"bf16\""), json);
    // What cuDNN has differs from GPU to GPU: a plan, or an algorithm of its older interface.
    Matcher chosen =
        Pattern.compile(
                "\"conv([1-3]) backward filter\"\\s*:\\s*\""
                    + "(cuDNN engine|CUDNN_CONVOLUTION_BWD_FILTER_ALGO)")
            .matcher(json);
    assertEquals(3, chosen.results().map(found -> found.group(1)).distinct().count(), json);
    ResumedTraining resumed = Training.resume(dir.resolve("run")).backend("cuda").epochs(3);
    assertEquals(15, resumed.run().steps());
    String again = Files.readString(dir.resolve("run/run.json"));
    assertEquals(choices(json), choices(again));
    AlexNetException e =
        assertThrows(
            AlexNetException.class,
            () -> Training.resume(dir.resolve("run")).backend("reference").epochs(4).run());
    assertTrue(e.getMessage().contains("bf16"), e.getMessage());
    try (Classifier classifier = Classifier.open(dir.resolve("run"))) {
      assertEquals("cuda", classifier.backend());
      assertEquals(10, classifier.evaluate("shapes:40").images());
    }
  }

  /** The lines of run.json that say how kernels compute. */
  private static List<String> choices(String json) {
    List<String> lines =
        json.lines().filter(line -> line.matches(".*\"conv\\d (for|back)ward.*")).toList();
    assertTrue(lines.size() >= 8, json);
    return lines;
  }

  @Test
  void aLostDeviceLeavesTheLastCheckpoint() throws IOException {
    Assumptions.assumeFalse(StandInBackend.GPU, "the stand-in loses a device");
    shapes("whole").run();
    Training lost = shapes("lost");
    lost.checkpointEvery(0).listener(after(4, () -> StandIn.loseDevice(0, 30)));
    AlexNetException e = assertThrows(AlexNetException.class, lost::run);
    assertTrue(e.getMessage().contains("Training.resume(" + dir.resolve("lost")), e.getMessage());
    assertTrue(e.getMessage().contains("on cuda:0"), e.getMessage());
    StandIn.reset();
    StandIn.heal();
    Training.resume(dir.resolve("lost")).backend("cuda").run();
    assertSameRun("whole", "lost");
  }

  @Test
  void aLossThatIsNotFiniteIsTracedToItsLayer() throws IOException {
    AlexNetException e =
        assertThrows(AlexNetException.class, () -> shapes("wild").rate(1e30f).run());
    assertTrue(e.getMessage().contains("the first value that is not finite is in"), e.getMessage());
    assertTrue(e.getMessage().contains("the output of layer conv"), e.getMessage());
  }

  /** Validation has batches of its own; they must not add up from epoch to epoch. */
  @Test
  void nothingGrowsWithTheEpochs() {
    List<Integer> live = new ArrayList<>();
    Training training = shapes("run").epochs(3);
    training.listener(
        new TrainingListener() {
          @Override
          public void epoch(EpochMetrics metrics) {
            live.add(Resource.live());
          }
        });
    training.run();
    assertEquals(3, live.size());
    assertEquals(live.get(1), live.get(2));
  }

  /** What columns compute on two devices is tested elsewhere; here they are found by name. */
  @Test
  void columnsTakeTheDevicesThatAreNamed() {
    Assumptions.assumeFalse(StandInBackend.GPU, "the stand-in has two devices");
    Training two =
        Training.of(narrow("alexnet-2012")).backend("cuda").data("shapes:10").classes(10);
    List<String> messages = new ArrayList<>();
    two.listener(
        new TrainingListener() {
          @Override
          public void message(String text) {
            messages.add(text);
          }
        });
    two.devices(List.of("cuda:0", "cuda:1")).batch(2).epochs(0).out(dir.resolve("two")).run();
    assertTrue(
        messages.stream().anyMatch(m -> m.contains("MB from cuda:0 to cuda:1")), "" + messages);
    AlexNetException e =
        assertThrows(AlexNetException.class, () -> shapes("none").devices(List.of("cuda:7")).run());
    assertTrue(e.getMessage().contains("cuda:0, cuda:1"), e.getMessage());
  }
}
