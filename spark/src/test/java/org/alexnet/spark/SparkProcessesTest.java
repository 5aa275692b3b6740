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
  @TempDir Path dir;
  private Runs runs;

  @BeforeEach
  void useProcesses() throws IOException {
    runs = new Runs(dir);
    Runs.use("local-cluster[2,1,1024]");
    System.setProperty("spark.executor.extraClassPath", System.getProperty("java.class.path"));
  }

  @AfterEach
  void forget() {
    Runs.forget();
  }

  /**
   * One of two processes is killed by SIGKILL after the second step at the earliest; Spark starts
   * another, and the run ends as if nothing had been.
   */
  @Test
  void aWorkerThatIsKilledChangesNothing() throws Exception {
    String[] many = {"--data", "shapes:600"};
    runs.alone("one", many);
    List<String> options = runs.options("two", many);
    options.addAll(List.of("--checkpoint-every", "0"));
    FutureTask<String> job = new FutureTask<>(() -> Runs.spark(options, "--workers", "2"));
    Thread.ofPlatform().start(job);
    while (!job.isDone() && steps() < 2) {
      Thread.sleep(5);
    }
    Optional<ProcessHandle> worker = workers().stream().findFirst();
    assertTrue(worker.map(ProcessHandle::destroyForcibly).orElse(false), () -> said(job));
    String said = said(job);
    assertTrue(said.startsWith("0 The run is in " + runs.folder("two")), said);
    runs.assertSame("one", "two");
    assertEquals(1, Runs.json(runs.folder("two"), "run.json").path("resumed").size());
  }

  private static String said(FutureTask<String> job) {
    try {
      return job.get();
    } catch (InterruptedException | ExecutionException e) {
      throw new AssertionError(e);
    }
  }

  /** Steps that are saved. */
  private long steps() {
    try (RunFolder run = RunFolder.openForReading(runs.folder("two"))) {
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
