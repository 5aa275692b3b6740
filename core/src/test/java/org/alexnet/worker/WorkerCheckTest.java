package org.alexnet.worker;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.alexnet.AlexNetException;
import org.alexnet.backend.BackendProvider;
import org.alexnet.backend.Backends;
import org.alexnet.backend.Peers;
import org.alexnet.data.DataSet;
import org.alexnet.data.ProgressListener;
import org.alexnet.data.source.DataSets;
import org.alexnet.data.source.OpenOptions;
import org.alexnet.program.Placement.Worker;
import org.alexnet.run.Environment;
import org.alexnet.run.RunConfig;
import org.alexnet.run.RunFolder;
import org.alexnet.training.Training;
import org.alexnet.training.TrainingRig;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The first of two workers, the second of which says the same but for something. */
class WorkerCheckTest {
  @TempDir Path dir;
  private RunConfig config;

  /** What the second says, made of what the first does. */
  private record Second(UnaryOperator<String> says) implements Peers {
    @Override
    public Worker worker() {
      return new Worker(0, 2);
    }

    @Override
    public List<String> gathered(String own) {
      return List.of(own, says.apply(own));
    }

    @Override
    public void send(int to, int number, float[] values, int from, int count) {
      throw new AssertionError();
    }

    @Override
    public void receive(
        int from, int number, float[] values, int at, int count, Runnable meanwhile) {
      throw new AssertionError();
    }

    @Override
    public double seconds() {
      return 0;
    }
  }

  @BeforeEach
  void train() {
    Path run = dir.resolve("run");
    Training.of(TrainingRig.MODEL).backend("reference").data("shapes:20").epochs(0).out(run).run();
    try (RunFolder folder = RunFolder.openForReading(run)) {
      config = RunConfig.fromJson(folder.runJson(), run);
    }
  }

  private void check(UnaryOperator<String> says) {
    OpenOptions opening = new OpenOptions(3, 32, 32, 32, 1, 1, false, ProgressListener.NONE);
    try (DataSet data = DataSets.open("shapes:20", null, 0, opening)) {
      new WorkerCheck(new Second(says), Backends.named("reference"), config, data.train())
          .requireSame("step 3");
    }
  }

  private String refused(String from, String to) {
    return assertThrows(AlexNetException.class, () -> check(own -> own.replace(from, to)))
        .getMessage();
  }

  @Test
  void oneThatSaysTheSameIsTaken() {
    assertDoesNotThrow(() -> check(own -> own));
  }

  @Test
  void anotherVersionOfTheProgramOrOfJavaIsRefused() {
    Environment here = Environment.of(Backends.named("reference"), List.of(), 1);
    assertEquals(
        "Worker 2 has another version of Java than worker 1 (17.0.1, worker 1: %s); all workers must have the same."
            .formatted(here.java()),
        refused("\n" + here.java() + "\n", "\n17.0.1\n"));
    String program = here.program();
    assertEquals(
        "Worker 2 has another version of this program than worker 1 (0.0.9, worker 1: %s); all workers must have the same."
            .formatted(program),
        assertThrows(
                AlexNetException.class,
                () -> check(own -> "0.0.9" + own.substring(own.indexOf('\n'))))
            .getMessage());
  }

  /** As a worker with a GPU and one without are, or two with other inner loops. */
  @Test
  void oneThatComputesInAnotherWayIsRefused() {
    BackendProvider own = Backends.named("reference");
    String way = "reference: " + own.probe().reason();
    for (String other : List.of("cuda: NVIDIA H100", "reference: vectors of 128 bits")) {
      assertEquals(
          "Worker 2 has another way to compute than worker 1 (%s, worker 1: %s); all workers must have the same."
              .formatted(other, way),
          refused("\n" + way + "\n", "\n" + other + "\n"));
    }
  }

  @Test
  void otherImagesOrAnotherCheckpointAreRefused() {
    String print = config.identity().fingerprint();
    String images = refused(print, "0".repeat(print.length()));
    assertEquals(true, images.startsWith("Worker 2 has another set of images than "), images);
    assertEquals(
        "Worker 2 has another checkpoint to go on from than worker 1 (step 4, worker 1: step 3);"
            + " all workers must have the same.",
        refused("step 3", "step 4"));
  }

  @Test
  void oneThatSaysLessIsRefused() {
    assertThrows(AlexNetException.class, () -> check(own -> ""));
    assertThrows(AlexNetException.class, () -> check(own -> own.lines().findFirst().orElse("")));
  }
}
