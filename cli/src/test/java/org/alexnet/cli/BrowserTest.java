package org.alexnet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.alexnet.pictures.watch.Watch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The live page and the report in a browser. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BrowserTest {
  private static final String HOSTILE = "<img src=x onerror=alert(1)>";
  private static final int EPOCHS = 12;

  @TempDir private static Path shared;
  @TempDir private Path dir;

  private static Browser browser;
  private static Path trained;

  @BeforeAll
  static void open() {
    browser = Browser.open();
    String[] classes = {"<script>alert(1)", "\"dog' onload=x", "猫&amp;"};
    Path data = TestData.folder(shared.resolve("data"), 8, classes);
    trained = shared.resolve(HOSTILE);
    Object[] words = {
      "train",
      "--data",
      data,
      "--val-fraction",
      0.25,
      "--epochs",
      2,
      "--batch",
      8,
      "--log-every",
      1,
      "--out",
      trained
    };
    Cli.run(words).success();
  }

  @AfterAll
  static void close() {
    if (browser != null) {
      browser.close();
    }
  }

  @BeforeEach
  void forget() {
    browser.get("about:blank");
    browser.complaints();
    browser.requests();
  }

  private Path copied(String name) throws IOException {
    Path run = Files.createDirectories(dir.resolve("runs").resolve(name));
    try (Stream<Path> files = Files.list(trained)) {
      for (Path file : files.toList()) {
        Files.copy(file, run.resolve(file.getFileName()));
      }
    }
    return run;
  }

  /** A live page about the runs of this test. */
  private Watch watch() {
    Watch watch = Watch.start(0);
    watch.add(dir.resolve("runs"));
    return watch;
  }

  private static void requireQuiet(String address) {
    assertEquals(List.of(), browser.complaints(), "the console");
    List<String> requests = browser.requests();
    assertFalse(requests.isEmpty(), "what was asked for is known");
    for (String request : requests) {
      assertTrue(request.startsWith(address) || request.startsWith("data:"), request);
    }
  }

  /** The cell of a column in the row of a run. */
  private static String cell(int column) {
    return "document.querySelector('#runs tr')?.cells[" + column + "]?.textContent";
  }

  /** Points of the line of training losses. */
  private static long points() {
    String path = "document.querySelector('.chart path.dashed')?.getAttribute('d') ?? ''";
    return browser.text(path).chars().filter(c -> c == 'M' || c == 'L').count();
  }

  @Test
  void aRunThatIsKilledAndResumedWhileThePageIsOpen() throws Exception {
    Path run = Files.createDirectories(dir.resolve("runs")).resolve(HOSTILE.substring(1));
    Object[] words = {
      "train",
      "--data",
      "shapes:640",
      "--batch",
      16,
      "--epochs",
      EPOCHS,
      "--log-every",
      1,
      "--out",
      run
    };
    try (Watch watch = watch()) {
      browser.get(watch.address());
      browser.until("document.getElementById('state').textContent === 'live'");
      assertEquals(0, browser.number("document.querySelectorAll('#runs tr').length"));
      Process process = Cli.start(dir.resolve("output"), words);
      try {
        browser.until("/^[1-9]/.test(" + cell(2) + ")");
      } finally {
        process.destroyForcibly(); // kill -9
      }
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      assertNotEquals(EPOCHS + " / " + EPOCHS, browser.text(cell(2)), "it was too late");
      Cli.run("train", "--resume", run).success();
      browser.until(cell(2) + " === '" + EPOCHS + " / " + EPOCHS + "'");
      assertEquals(EPOCHS, points(), "each epoch once");
      assertEquals(Long.toString(40 * EPOCHS), browser.text(cell(3)), "steps");
      browser.until("document.querySelector('#filters img')?.naturalWidth > 0");
      browser.until("document.querySelector('#filters img').src.endsWith('?" + EPOCHS + "')");
      assertEquals(run.toString(), browser.text(cell(0)), "the name is text");
      requireQuiet(watch.address());
    }
  }

  /** What stands beside the axis of a chart, from below. */
  private static String marks(String title) {
    return ("[...[...document.querySelectorAll('.chart')].find((c) =>"
            + " c.querySelector('h3')?.textContent.startsWith('%s'))?.querySelectorAll('text')"
            + " ?? []].filter((t) => t.getAttribute('text-anchor') === 'end').map((t) =>"
            + " t.textContent).join(', ')")
        .formatted(title);
  }

  @Test
  void aRateThatFallsCanBeReadOff() throws Exception {
    Path steps = copied("falls").resolve("steps.jsonl");
    List<String> lines = Files.readAllLines(steps);
    double[] rates = {0.02, 0.02, 0.002, 0.002};
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < rates.length; i++) {
      text.append(lines.get(i).replaceFirst("\"rate\":[^,]+", "\"rate\":" + rates[i])).append('\n');
    }
    Files.writeString(steps, text);
    try (Watch watch = watch()) {
      browser.get(watch.address());
      browser.until(marks("Learning rate") + " === '0.002, 0.005, 0.01, 0.02'");
      assertTrue(browser.text(marks("Error")).endsWith(" %"), browser.text(marks("Error")));
      text.append(lines.get(4).replaceFirst("\"rate\":[^,]+", "\"rate\":2e-12")).append('\n');
      Files.writeString(steps, text);
      browser.until(marks("Learning rate") + " === '1e-10, 1e-8, 0.000001, 0.0001, 0.01'");
    }
  }

  @Test
  void aRunOfManyEpochs() throws Exception {
    Path run = copied("long");
    StringBuilder epochs = new StringBuilder();
    StringBuilder steps = new StringBuilder();
    String epoch = Files.readAllLines(run.resolve("metrics.jsonl")).getFirst();
    String step = Files.readAllLines(run.resolve("steps.jsonl")).getFirst();
    for (int i = 1; i <= 500; i++) {
      epochs.append(
          epoch
              .replaceFirst("\"epoch\":1", "\"epoch\":" + i)
              .replaceFirst("\"step\":[0-9]+", "\"step\":" + 20 * i));
      epochs.append('\n');
    }
    for (int i = 1; i <= 10_000; i++) {
      steps.append(step.replaceFirst("\"step\":1,", "\"step\":" + i + ",")).append('\n');
    }
    Files.writeString(run.resolve("metrics.jsonl"), epochs);
    Files.writeString(run.resolve("steps.jsonl"), steps);
    try (Watch watch = watch()) {
      browser.get(watch.address());
      browser.until(cell(3) + " === '10,000'");
      assertEquals(500, points());
      assertEquals(0, browser.number("document.querySelectorAll('.chart circle').length"));
      browser.pointAt(".chart svg");
      browser.until(
          "/^epoch 2[0-9][0-9]/.test(document.querySelector('.chart .tip')?.textContent)");
      Files.writeString(
          run.resolve("metrics.jsonl"),
          epochs
              + epochs
                  .toString()
                  .lines()
                  .toList()
                  .getLast()
                  .replace("\"epoch\":500", "\"epoch\":501")
              + "\n");
      browser.until(cell(2) + " === '501 / 2'");
      assertFalse(
          browser.text("document.querySelector('.chart .tip').textContent").isEmpty(),
          "it stays where the pointer is");
      requireQuiet(watch.address());
    }
  }

  @Test
  void severalRunsOnAPhoneLightAndDark() throws Exception {
    copied(HOSTILE.substring(1));
    copied("an-ordinary-run-with-a-name-that-is-rather-long-for-a-phone");
    try (Watch watch = watch()) {
      browser.get(watch.address());
      browser.until("document.querySelectorAll('.chart svg[role=img]').length === 4");
      assertEquals(0, browser.number("document.querySelectorAll('#runs img').length"));
      String gradients = "[...document.querySelectorAll('.chart')].pop()";
      assertTrue(browser.text(gradients + ".textContent").contains("one run at a time"));
      browser.value("document.querySelector('#runs input').click()");
      browser.until(gradients + ".querySelectorAll('path.curve').length >= 5");
      browser.value("document.querySelector('#runs input').click()");
      String light = browser.text("getComputedStyle(document.body).backgroundColor");
      browser.phone();
      browser.until("document.querySelector('.charts').clientWidth < 400");
      browser.requireFits("the live page");
      browser.dark(true);
      String dark = browser.text("getComputedStyle(document.body).backgroundColor");
      assertEquals("rgb(255, 255, 255)", light);
      assertEquals("rgb(20, 24, 29)", dark);
      assertEquals("rgb(227, 232, 237)", browser.text("getComputedStyle(document.body).color"));
      requireQuiet(watch.address());
    }
  }

  @Test
  void runsThatGoAndComeAndOneWithoutConvolutions() throws Exception {
    copied("run");
    Path plain = copied("plain");
    String settings = Files.readString(plain.resolve("run.json"));
    String without = // layers of another type are enough
        settings.replaceAll("(?m)^.*\"type\": \"(convolution|pooling)\".*\\R", "");
    assertNotEquals(settings, without);
    Files.writeString(plain.resolve("run.json"), without);
    try (Watch watch = watch()) {
      browser.get(watch.address());
      browser.until("document.querySelectorAll('#runs tr').length === 2");
      browser.until("document.querySelector('#filters img')?.naturalWidth > 0");
      assertEquals(1, browser.number("document.querySelectorAll('#filters img').length"));
      Path away = dir.resolve("away");
      Files.move(dir.resolve("runs"), away);
      browser.until("document.querySelectorAll('#runs tr').length === 0");
      assertTrue(browser.text("document.body.innerText").contains("No run is there"));
      Files.move(away, dir.resolve("runs"));
      browser.until("document.querySelectorAll('#runs tr').length === 2");
      assertFalse(browser.text("document.body.innerText").contains("No run is there"));
      browser.until("document.querySelector('#filters img')?.naturalWidth > 0");
      requireQuiet(watch.address());
    }
  }

  @Test
  void aServerThatEndsAndBeginsAgain() throws Exception {
    copied("run");
    int port;
    try (Watch watch = watch()) {
      port = URI.create(watch.address()).getPort();
      browser.get(watch.address());
      browser.until(cell(2) + " === '2 / 2'");
    }
    browser.until("document.getElementById('state').className === 'lost'");
    assertEquals("2 / 2", browser.text(cell(2)), "what was seen stays");
    copied("second");
    try (Watch watch = Watch.start(port)) {
      watch.add(dir.resolve("runs"));
      browser.until("document.querySelectorAll('#runs tr').length === 2");
      browser.until("document.getElementById('state').className === 'live'");
    }
  }

  @Test
  void theReport() throws Exception {
    Path file = dir.resolve("page.html");
    Cli.run("report", trained, "--out", file).success();
    String address = file.toUri().toString();
    browser.get(address);
    browser.until("document.querySelectorAll('.chart svg[role=img]').length === 5");
    assertEquals(HOSTILE, browser.text("document.querySelector('h1').textContent"));
    assertEquals(
        0,
        browser.number("document.querySelectorAll('img:not([src^=\"data:image/png\"])').length"));
    browser.pointAt(".chart svg");
    browser.until("document.querySelector('.chart .tip')?.textContent.startsWith('epoch ')");
    browser.value("document.querySelectorAll('details').forEach((part) => { part.open = true; })");
    browser.phone();
    browser.until("document.querySelector('.charts').clientWidth < 400");
    browser.requireFits("the report");
    browser.dark(true);
    assertEquals(
        "rgb(20, 24, 29)", browser.text("getComputedStyle(document.body).backgroundColor"));
    requireQuiet(address);
    browser.scripts(false);
    try {
      browser.get(address);
      assertEquals(0, browser.number("document.querySelectorAll('.chart').length"));
      assertTrue(browser.text("document.body.innerText").contains("The charts need JavaScript"));
    } finally {
      browser.scripts(true);
    }
  }
}
