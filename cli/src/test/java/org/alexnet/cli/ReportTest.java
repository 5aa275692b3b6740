package org.alexnet.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.data.ImageSource;
import org.alexnet.file.JsonFiles;
import org.alexnet.inference.Classifier;
import org.alexnet.pictures.report.Results;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page about a run: its parts, what is left out, and that names stay text. */
class ReportTest {
  private static final Pattern TAG = Pattern.compile("<(/?)([a-z0-9]+)((?:\\s[^<>]*)?)>");
  private static final Set<String> WITHOUT_END = Set.of("meta", "img");
  private static final String HOSTILE = "<script>alert(1)";

  @TempDir private static Path shared;
  @TempDir private Path dir;

  private static Path data;
  private static Path run;

  @BeforeAll
  static void train() throws IOException {
    data = TestData.folder(shared.resolve("data"), 8, HOSTILE, "\"dog' onload=x", "猫&amp;");
    run = shared.resolve("a<img src=x>");
    Object[] words = {
      "train",
      "--data",
      data,
      "--val-fraction",
      "0.25",
      "--epochs",
      2,
      "--batch",
      8,
      "--log-every",
      1,
      "--seed",
      7,
      "--lr",
      "1e-3",
      "--no-shuffle",
      "--out",
      run
    };
    Cli.run(words).success();
  }

  /** As {@link #wholePage}, without the measurements, which take their time. */
  private String page(Object... words) throws IOException {
    return wholePage(Stream.concat(Stream.of(words), Stream.of("--no-profile")).toArray());
  }

  /** Writes the report of a run, and checks that it is one well-formed page that loads nothing. */
  private String wholePage(Object... words) throws IOException {
    Path file = dir.resolve("page.html");
    List<Object> all = new ArrayList<>(List.of("report"));
    all.addAll(List.of(words));
    all.addAll(List.of("--out", file, "--json"));
    JsonNode json = Cli.run(all.toArray()).json();
    assertEquals(file.toString(), json.get("file").asText());
    assertEquals(Files.size(file), json.get("bytes").asLong());
    assertTrue(Files.size(file) < 3_000_000, "a page of moderate size");
    String page = Files.readString(file);
    requireBalanced(page);
    assertFalse(page.matches("(?s).*(src|href)=\"(?!data:image/png;base64,).*"), "loads nothing");
    return page;
  }

  private static void requireBalanced(String page) {
    String markup = page.replaceAll("(?s)(<(script|style)[^>]*>).*?</\\2>", "$1</$2>");
    Deque<String> open = new ArrayDeque<>();
    Matcher tags = TAG.matcher(markup);
    while (tags.find()) {
      if (!tags.group(1).isEmpty()) {
        assertEquals(open.pop(), tags.group(2), "ends what was begun last");
      } else if (!WITHOUT_END.contains(tags.group(2))) {
        open.push(tags.group(2));
      }
    }
    assertTrue(open.isEmpty(), open.toString());
    assertEquals(1, markup.split("<!DOCTYPE html>", -1).length - 1);
  }

  private static List<String> headings(String page) {
    return Pattern.compile("<h2>(.*?)</h2>")
        .matcher(page)
        .results()
        .map(heading -> heading.group(1))
        .toList();
  }

  @Test
  void everyPart() throws IOException {
    String page = page(run);
    assertEquals(
        List.of(
            "What was trained",
            "How it went",
            "Filters of the first convolution",
            "What it takes images for",
            "What its layers give",
            "Where the time went",
            "How to repeat it"),
        headings(page));
    assertTrue(page.contains("alexnet-32, 2 of 2 epochs, 6 steps"), page);
    assertTrue(page.contains("18 of " + data), "training images");
    assertTrue(page.contains(System.getProperty("java.vendor")), "the Java that trained");
    assertTrue(page.contains("\"loss\":["), "the curves");
    assertTrue(page.contains("<td>relu4</td>"), "layers");
  }

  /** The rows of the first table after a text, without markup. */
  private static List<String> table(String page, String after) {
    String part = page.substring(page.indexOf(after));
    return part.substring(part.indexOf("<tbody>"), part.indexOf("</tbody>"))
        .replaceAll("\\s*<(?!tr)[^>]*>\\s*", " ")
        .replaceAll("[\\s]+", " ")
        .trim()
        .lines()
        .flatMap(rows -> Stream.of(rows.split("<tr>")))
        .map(String::trim)
        .filter(row -> !row.isEmpty())
        .toList();
  }

  @Test
  void gradientsOfEveryLayer() throws IOException {
    String page = page(run);
    List<String> rows = table(page, "<h3>Gradients by layer</h3>");
    List<String> layers = rows.stream().map(row -> row.substring(0, row.indexOf(' '))).toList();
    assertEquals(List.of("conv1", "conv2", "conv3", "fc1", "fc2"), layers);
    List<JsonNode> steps = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("steps.jsonl"))) {
      steps.add(JsonFiles.parse("step", line).get("gradient_norm"));
    }
    double[] norms = steps.stream().mapToDouble(norm -> norm.get("fc2").asDouble()).toArray();
    String[] shown = rows.getLast().split(" ");
    assertEquals(norms[0], Double.parseDouble(shown[1]), 1e-3 * norms[0], "first");
    assertEquals(norms[5], Double.parseDouble(shown[5]), 1e-3 * norms[5], "last");
    Arrays.sort(norms);
    assertEquals(norms[0], Double.parseDouble(shown[2]), 1e-3 * norms[0], "least");
    assertEquals(norms[5], Double.parseDouble(shown[4]), 1e-3 * norms[5], "most");
    assertEquals(6, table(page, "<summary>Steps as a table").size());
    assertTrue(page.contains("\"gradients\":[{\"layer\":\"conv1\",\"norm\":["), "a curve");
  }

  @Test
  void whereTheTimeWent() throws IOException {
    String page = wholePage(run);
    List<String> rows = table(page, "A step of 8 images takes");
    List<String> layers = rows.stream().map(row -> row.substring(0, row.indexOf(' '))).toList();
    assertTrue(layers.containsAll(List.of("conv1", "conv2", "conv3", "fc1", "fc2")), layers + "");
    double percent = rows.stream().mapToDouble(row -> Double.parseDouble(row.split(" ")[3])).sum();
    assertEquals(100, percent, 0.1, "shares of the whole");
    assertTrue(page.contains("on backend cpu, fp32, "), "where it was measured");
    assertTrue(table(page, "<summary>By kernel").size() > 5);
    assertFalse(page(run).contains("A step of 8 images"), "unless it is declined");
    Files.writeString(
        copied(run).resolve("run.json"),
        Files.readString(run.resolve("run.json")).replace("\"cpu\"", "\"cuda\""));
    String elsewhere = wholePage(dir.resolve("copy"));
    assertTrue(elsewhere.contains("goes was not measured: Backend cuda cannot serve"), elsewhere);
    assertTrue(
        wholePage(dir.resolve("copy"), "--backend", "reference")
            .contains("on backend reference, fp32"));
  }

  private Path copied(Path from) throws IOException {
    Path to = Files.createDirectory(dir.resolve("copy"));
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
    return to;
  }

  @Test
  void imagesAreInThePage() throws IOException {
    List<String> sources =
        Pattern.compile("src=\"data:image/png;base64,([^\"]+)\"")
            .matcher(page(run))
            .results()
            .map(source -> source.group(1))
            .toList();
    assertEquals(2 + 6, sources.size(), "filters then and now, and each held-out image once");
    for (String source : sources) {
      byte[] png = Base64.getDecoder().decode(source);
      assertTrue(ImageIO.read(new ByteArrayInputStream(png)).getWidth() > 0);
    }
  }

  @Test
  void namesStayText() throws IOException {
    String page = page(run);
    assertFalse(page.contains(HOSTILE), "no class begins a script");
    assertTrue(page.contains("&lt;script&gt;alert(1)"), "but it is named");
    assertFalse(page.contains("<img src=x>"), "nor does the run");
    assertTrue(page.contains("<h1>a&lt;img src=x&gt;</h1>"), page);
    assertFalse(page.contains("\"dog'"), "no class ends an attribute");
    assertTrue(page.contains("猫&amp;amp;"), "what looks escaped is escaped once more");
    MatchResult[] scripts =
        Pattern.compile("<script").matcher(page).results().toArray(MatchResult[]::new);
    assertEquals(2, scripts.length, "the curves and this program's own");
  }

  @Test
  void resultsAreSorted() {
    try (Classifier classifier = Classifier.open(run);
        ImageSource images = classifier.images(data.toString())) {
      Results results = Results.of(classifier, images);
      assertEquals(24, results.images());
      assertEquals(8, results.images(1));
      assertEquals(
          results.errors(),
          24 - results.counts()[0][0] - results.counts()[1][1] - results.counts()[2][2]);
      float before = 1;
      for (Results.Example mistake : results.mistakes()) {
        assertTrue(mistake.label() != mistake.predicted() && mistake.probability() <= before);
        before = mistake.probability();
      }
      before = 0;
      for (Results.Example hit : results.closest()) {
        assertTrue(hit.label() == hit.predicted() && hit.probability() >= before);
        before = hit.probability();
      }
      assertEquals(Math.min(12, results.errors()), results.mistakes().size());
    }
  }

  @Test
  void theCommandTrainsTheSame() throws IOException {
    Path again = dir.resolve("again");
    List<String> words = new ArrayList<>(new Repetition(run).words());
    words.addAll(List.of("--out", again.toString()));
    Cli.run(words.toArray()).success();
    assertArrayEquals(
        Files.readAllBytes(run.resolve("model.safetensors")),
        Files.readAllBytes(again.resolve("model.safetensors")));
    Cli.run("train", "--resume", again, "--epochs", 3).success();
    List<String> commands = new Repetition(again).commands();
    assertTrue(page(again).contains("Resumed"), "a row of the table");
    assertTrue(page(again).contains(", after step 6, on backend cpu</td>"), "on the same machine");
    assertEquals(
        "./alexnet train --resume %s --epochs 3".formatted(dir.resolve("again-again")),
        commands.get(1));
  }

  @Test
  void aRunThatHasRecordedMoreThanItsCheckpointHolds() throws IOException {
    assertFalse(page(run).contains("The last checkpoint was made"));
    Path killed = copied(run);
    Path steps = killed.resolve("steps.jsonl");
    String last = Files.readAllLines(steps).getLast();
    String later = last.replaceFirst("\"step\":6", "\"step\":9") + "\n";
    Files.writeString(steps, later, StandardOpenOption.APPEND);
    String page = page(killed);
    assertTrue(page.contains("alexnet-32, 2 of 2 epochs, 9 steps"), page);
    assertTrue(page.contains("The last checkpoint was made after step 6: filters,"), page);
    assertTrue(page.contains("the curves reach to step 9."), page);
  }

  @Test
  void aNetworkOfNoCatalogueIsInThePage() throws IOException {
    String text = Cli.run("summary", "--model", "alexnet-32", "--show", "network").success();
    Path file = Files.writeString(dir.resolve("m.json"), text.replace("alexnet-32", "own-32"));
    Path own = dir.resolve("own");
    Object[] words = {"train", "--model", file, "--data", data, "--epochs", 0, "--out", own};
    Cli.run(words).success();
    String page = page(own);
    assertTrue(page.contains("--model NETWORK.json"), page);
    Files.writeString(dir.resolve("NETWORK.json"), new Repetition(own).network().orElseThrow());
    Cli.run("summary", "--model", dir.resolve("NETWORK.json")).success();
  }

  @Test
  void filtersOfTheStartAreThoseOfTheSeed() throws IOException {
    Path fresh = dir.resolve("fresh");
    Cli.run("train", "--data", data, "--epochs", 0, "--seed", 7, "--out", fresh).success();
    String page = page(fresh);
    List<String> filters =
        Pattern.compile("<figure><img src=\"([^\"]+)\"")
            .matcher(page)
            .results()
            .map(figure -> figure.group(1))
            .limit(2)
            .toList();
    assertEquals(filters.get(0), filters.get(1), "before the first step it is the same");
    assertTrue(page(run).contains(filters.getFirst()), "and so it is for all of this seed");
    Path fine = dir.resolve("fine");
    Path weights = run.resolve("model.safetensors");
    Cli.run("train", "--data", data, "--epochs", 0, "--init", weights, "--out", fine).success();
    assertTrue(page(fine).contains("began with weights of a file"), "which is no seed's");
  }

  @Test
  void whatIsMissingIsSaid() throws IOException {
    Path fresh = dir.resolve("fresh");
    Path moved = TestData.folder(dir.resolve("moved"), 4, "cat", "dog");
    Object[] words = {
      "train", "--data", moved, "--val-fraction", "0.25", "--epochs", 0, "--out", fresh
    };
    Cli.run(words).success();
    String page = page(fresh);
    assertTrue(page.contains("The run has not finished an epoch"), page);
    assertTrue(headings(page).contains("What it takes images for"));
    TestData.delete(moved);
    page = page(fresh);
    assertTrue(page.contains("which does not exist any more; if they have moved"), page);
    assertTrue(page.contains("(--data)"), "and how to name their place");
    assertFalse(headings(page).contains("What it takes images for"));
    assertTrue(headings(page).contains("Filters of the first convolution"));
    Files.delete(fresh.resolve("state.json"));
    page = page(fresh);
    assertTrue(page.contains("has no checkpoint yet"), page);
    assertEquals(List.of("What was trained", "How it went", "How to repeat it"), headings(page));
  }

  @Test
  void whatIsRefused() {
    String line = Cli.run("report", dir).failure(ExitStatus.FAILED);
    assertTrue(line.contains("is not a run: it has no run.json; give the folder that train"), line);
    line = Cli.run("report").failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("RUN is missing"), line);
    line = Cli.run("report", run, "--out", dir.resolve("a.pdf")).failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("must be a file that ends in .html"), line);
    line = Cli.run("report", run, "--data", dir.resolve("none")).failure(ExitStatus.FAILED);
    assertTrue(line.contains("none"), line);
    assertFalse(Files.exists(run.resolve("report.html")), "nothing is written");
  }
}
