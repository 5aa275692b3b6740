package org.alexnet.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.alexnet.file.JsonFiles;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** Chromium, as a person opens a page in it. It reaches nothing but this machine. */
final class Browser implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 90;

  /** It warns of browsers that are newer than itself, whose protocol no test needs. */
  private static final Logger PROTOCOL = Logger.getLogger("org.openqa.selenium.devtools");

  private final ChromeDriver driver;

  private Browser(ChromeDriver driver) {
    this.driver = driver;
  }

  /** A browser without a window; the test is skipped, with the reason, where there is none. */
  static Browser open() {
    Path chromium = find("chromium", "google-chrome");
    assumeTrue(chromium != null, "no Chromium is installed: no page was tried in a browser");
    Path chromedriver = find("chromedriver");
    assumeTrue(
        chromedriver != null,
        "no chromedriver is installed (Debian: chromium-driver): no page was tried in a browser");
    ChromeOptions options = new ChromeOptions();
    options.setBinary(chromium.toFile());
    options.addArguments(
        "--headless=new",
        "--no-sandbox", // which root may not have
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--no-first-run",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1");
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    logs.enable(LogType.PERFORMANCE, Level.ALL);
    options.setCapability("goog:loggingPrefs", logs);
    PROTOCOL.setLevel(Level.SEVERE);
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(chromedriver.toFile())
            .usingAnyFreePort()
            .build();
    return new Browser(new ChromeDriver(service, options));
  }

  private static Path find(String... names) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .flatMap(path -> Stream.of(names).map(Path.of(path)::resolve))
        .filter(Files::isExecutable)
        .findFirst()
        .orElse(null);
  }

  /** Opens a page in a desktop's window, light. */
  void get(String address) {
    emulate("Emulation.clearDeviceMetricsOverride", Map.of());
    dark(false);
    driver.manage().window().setSize(new Dimension(1280, 900));
    driver.get(address);
  }

  /** As wide as a phone. */
  void phone() {
    emulate(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", 390, "height", 844, "deviceScaleFactor", 2, "mobile", true));
  }

  void dark(boolean on) {
    Map<String, Object> scheme =
        Map.of("name", "prefers-color-scheme", "value", on ? "dark" : "light");
    emulate("Emulation.setEmulatedMedia", Map.of("features", List.of(scheme)));
  }

  void scripts(boolean on) {
    emulate("Emulation.setScriptExecutionDisabled", Map.of("value", !on));
  }

  private void emulate(String command, Map<String, Object> values) {
    driver.executeCdpCommand(command, values);
  }

  /** What an expression of JavaScript is in the page. */
  Object value(String expression) {
    return driver.executeScript("return " + expression);
  }

  String text(String expression) {
    return String.valueOf(value(expression));
  }

  long number(String expression) {
    return ((Number) value(expression)).longValue();
  }

  /** Waits until an expression is true. */
  void until(String expression) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!Boolean.TRUE.equals(value(expression))) {
      assertTrue(
          System.nanoTime() < end, () -> expression + " in: " + text("document.body.innerText"));
      Thread.sleep(50);
    }
  }

  /** Points at the middle of the first element of a selector. */
  void pointAt(String selector) {
    new Actions(driver).moveToElement(driver.findElement(By.cssSelector(selector))).perform();
  }

  /** Nothing is wider than the window, but for what scrolls by itself. */
  void requireFits(String page) {
    long wide = number("document.documentElement.scrollWidth");
    assertTrue(wide <= number("window.innerWidth"), page + " is " + wide + " pixels wide");
  }

  /** Warnings, errors and what was refused, since the last call. */
  List<String> complaints() {
    return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
        .filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
        .map(entry -> entry.getMessage())
        .toList();
  }

  /** The addresses that pages have asked for since the last call. */
  List<String> requests() {
    return driver.manage().logs().get(LogType.PERFORMANCE).getAll().stream()
        .map(entry -> JsonFiles.parse("event", entry.getMessage()).path("message"))
        .filter(event -> event.path("method").asText().equals("Network.requestWillBeSent"))
        .map(event -> event.at("/params/request/url").asText())
        .toList();
  }

  @Override
  public void close() {
    driver.quit();
  }
}
