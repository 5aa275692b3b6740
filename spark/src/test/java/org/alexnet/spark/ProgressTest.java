package org.alexnet.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.alexnet.cli.output.ProgressView;
import org.alexnet.inference.Evaluation;
import org.alexnet.training.EpochMetrics;
import org.alexnet.training.Progress;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a driver shows of what its workers do. */
class ProgressTest {
  @TempDir Path dir;
  private Runs runs;

  @BeforeEach
  void useSpark() throws IOException {
    runs = new Runs(dir);
    Runs.use("local[2]");
    System.setProperty("spark.executor.extraClassPath", System.getProperty("java.class.path"));
  }

  @AfterEach
  void forget() {
    Runs.forget();
  }

  @ParameterizedTest
  @ValueSource(strings = {"local[2]", "local-cluster[2,1,1024]"})
  void theDriverShowsWhatTheFirstWorkerSays(String master) {
    System.setProperty("spark.master", master);
    Runs.Said said = Runs.spark(runs.options("run"), "--workers", "2");
    runs.assertTrained("run", said);
    for (String once :
        List.of(
            "Running on cpu: ",
            "Training alexnet-32 (10 classes) on shapes:70: 70 images",
            "Worker 1 of 2, with 1 shard",
            "epoch 1/2: loss ",
            "epoch 2/2: loss ",
            "Epoch 2: ")) {
      assertEquals(1, said.count(once), () -> once + said);
    }
    assertEquals(0, said.count("Worker 2 of 2"), said::toString);
    String epoch = said.out().lines().filter(l -> l.startsWith("epoch 2/2")).findFirst().get();
    assertTrue(
        epoch.matches(
            "epoch 2/2: loss [\\d.]+, error [\\d.]+ %; validation loss [\\d.]+, error [\\d.]+ %,"
                + " [\\d,]+ images/s, waiting [\\d.]+ %"),
        epoch);
  }

  @Test
  void whoWatchesSeesTheStepsOfAnEpoch() {
    Runs.Said said = Runs.spark(true, runs.options("run"), "--workers", "2");
    runs.assertTrained("run", said);
    assertTrue(said.out().matches("(?s).*\repoch 1/2 \\[#*\\.*] .*"), said.out());
  }

  @Test
  void theAnswerAsJsonIsAloneOnStandardOutput() throws IOException {
    Runs.Said said = Runs.spark(runs.options("run"), "--workers", "2", "--json");
    assertEquals(0, said.status(), said.err());
    assertEquals(1, said.out().lines().count(), said.out());
    assertEquals(2, new ObjectMapper().readTree(said.out()).path("epochs").asInt(), said.out());
    assertTrue(said.err().contains("epoch 2/2: loss "), said.err());
  }

  @Test
  void whyWorkersDoNotStartIsSaidOnce() {
    RoomCheck check = new RoomCheck(3);
    Duration early = Duration.ofSeconds(19);
    Duration late = Duration.ofSeconds(20);
    assertEquals(Optional.empty(), check.sentence(early, () -> 2));
    assertEquals(Optional.empty(), check.sentence(late, () -> 3), "they are about to start");
    String said =
        "Spark has room for 2 of 3 workers so far, and starts them when all fit. Start more of its"
            + " workers, give them more cores, wait for other jobs, or train with fewer"
            + " (--workers).";
    assertEquals(Optional.of(said), check.sentence(late, () -> 2));
    assertEquals(Optional.empty(), check.sentence(late, () -> 1), "again");
    assertEquals(Optional.empty(), check.sentence(Duration.ZERO, () -> 1), "they train");
    assertEquals(Optional.of(said), check.sentence(late, () -> 2), "after a loss");
    Runs.use("local[2]");
    try (JavaSparkContext spark = new JavaSparkContext(new SparkConf().setAppName("room"))) {
      assertEquals(2, RoomCheck.room(spark.sc()));
    }
  }

  @Test
  void workersAreWaitedForUntilOneIsHeardOf() {
    TrainingProgress progress =
        new TrainingProgress(
            new ProgressView(new PrintStream(new ByteArrayOutputStream()), false, 80, false));
    assertTrue(progress.starting().isPositive());
    progress.say("of the driver's own");
    assertTrue(progress.starting().isPositive());
    progress.message("of a worker");
    assertEquals(Duration.ZERO, progress.starting());
  }

  @Test
  void theReasonOfALossIsTheLineThatHasIt() {
    String stage =
        "Stage failed because barrier task ShuffleMapTask(0, 0) finished unsuccessfully.";
    String lost = "ExecutorLostFailure (executor 1 exited) Reason: Command exited with code 137";
    assertEquals(lost, Restarts.brief(stage + "\n" + lost + "\nand more"));
    assertEquals(stage, Restarts.brief(stage) + ".");
    String peer = "java.lang.IllegalStateException: Worker 2 is lost (Connection reset).";
    assertEquals(
        "Worker 2 is lost (Connection reset)", Restarts.brief(stage + "\n" + peer + "\n\tat"));
    assertEquals("Fetch failed", Restarts.brief("Fetch failed\nat a place"));
    assertEquals("Spark gives no reason", Restarts.brief(""));
    assertEquals("on a.example: exited", Restarts.lost("a.example", "exited"));
    assertEquals("a.example:1 is gone", Restarts.lost("a.example", "a.example:1 is gone"));
    assertEquals("exited", Restarts.lost(null, "exited"));
  }

  @Test
  void sparkShowsItOnItsOwnPages() throws Exception {
    System.setProperty("spark.ui.enabled", "true");
    System.setProperty("spark.ui.port", "0");
    TrainingProgress progress =
        new TrainingProgress(
            new ProgressView(new PrintStream(new ByteArrayOutputStream()), false, 80, false));
    SparkConf conf = new SparkConf().setAppName("pages");
    ProgressPlugin.install(conf, progress);
    try (JavaSparkContext spark = new JavaSparkContext(conf)) {
      TrainingTab.attach(spark.sc().ui().get(), "Training <here>", progress);
      String address = spark.sc().uiWebUrl().get();
      String before = get(address + "/training/");
      assertTrue(before.contains("Before the first step."), before);
      assertTrue(before.contains("No epoch has ended yet."), before);
      assertFalse(before.contains("training loss"), before);
      assertTrue(gauge(address, "loss").isNull());
      ProgressPlugin.driver()
          .ask(new TrainingEvent.Stepped(new Progress(2, 3, 4, 5, 0.75, 0.5, 1234, 0.25, 60)));
      progress.epoch(
          new EpochMetrics(1, 5, 1.5, 0.6, new Evaluation(10, 1.25, 0.4, 0.1), 99, 0, 0.1f));
      String page = get(address + "/training/");
      assertTrue(page.contains("Training &lt;here&gt;"), page);
      assertTrue(page.contains("Epoch 2 of 3, step 4 of 5: loss 0.7500, error 50.00 %, 1,234"));
      assertTrue(page.contains("<td>1.2500</td>"), page);
      assertFalse(page.contains("No epoch has ended yet."), page);
      assertEquals(0.75, gauge(address, "loss").asDouble());
      assertEquals(4, gauge(address, "step").asInt());
      assertTrue(get(address + "/jobs/").contains("/training/"), "its name is on other pages");
    } finally {
      ProgressPlugin.uninstall();
    }
  }

  /** A number among the metrics of Spark's driver. */
  private static JsonNode gauge(String address, String name) throws Exception {
    JsonNode gauges = new ObjectMapper().readTree(get(address + "/metrics/json/")).path("gauges");
    return gauges.properties().stream()
        .filter(gauge -> gauge.getKey().endsWith(".alexnet." + name))
        .findFirst()
        .orElseThrow(() -> new AssertionError(gauges.toString()))
        .getValue()
        .path("value");
  }

  private static String get(String address) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client
          .send(HttpRequest.newBuilder(URI.create(address)).build(), BodyHandlers.ofString())
          .body();
    }
  }
}
