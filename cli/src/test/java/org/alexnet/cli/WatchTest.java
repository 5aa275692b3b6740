package org.alexnet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.file.JsonFiles;
import org.alexnet.pictures.watch.Watch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The live page, asked by a client as a browser asks it. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WatchTest {
  @TempDir private static Path shared;
  @TempDir private Path dir;

  private static Path data;
  private static Path trained;

  private final HttpClient client = HttpClient.newHttpClient();
  private Path run;
  private Watch watch;

  @BeforeAll
  static void train() {
    data = TestData.folder(shared.resolve("data"), 4, "cat", "dog");
    trained = shared.resolve("run");
    Object[] words = {
      "train", "--data", data, "--epochs", 2, "--batch", 4, "--log-every", 1, "--out", trained
    };
    Cli.run(words).success();
  }

  @BeforeEach
  void copy() throws IOException {
    run = Files.createDirectories(dir.resolve("runs").resolve("<script>alert(1)"));
    try (var files = Files.list(trained)) {
      for (Path file : files.toList()) {
        Files.copy(file, run.resolve(file.getFileName()));
      }
    }
    watch = Watch.start(0);
    watch.add(dir.resolve("runs"));
  }

  @AfterEach
  void end() {
    watch.close();
    client.close();
  }

  private HttpResponse<byte[]> get(String path, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(watch.address() + path));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  /** What a page is told. */
  private final class Events implements AutoCloseable {
    private final BufferedReader lines;
    String id;

    Events(String... headers) throws Exception {
      HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(watch.address() + "events"));
      if (headers.length > 0) {
        request.headers(headers);
      }
      var response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
      assertEquals(
          "text/event-stream; charset=utf-8",
          response.headers().firstValue("content-type").orElseThrow());
      lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
    }

    ObjectNode next() throws IOException {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("id: ")) {
          id = line.substring(4);
        } else if (line.startsWith("data: ")) {
          return JsonFiles.parse("event", line.substring(6));
        }
      }
      throw new AssertionError("the events end");
    }

    /** Until the first run is at an epoch. */
    ObjectNode until(int epoch) throws IOException {
      for (ObjectNode news = next(); ; news = next()) {
        for (var changed : news.get("changed")) {
          if (changed.path("epoch").asInt() == epoch) {
            return (ObjectNode) changed;
          }
        }
      }
    }

    @Override
    public void close() throws IOException {
      lines.close();
    }
  }

  @Test
  void thePageAndWhatItIsMadeOf() throws Exception {
    HttpResponse<byte[]> page = get("");
    String text = new String(page.body(), StandardCharsets.UTF_8);
    assertEquals(200, page.statusCode());
    assertFalse(text.contains("alert"), "names come later, as text");
    assertTrue(text.contains("<tbody id=\"runs\">"), text);
    String policy = page.headers().firstValue("Content-Security-Policy").orElseThrow();
    assertTrue(policy.startsWith("default-src 'none'; script-src 'self';"), policy);
    assertFalse(policy.contains("unsafe"), policy);
    for (String part : new String[] {"page.css", "charts.js", "watch.js", "icon.svg"}) {
      assertTrue(text.contains('"' + part + '"') && get(part).statusCode() == 200, part);
    }
  }

  @Test
  void aRunIsToldWithItsCurves() throws Exception {
    try (Events events = new Events()) {
      ObjectNode told = (ObjectNode) events.next().get("changed").get(0);
      assertEquals(run.toString(), told.get("name").asText());
      assertEquals(2, told.get("epoch").asInt());
      assertEquals(4, told.get("step").asInt());
      assertEquals(2, told.at("/curves/epochs/train_loss").size());
      assertEquals("[0.5,1.0,1.5,2.0]", told.at("/curves/steps/x").toString());
    }
  }

  @Test
  void linesThatComeAndLinesThatAreCutBack() throws Exception {
    Path metrics = run.resolve("metrics.jsonl");
    String before = Files.readString(metrics);
    try (Events events = new Events()) {
      events.until(2);
      String line = before.lines().toList().getLast().replace("\"epoch\":2", "\"epoch\":3");
      Files.writeString(metrics, line + "\n", StandardOpenOption.APPEND);
      assertEquals(3, events.until(3).at("/curves/epochs/x").size());
      Files.writeString(metrics, before);
      assertEquals(2, events.until(2).at("/curves/epochs/x").size());
    }
  }

  @Test
  void aRunThatIsTrainedOnAndOneThatBegins() throws Exception {
    try (Events events = new Events()) {
      events.until(2);
      Cli.run("train", "--resume", run, "--epochs", 3).success();
      assertEquals(3, events.until(3).get("epochs").asInt());
      Path second = dir.resolve("runs").resolve("second");
      Cli.run("train", "--data", data, "--epochs", 1, "--batch", 4, "--out", second).success();
      assertEquals(second.toString(), events.until(1).get("name").asText());
    }
  }

  @Test
  void whoComesBackIsToldWhatIsNew() throws Exception {
    String id;
    try (Events events = new Events()) {
      events.until(2);
      id = events.id;
    }
    try (Events events = new Events("Last-Event-ID", id)) {
      ObjectNode news = events.next();
      assertEquals(1, news.get("all").size());
      assertEquals(0, news.get("changed").size(), "nothing has changed");
    }
    for (String other : new String[] {"x-1", id.replaceAll("-[0-9]+$", "-x"), ""}) {
      try (Events events = new Events("Last-Event-ID", other)) {
        assertEquals(1, events.next().get("changed").size(), other + ": all is told");
      }
    }
  }

  @Test
  void manySteps() throws Exception {
    StringBuilder text = new StringBuilder();
    for (int step = 1; step <= 100_000; step++) {
      text.append(
          "{\"step\":%d,\"epoch\":1,\"loss\":%d,\"error\":0.5,\"rate\":0.1,\"images_per_second\":9}\n"
              .formatted(step, step % 2));
    }
    Files.writeString(run.resolve("steps.jsonl"), text);
    try (Events events = new Events()) {
      ObjectNode told = events.until(2);
      assertTrue(told.toString().length() < 100_000, "a chart's worth");
      assertEquals(400, told.at("/curves/steps/loss").size());
      assertEquals(0.5, told.at("/curves/steps/loss").get(7).asDouble(), "means of many");
      assertEquals(100_000, told.get("step").asInt());
    }
  }

  @Test
  void filters() throws Exception {
    try (Events events = new Events()) {
      int id = events.next().get("all").get(0).asInt();
      HttpResponse<byte[]> png = get("filters/" + id + ".png?2");
      assertEquals("image/png", png.headers().firstValue("Content-Type").orElseThrow());
      assertTrue(ImageIO.read(new ByteArrayInputStream(png.body())).getWidth() > 0);
      assertEquals(404, get("filters/" + (id + 1) + ".png").statusCode());
    }
  }

  @Test
  void aNetworkWithoutAConvolutionHasNoFilters() throws Exception {
    try (Events events = new Events()) {
      ObjectNode news = events.next();
      assertEquals(2, news.at("/changed/0/filters").asInt(-1), "the epoch");
      String chain = // of the layers, only those that are left when no convolution is there
          JsonFiles.read(run.resolve("run.json"))
              .at("/network/layers")
              .valueStream()
              .filter(layer -> !layer.get("type").asText().equals("convolution"))
              .map(Object::toString)
              .collect(Collectors.joining(", ", "[", "]"));
      ObjectNode settings = JsonFiles.read(run.resolve("run.json"));
      ((ObjectNode) settings.get("network")).set("layers", new ObjectMapper().readTree(chain));
      Path plain = Files.createDirectories(dir.resolve("runs").resolve("plain"));
      for (String name : List.of("state.json", "metrics.jsonl", "steps.jsonl")) {
        Files.copy(run.resolve(name), plain.resolve(name));
      }
      Files.write(plain.resolve("run.json"), JsonFiles.pretty(settings));
      ObjectNode told = events.until(2);
      assertEquals(plain.toString(), told.get("name").asText());
      assertFalse(told.has("filters"), told.toString());
      assertEquals(404, get("filters/%d.png".formatted(told.get("id").asInt())).statusCode());
    }
  }

  @Test
  void aRunThatIsGoneForAWhileKeepsItsNumber() throws Exception {
    Path second = dir.resolve("runs").resolve("second");
    Path away = dir.resolve("away");
    try (Events events = new Events()) {
      int first = events.until(2).get("id").asInt();
      Files.move(run, away);
      assertEquals("[]", events.next().get("all").toString());
      Cli.run("train", "--data", data, "--epochs", 1, "--batch", 4, "--out", second).success();
      int other = events.until(1).get("id").asInt();
      Files.move(away, run);
      assertEquals(first, events.until(2).get("id").asInt());
      assertNotEquals(first, other);
    }
  }

  @Test
  void aDamagedRunIsSaidAndTheOthersAreShown() throws Exception {
    Path bad = Files.createDirectories(dir.resolve("runs").resolve("bad"));
    Files.writeString(bad.resolve("run.json"), "no JSON");
    try (Events events = new Events()) {
      ObjectNode news = events.next();
      assertEquals(2, news.get("changed").size());
      String problem = news.get("changed").get(1).path("problem").asText();
      assertTrue(problem.contains("run.json is damaged"), news.toString());
    }
  }

  @Test
  void nothingElseIsServed() throws Exception {
    for (String path :
        new String[] {
          "run.json",
          "runs/run.json",
          "filters/..%2f..%2frun.json",
          "filters/1.png/../../run.json",
          "%2e%2e/run.json",
          "filters/99999999999.png",
          "watch.html"
        }) {
      assertEquals(404, get(path).statusCode(), path);
    }
  }

  /** The status of a request as it is written. */
  private String status(String method, String... headers) throws IOException {
    URI address = URI.create(watch.address());
    try (Socket socket = new Socket(address.getHost(), address.getPort())) {
      String request = method + " / HTTP/1.1\r\n" + String.join("\r\n", headers) + "\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
      var answer = new BufferedReader(new InputStreamReader(socket.getInputStream()));
      return answer.readLine().split(" ")[1];
    }
  }

  @Test
  void otherHostsAndOriginsAreRefused() throws IOException {
    int port = URI.create(watch.address()).getPort();
    String host = "Host: 127.0.0.1:" + port;
    assertEquals("200", status("GET", host));
    assertEquals("200", status("GET", "Host: localhost:" + port));
    assertEquals("403", status("GET", "Host: evil.example:" + port));
    assertEquals("403", status("GET", "Host: 127.0.0.1:" + (port + 1)));
    assertEquals("403", status("GET", "Host: 127.0.0.1"));
    assertEquals("403", status("GET", host, "Origin: http://evil.example"));
    assertEquals("403", status("GET", host, "Origin: null"));
    assertEquals("200", status("GET", host, "Origin: http://127.0.0.1:" + port));
    assertEquals(
        "403", status("GET", host, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"));
    assertEquals("405", status("POST", host, "Content-Length: 0"));
  }

  @Test
  void whatIsRefused() {
    int port = URI.create(watch.address()).getPort();
    String line = Cli.run("watch", run, "--port", port).failure(ExitStatus.FAILED);
    assertTrue(line.contains("Port " + port + " cannot be used"), line);
    assertTrue(line.contains("give another --port"), line);
    line = Cli.run("watch", data, "--port", 0).failure(ExitStatus.FAILED);
    assertTrue(line.contains(data + " is no run and holds none; give the folder"), line);
    line = Cli.run("watch", dir.resolve("none"), "--port", 0).failure(ExitStatus.FAILED);
    assertTrue(line.contains("is no run and holds none"), line);
    line = Cli.run("watch", run, "--port", 65536).failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("--port is 65536, must be 0 to 65535"), line);
    Object[] words = {"train", "--data", data, "--port", 0, "--out", dir.resolve("x")};
    line = Cli.run(words).failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("given together with --watch"), line);
  }

  @Test
  void trainingWithAPage() {
    Object[] words = {
      "train",
      "--data",
      data,
      "--epochs",
      1,
      "--batch",
      4,
      "--out",
      dir.resolve("x"),
      "--watch",
      "--port",
      0
    };
    assertTrue(Cli.run(words).success().contains("Live page: http://127.0.0.1:"));
  }

  @Test
  void aSignalEndsTheCommand() throws Exception {
    Path output = dir.resolve("output");
    Process process = Cli.start(output, "watch", run, "--port", 0);
    while (!Files.readString(output).contains("Open http://127.0.0.1:")) {
      assertTrue(process.isAlive(), Files.readString(output));
      Thread.sleep(50);
    }
    new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
    assertTrue(process.waitFor(30, TimeUnit.SECONDS));
    assertEquals(ExitStatus.INTERRUPTED, process.exitValue());
    assertTrue(Files.readString(output).contains("Stopped watching"), Files.readString(output));
  }
}
