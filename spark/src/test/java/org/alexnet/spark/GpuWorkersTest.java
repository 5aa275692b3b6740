package org.alexnet.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workers in processes of their own, on the stand-in for GPUs that the backend's tests have. */
class GpuWorkersTest {
  private static final Path SOURCES = Path.of("../cuda-kernels/src/test/stand-in");

  @TempDir Path dir;
  private Runs runs;

  @BeforeEach
  void buildTheStandIn() throws Exception {
    runs = new Runs(dir);
    Path folder = dir.resolve("stand-in");
    int status = 1;
    try {
      status =
          new ProcessBuilder("sh", SOURCES.resolve("build.sh").toString(), folder.toString(), "12")
              .redirectErrorStream(true)
              .redirectOutput(dir.resolve("build.log").toFile())
              .start()
              .waitFor();
    } catch (IOException e) {
      Assumptions.abort("there is no shell: " + e);
    }
    Assumptions.assumeTrue(status == 0, "there is no g++ to build the stand-in");
    Runs.use("local-cluster[2,1,1024]");
    System.setProperty("spark.executor.extraClassPath", System.getProperty("java.class.path"));
    System.setProperty("spark.executor.extraJavaOptions", "-Dalexnet.cuda.path=" + folder);
  }

  @AfterEach
  void forget() {
    Runs.forget();
  }

  private List<String> options(String run, String... more) {
    List<String> all = runs.options(run, more);
    all.addAll(List.of("--backend", "cuda", "--deterministic"));
    return all;
  }

  @Test
  void twoGpusTrainAsOneProcessWithTwoShards() throws IOException {
    List<String> shards = options("one", "--parallel", "data", "--devices", "cuda:0,cuda:0");
    runs.assertTrained("one", Runs.spark(shards, "--workers", "1"));
    Runs.Said said = Runs.spark(options("two"), "--workers", "2");
    runs.assertTrained("two", said);
    assertEquals(1, said.count("Worker 1 takes cuda:0."), said::toString);
    runs.assertSame("one", "two");
    giveGpus();
    said = Runs.spark(options("given"), "--workers", "2");
    runs.assertTrained("given", said);
    assertEquals(1, said.count("Worker 1 takes cuda:1."), said::toString);
    runs.assertSame("one", "given");
  }

  /** Has Spark give each task a GPU, of which each machine has one of number 1. */
  private void giveGpus() throws IOException {
    Path script =
        Files.writeString(
            dir.resolve("gpus"), "#!/bin/sh\necho '{\"name\": \"gpu\", \"addresses\": [\"1\"]}'\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    System.setProperty("spark.worker.resource.gpu.amount", "1");
    System.setProperty("spark.worker.resource.gpu.discoveryScript", script.toString());
    System.setProperty("spark.executor.resource.gpu.amount", "1");
    System.setProperty("spark.task.resource.gpu.amount", "1");
  }
}
