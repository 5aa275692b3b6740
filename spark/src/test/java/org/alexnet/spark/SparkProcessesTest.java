package org.alexnet.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.alexnet.AlexNetException;
import org.alexnet.run.RunFolder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A standalone Spark whose workers run tasks in processes of their own. */
class SparkProcessesTest {
  private static final String CLUSTER = "local-cluster[2,1,1024]";
  private static final String[] MANY = {"--data", "shapes:600"};

  @TempDir Path dir;
  private Runs runs;

  @BeforeEach
  void useProcesses() throws IOException {
    runs = new Runs(dir);
    Runs.use(CLUSTER);
    System.setProperty("spark.executor.extraClassPath", System.getProperty("java.class.path"));
  }

  @AfterEach
  void forget() {
    Runs.forget();
  }

  @Test
  void aWorkerThatIsKilledChangesNothing() throws Exception {
    runs.alone("one", MANY);
    kill("two");
    runs.assertSame("one", "two");
  }

  /** Between two averages, for which a checkpoint waits. */
  @Test
  void aWorkerThatIsKilledChangesNoAverage() throws Exception {
    String[] average = {"--sync", "average:4"};
    System.setProperty("spark.master", "local[2]");
    List<String> options = runs.options("one", MANY);
    options.addAll(List.of(average));
    runs.assertTrained("one", Runs.spark(options, "--workers", "2"));
    System.setProperty("spark.master", CLUSTER);
    kill("two", average);
    runs.assertSame("one", "two");
  }

  /**
   * Trains by two processes, one of which is killed by SIGKILL after the second step at the
   * earliest; Spark starts another.
   */
  private void kill(String run, String... more) throws Exception {
    List<String> options = runs.options(run, MANY);
    options.addAll(List.of("--checkpoint-every", "0"));
    options.addAll(List.of(more));
    FutureTask<Runs.Said> job = new FutureTask<>(() -> Runs.spark(options, "--workers", "2"));
    Thread.ofPlatform().start(job);
    while (!job.isDone() && steps(run) < 2) {
      Thread.sleep(5);
    }
    Optional<ProcessHandle> worker = workers().stream().findFirst();
    assertTrue(
        worker.map(ProcessHandle::destroyForcibly).orElse(false), () -> said(job).toString());
    Runs.Said said = said(job);
    runs.assertTrained(run, said);
    assertEquals(1, said.count("A worker was lost (on "), said::toString);
    assertEquals(1, said.count(": Command exited with code 137). "), said::toString);
    assertEquals(1, said.count("Resuming " + runs.folder(run)), said::toString);
    assertEquals(1, said.count("epoch 2/2: loss "), said::toString);
    assertEquals(1, Runs.json(runs.folder(run), "run.json").path("resumed").size());
  }

  private static Runs.Said said(FutureTask<Runs.Said> job) {
    try {
      return job.get();
    } catch (InterruptedException | ExecutionException e) {
      throw new AssertionError(e);
    }
  }

  /** Steps that are saved. */
  private long steps(String name) {
    try (RunFolder run = RunFolder.openForReading(runs.folder(name))) {
      return run.state().path("step").asLong();
    } catch (AlexNetException e) {
      return 0; // it has not begun
    }
  }

  private static List<ProcessHandle> workers() {
    return ProcessHandle.current()
        .children()
        .filter(child -> child.info().command().orElse("").endsWith("/java"))
        .toList();
  }
}
