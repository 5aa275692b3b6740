package org.alexnet.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.alexnet.AlexNetException;
import org.alexnet.training.TrainingRig;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.deploy.master.Master;
import org.apache.spark.rpc.RpcEnv;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Spark in this process, its tasks as threads. */
class SparkTrainingTest {
  @TempDir Path dir;
  private Runs runs;

  @BeforeEach
  void useThisProcess() throws IOException {
    runs = new Runs(dir);
    Runs.use("local[2]");
  }

  @AfterEach
  void forget() {
    Runs.forget();
  }

  @Test
  void twoTasksTrainAsOneProcessWithTwoShards() throws IOException {
    runs.alone("one");
    Runs.Said said = Runs.spark(runs.options("two"), "--workers", "2");
    runs.assertTrained("two", said);
    assertEquals(1, said.count("alexnet eval " + runs.folder("two")), said::toString);
    runs.assertSame("one", "two");
  }

  /** What was begun by two workers goes on with one. */
  @Test
  void aRunIsResumedByAnotherNumberOfWorkers() throws IOException {
    runs.alone("one");
    String schedule = Runs.json(runs.folder("one"), "run.json").path("schedule").asText();
    List<String> first = runs.options("two", 1, "--schedule", "constant");
    runs.assertTrained("two", Runs.spark(first, "--workers", "2"));
    String run = runs.folder("two").toString();
    List<String> more = List.of("--resume", run, "--epochs", "2", "--schedule", schedule);
    runs.assertTrained("two", Runs.spark(more, "--workers", "1"));
    assertEquals(
        -1,
        Files.mismatch(
            runs.folder("one").resolve("model.safetensors"),
            runs.folder("two").resolve("model.safetensors")));
  }

  @Test
  void whatEveryWorkerRefusesIsSaidOnce() {
    String said =
        Runs.spark(runs.options("run", "--parallel", "hybrid"), "--workers", "2").failure();
    assertEquals("2 alexnet: --parallel is hybrid, must be data, with several workers.", said);
    String few = Runs.spark(runs.options("run", "--val", "shapes:9"), "--workers", "2").failure();
    assertTrue(few.startsWith("2 alexnet: shapes:9: the number of images must be "), few);
    assertFalse(Files.exists(runs.folder("run")));
  }

  @Test
  void whatCannotBeIsRefusedBeforeSparkIsAsked() throws IOException {
    System.setProperty("spark.master", "nonsense");
    assertEquals(
        "2 alexnet: --workers is missing: give how many processes train together on Spark.",
        Runs.spark(runs.options("run")).failure());
    assertEquals(
        "2 alexnet: --workers is 0, must be at least 1.",
        Runs.spark(runs.options("run"), "--workers=0").failure());
    assertTrue(
        Runs.spark(runs.options("run"), "--workers", "none").failure().startsWith("2 alexnet: "),
        "none");
    assertTrue(
        Runs.spark(runs.options("run", "--watch"), "--workers", "2")
            .failure()
            .startsWith("2 alexnet: --watch is true, must be left out with --spark"),
        "watch");
    assertFalse(Files.exists(runs.folder("run")));
    Files.createDirectories(runs.folder("run").resolve("other"));
    String used = Runs.spark(runs.options("run"), "--workers", "2").failure();
    assertTrue(used.startsWith("1 alexnet: " + runs.folder("run") + " "), used);
  }

  /** Each reads a copy of its own, which the run goes on with as well. */
  @Test
  void imagesComeThroughTheFileSystemsOfHadoop() throws IOException {
    Path images =
        TrainingRig.floats(dir.resolve("own.safetensors"), 50, 5, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    System.setProperty("spark.alexnet.data", dir.resolve("copies").toString());
    String fraction = "--val-fraction=0.2";
    runs.alone("one", fraction, "--data", images.toString());
    List<String> options = runs.options("two", fraction, "--data", images.toUri().toString());
    runs.assertTrained("two", Runs.spark(options, "--workers", "2"));
    runs.assertSame("one", "two");
    String copy = Runs.json(runs.folder("two"), "run.json").path("data").asText();
    assertTrue(copy.startsWith(dir.resolve("copies").toString()), copy);
    String missing = dir.resolve("none.safetensors").toUri().toString();
    String refused = Runs.spark(runs.options("run", "--data", missing), "--workers", "2").failure();
    assertTrue(refused.startsWith("1 alexnet: " + missing + " cannot be copied to "), refused);
    assertFalse(Files.exists(runs.folder("run")));
  }

  /** A worker that cannot open its port is not waited for by one that can. */
  @Test
  void aPortInUseIsNamed() throws IOException {
    try (ServerSocket taken = new ServerSocket(0)) {
      System.setProperty("spark.alexnet.port", String.valueOf(taken.getLocalPort()));
      System.setProperty("spark.port.maxRetries", "1"); // one of two finds the next
      String said = Runs.spark(runs.options("run"), "--workers", "2").failure();
      assertTrue(said.startsWith("1 alexnet: No port from " + taken.getLocalPort()), said);
    }
    assertFalse(Files.exists(runs.folder("run")));
  }

  /** One port is closed; who listens at the other takes the call and says nothing. */
  @Test
  void aMasterThatDoesNotAnswerIsNamed() throws IOException {
    try (ServerSocket closed = new ServerSocket(0);
        ServerSocket silent = new ServerSocket(0)) {
      closed.close();
      for (ServerSocket socket : List.of(closed, silent)) {
        String address = "127.0.0.1:" + socket.getLocalPort();
        System.setProperty("spark.master", "spark://" + address);
        String said = Runs.spark(runs.options("run"), "--workers", "2").failure();
        assertTrue(said.startsWith("1 alexnet: No Spark master answers at " + address), said);
        assertTrue(said.endsWith(" running there, and is the port open?"), said);
      }
    }
    assertFalse(Files.exists(runs.folder("run")));
  }

  /** One that listens as a master does, with a secret or without. */
  @ParameterizedTest
  @CsvSource({"right, ", "right, wrong", ", wrong"})
  void aMasterWithAnotherSecretIsNamed(String there, String here) {
    RpcEnv master = RpcEnv.create("master", "127.0.0.1", 0, secret(there), security(there), false);
    try {
      String address = "127.0.0.1:" + master.address().port();
      System.setProperty("spark.master", "spark://" + address);
      if (here != null) {
        System.setProperty("spark.authenticate", "true");
        System.setProperty("spark.authenticate.secret", here);
      }
      String said = Runs.spark(runs.options("run"), "--workers", "2").failure();
      assertTrue(said.startsWith("1 alexnet: The Spark master at " + address), said);
      assertTrue(
          said.endsWith(
              " and this job do not authenticate each other: spark.authenticate is %s here; set it, and spark.authenticate.secret, as they are there."
                  .formatted(here != null)),
          said);
    } finally {
      master.shutdown();
    }
  }

  /** One that is started again without recovery has no workers for a job that it never saw. */
  @Test
  void aMasterThatForgetsTheJobIsNoticed() {
    RpcEnv first = master(0);
    int port = first.address().port();
    System.setProperty("spark.master", "spark://127.0.0.1:" + port);
    try (JavaSparkContext spark = new JavaSparkContext(new SparkConf().setAppName("job"))) {
      assertTrue(MasterCheck.has(spark.sc()));
      end(first);
      assertFalse(MasterCheck.has(spark.sc()));
      RpcEnv second = master(port);
      assertTrue(
          assertThrows(IllegalStateException.class, () -> MasterCheck.has(spark.sc()))
              .getMessage()
              .startsWith("its master does not know the job any more"));
      end(second);
    } finally {
      end(first);
    }
  }

  private static RpcEnv master(int port) {
    SparkConf conf = new SparkConf(false).set("spark.master.rest.enabled", "false");
    return Master.startRpcEnvAndEndpoint("127.0.0.1", port, 0, conf)._1();
  }

  private static void end(RpcEnv master) {
    master.shutdown();
    master.awaitTermination();
  }

  private static SparkConf secret(String secret) {
    SparkConf conf = new SparkConf(false);
    return secret == null
        ? conf
        : conf.set("spark.authenticate", "true").set("spark.authenticate.secret", secret);
  }

  private static SecurityManager security(String secret) {
    return new SecurityManager(
        secret(secret),
        SecurityManager.$lessinit$greater$default$2(),
        SecurityManager.$lessinit$greater$default$3());
  }

  /** What Spark's launcher lost is asked for again, and what an executor cannot open is named. */
  @Test
  void namesThatALocaleCannotSayAreRefused() {
    List<String> lost = List.of("--out", "gr??n");
    FileNames.requireWhole(lost, StandardCharsets.UTF_8);
    FileNames.requireWhole(List.of("--out", "run"), StandardCharsets.US_ASCII);
    assertEquals(
        "'gr??n' cannot be read in this locale's encoding (US-ASCII); set LC_ALL to a UTF-8 locale"
            + " such as C.UTF-8.",
        refused(() -> FileNames.requireWhole(lost, StandardCharsets.US_ASCII)));
    String undecodable = "gr\uFFFDn";
    assertTrue(
        refused(() -> FileNames.requireWhole(List.of(undecodable), StandardCharsets.UTF_8))
            .startsWith("'" + undecodable + "' cannot be read"));
    List<String> whole = List.of("--out", "gr\u00FCn");
    FileNames.requireEncodable(whole, StandardCharsets.UTF_8);
    assertEquals(
        "'gr\u00FCn' cannot be said in the encoding of the locale of Spark's executors (US-ASCII);"
            + " set spark.executorEnv.LC_ALL to a UTF-8 locale of their machines.",
        refused(() -> FileNames.requireEncodable(whole, StandardCharsets.US_ASCII)));
  }

  private static String refused(Executable what) {
    return assertThrows(AlexNetException.class, what).getMessage();
  }

  @Test
  void moreWorkersThanSparkHasRoomForAreRefused() {
    assertEquals(
        "1 alexnet: Spark has no room for 3 workers at once; start more of its workers, give them"
            + " more cores, or train with fewer (--workers).",
        Runs.spark(runs.options("run"), "--workers", "3").failure());
  }
}
