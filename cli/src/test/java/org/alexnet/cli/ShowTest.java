package org.alexnet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.Font;
import java.awt.font.FontRenderContext;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.alexnet.cli.output.ExitStatus;
import org.alexnet.data.Augmentation;
import org.alexnet.data.ImageSource;
import org.alexnet.inference.Classifier;
import org.alexnet.model.Model;
import org.alexnet.model.ModelFile;
import org.alexnet.model.Recipe;
import org.alexnet.model.Schedule;
import org.alexnet.network.Convolution;
import org.alexnet.network.FullyConnected;
import org.alexnet.network.Initial;
import org.alexnet.network.Input;
import org.alexnet.network.Layer;
import org.alexnet.network.Network;
import org.alexnet.network.ParameterSpec;
import org.alexnet.network.Relu;
import org.alexnet.network.Rounding;
import org.alexnet.network.SoftmaxCrossEntropy;
import org.alexnet.network.Window;
import org.alexnet.safetensors.SafetensorsFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every kind of picture by its default options, and what is refused. */
class ShowTest {
  @TempDir private static Path shared;
  @TempDir private Path dir;

  private static Path data;
  private static Path run;
  private static Path image;
  private static boolean fonts;

  @BeforeAll
  static void train() {
    data = TestData.folder(shared.resolve("data"), 8, "<b>cat", "dog", "猫");
    image = data.resolve("dog").resolve("1.jpg");
    run = shared.resolve("run");
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
      "--out",
      run
    };
    Cli.run(words).success();
    fonts = haveFonts();
  }

  /** A machine without fonts makes every picture too, but without text. */
  private static boolean haveFonts() {
    try {
      new Font(Font.SANS_SERIF, Font.PLAIN, 12)
          .createGlyphVector(new FontRenderContext(null, true, true), "x");
      return true;
    } catch (RuntimeException | Error e) {
      return false;
    }
  }

  private static Object[] words(Object... words) {
    return words;
  }

  private static Cli.Result show(Object[] words, Object... more) {
    List<Object> all = new ArrayList<>(List.of("show"));
    all.addAll(List.of(words));
    all.addAll(List.of(more));
    if (!fonts) {
      all.add("--no-text");
    }
    return Cli.run(all.toArray());
  }

  /** Makes a picture, and checks that all of its panels lie within it. */
  private JsonNode made(String kind, int panels, Object... words) throws IOException {
    Path file = dir.resolve(kind + ".png");
    JsonNode json = show(words, "--out", file, "--json").json();
    assertEquals(file.toString(), json.get("file").asText());
    assertEquals(kind, json.get("kind").asText());
    assertEquals(panels, json.get("panels").size());
    BufferedImage picture = ImageIO.read(file.toFile());
    for (JsonNode panel : json.get("panels")) {
      int right = panel.get("x").asInt() + panel.get("width").asInt();
      int bottom = panel.get("y").asInt() + panel.get("height").asInt();
      assertTrue(right <= picture.getWidth() && bottom <= picture.getHeight(), panel.toString());
      assertTrue(panel.get("index").isInt() && panel.get("title").isTextual(), panel.toString());
    }
    return json;
  }

  @Test
  void samples() throws IOException {
    JsonNode json = made("samples", 10, words("samples", "--data", data));
    assertEquals("<b>cat", json.get("panels").get(0).get("title").asText());
    made("samples", 10, words("samples", "--data", "shapes:20"));
    Path floats = TestData.floats(dir.resolve("f.safetensors"), 12, 2);
    made("samples", 10, words("samples", "--data", floats));
  }

  @Test
  void augmentations() throws IOException {
    made("augmentations", 9, words("augmentations", "--data", data));
    made("augmentations", 9, words("augmentations", "--data", data, "--model", "alexnet-2012"));
    Path floats = TestData.floats(dir.resolve("f.safetensors"), 12, 2);
    made("augmentations", 9, words("augmentations", "--data", floats));
  }

  @Test
  void filters() throws IOException {
    JsonNode json = made("filters", 32, words("filters", run));
    float[] w;
    try (SafetensorsFile file = SafetensorsFile.open(run.resolve("model.safetensors"))) {
      w = file.floats("conv1.weight");
    }
    double least = Double.POSITIVE_INFINITY;
    double most = Double.NEGATIVE_INFINITY;
    for (int i = 5 * 27; i < 6 * 27; i++) {
      least = Math.min(least, w[i]);
      most = Math.max(most, w[i]);
    }
    JsonNode panel = json.get("panels").get(5);
    BufferedImage picture = ImageIO.read(dir.resolve("filters.png").toFile());
    int red = picture.getRGB(panel.get("x").asInt(), panel.get("y").asInt()) >> 16 & 0xFF;
    assertEquals(Math.round(255 * (w[5 * 27] - least) / (most - least)), red);
    Object[] weights = {
      "filters", "--model", "alexnet-32", "--weights", run.resolve("model.safetensors")
    };
    assertEquals(json.get("panels"), made("filters", 32, weights).get("panels"));
  }

  @Test
  void features() throws IOException {
    JsonNode json = made("features", 33, words("features", run, image));
    assertEquals(-1, json.get("panels").get(0).get("index").asInt());
    assertEquals(7, json.get("panels").get(8).get("index").asInt());
    for (String layer : List.of("pool3", "fc1", "drop1", "softmax")) {
      made("features", 4, words("features", run, image, "--layer", layer, "--n", 3));
    }
  }

  @Test
  void predictions() throws IOException {
    JsonNode json = made("predictions", 6, words("predictions", run, "--n", 6));
    assertTrue(json.get("panels").get(0).get("title").asText().contains("jpg"));
    made("predictions", 2, words("predictions", run, image, image));
    Object[] held = words("predictions", run, "--data", data, "--n", 7);
    made("predictions", 7, words("predictions", run, "--data", data, "--n", 7, "--all"));
    String line = show(held, "--out", dir.resolve("p.png")).failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("--n is 7, must be from 1 to 6"), line);
  }

  @Test
  void neighbours() throws IOException {
    Object[] queries = {"neighbours", run, "--data", data, "--queries", 2, "--k", 4};
    JsonNode json = made("neighbours", 10, queries);
    JsonNode panels = json.get("panels");
    for (int i = 1; i < 5; i++) {
      assertFalse(panels.get(i).get("index").equals(panels.get(0).get("index")), "not itself");
    }
    JsonNode own =
        made("neighbours", 7, words("neighbours", run, image, "--data", data)).get("panels");
    assertEquals("dog/1.jpg, distance 0.0", own.get(1).get("title").asText(), "itself, found");
  }

  @Test
  void curves() throws Exception {
    assertEquals(2, made("curves", 2, words("curves", run, run)).get("panels").size());
    Path svg = dir.resolve("c.svg");
    show(words("curves", run), "--out", svg).success();
    assertTrue(Files.readString(svg).startsWith("<svg "), "the same as text");
  }

  @Test
  void classesOfTheValidationImagesAreMatchedByName() throws IOException {
    Path val = TestData.folder(dir.resolve("val"), 3, "dog", "猫"); // of which dog is the first
    Path own = dir.resolve("own");
    Object[] words = {"train", "--data", data, "--val", val, "--epochs", 1, "--out", own};
    Cli.run(words).success();
    try (Classifier classifier = Classifier.open(own);
        ImageSource images = classifier.heldOut()) {
      List<Integer> labels = IntStream.range(0, 6).mapToObj(images::label).toList();
      assertEquals(List.of(1, 1, 1, 2, 2, 2), labels);
    }
    JsonNode panel = made("confusion", 1, words("confusion", own)).get("panels").get(0);
    double error = Cli.run("eval", own, "--json").json().get("top1_error").asDouble();
    String title = "6 images, error %.2f %%".formatted(100 * error);
    assertEquals(title, panel.get("title").asText(), "as it is evaluated");
    Files.move(val.resolve("dog"), val.resolve("fox"));
    refused(ExitStatus.FAILED, "has the class 'fox', which the network", "confusion", own);
  }

  @Test
  void neighboursNeedNoClassesThatTheNetworkKnows() throws IOException {
    Path others = TestData.folder(dir.resolve("others"), 3, "eel", "owl");
    made("neighbours", 6, words("neighbours", run, "--data", others, "--queries", 2, "--k", 2));
    refused(ExitStatus.FAILED, "'eel'", "predictions", run, "--data", others);
    Path numbers = dir.resolve("numbers");
    Path pixels = TestData.pixels(dir.resolve("p.safetensors"), 8, 2);
    Cli.run("train", "--data", pixels, "--classes", 2, "--epochs", 0, "--out", numbers).success();
    made("neighbours", 6, words("neighbours", numbers, "--data", others, "--queries", 2, "--k", 2));
    refused(
        ExitStatus.FAILED, "give their names in the order", "confusion", numbers, "--data", others);
  }

  private Path copied(String name) throws IOException {
    Path copy = Files.createDirectory(dir.resolve(name));
    try (Stream<Path> files = Files.list(run)) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    return copy;
  }

  @Test
  void curvesOfARunInItsFirstEpochAreThoseOfItsSteps() throws IOException {
    Path begun = copied("begun");
    String steps = Files.readString(begun.resolve("steps.jsonl"));
    assertEquals(6, steps.lines().count());
    Files.delete(begun.resolve("metrics.jsonl"));
    Files.writeString(
        begun.resolve("steps.jsonl"), String.join("\n", steps.lines().limit(3).toList()) + "\n");
    Path svg = dir.resolve("c.svg");
    show(words("curves", begun), "--out", svg).success();
    long lines =
        Pattern.compile("<polyline points=\"([^\"]*)\"")
            .matcher(Files.readString(svg))
            .results()
            .filter(line -> line.group(1).split(" ").length == 3)
            .count();
    assertEquals(2, lines, "loss and error of three steps");
  }

  @Test
  void runsWhoseColoursComeAgainAreMarked() throws IOException {
    Path svg = dir.resolve("c.svg");
    Object[] many =
        Stream.concat(Stream.of("curves"), Stream.generate(() -> run).limit(9)).toArray();
    show(many, "--out", svg).success();
    // Seven pixels wide: nine of a line with two points, at both of its ends, and in the legend.
    long squares = Files.readString(svg).lines().filter(l -> l.contains("width=\"7\"")).count();
    assertEquals(4 * 2 + 1, squares, "training and validation, loss and error");
    Object[] most =
        Stream.concat(Stream.of("curves"), Stream.generate(() -> run).limit(33)).toArray();
    refused(ExitStatus.WRONG_USAGE, "at most 32, whose lines can be told apart", most);
  }

  @Test
  void confusion() throws IOException {
    made("confusion", 1, words("confusion", run));
    JsonNode all = made("confusion", 1, words("confusion", run, "--data", data, "--all"));
    assertTrue(all.get("panels").get(0).get("title").asText().startsWith("24 images, error "));
    Path svg = dir.resolve("c.svg");
    show(words("confusion", run), "--out", svg).success();
    String text = Files.readString(svg);
    assertTrue(!fonts || (text.contains("&lt;b&gt;cat") && text.contains("猫")), text);
  }

  /** A network of two convolutions in two columns, as a file. */
  private Path twoColumns() throws IOException {
    ParameterSpec spec = ParameterSpec.of(new Initial.UniformFanIn(1));
    Window window = new Window(3, 1, 1);
    List<Layer> layers =
        List.of(
            new Convolution("conv1", 4, window, Rounding.FLOOR, 1, 2, spec, spec),
            new Relu("relu1"),
            new Convolution("conv2", 8, window, Rounding.FLOOR, 2, 2, spec, spec),
            new FullyConnected("fc3", 3, 1, spec, spec),
            new SoftmaxCrossEntropy("softmax"));
    Network network = Network.chain("two-columns", new Input(3, 16, 16, 1 / 255f), layers);
    Recipe recipe = new Recipe(1, 8, 0.01f, 0.9f, 0, new Schedule.Constant(), Augmentation.NONE);
    Model model = new Model(network, recipe, "a test's");
    return Files.writeString(dir.resolve("columns.json"), ModelFile.text(model));
  }

  @Test
  void twoDevicesShowTheSame() throws IOException {
    Path columns = dir.resolve("columns");
    Object[] train = {
      "train", "--model", twoColumns(), "--data", data, "--epochs", 0, "--out", columns
    };
    Cli.run(train).success();
    Object[] words = {"features", columns, image, "--layer", "conv2"};
    JsonNode one = made("features", 9, words);
    BufferedImage first = ImageIO.read(dir.resolve("features.png").toFile());
    Object[] two = {"features", columns, image, "--layer", "conv2", "--devices", "cpu:0,cpu:1"};
    assertEquals(one.get("panels"), made("features", 9, two).get("panels"));
    BufferedImage second = ImageIO.read(dir.resolve("features.png").toFile());
    int far = 0;
    for (int i = 0; i < first.getWidth() * first.getHeight(); i++) {
      int x = i % first.getWidth();
      int y = i / first.getWidth();
      int difference = (first.getRGB(x, y) & 0xFF) - (second.getRGB(x, y) & 0xFF);
      far = Math.max(far, Math.abs(difference));
    }
    assertTrue(far <= 3, "sums may differ in their last bits, not by " + far);
    refused(
        ExitStatus.WRONG_USAGE,
        "name the layer to compare by (--layer): conv1, relu1, conv2, fc3, softmax.",
        "neighbours",
        columns,
        "--data",
        data,
        "--queries",
        1);
  }

  // What is refused.

  private void refused(int status, String says, Object... words) {
    Path file = dir.resolve("refused.png");
    String line = show(words, "--out", file).failure(status);
    assertTrue(line.contains(says), line);
    assertFalse(Files.exists(file), "nothing is written");
  }

  @Test
  void aRunWithoutAnEpochHasFiltersAndNoCurves() throws IOException {
    Path fresh = dir.resolve("fresh");
    Cli.run("train", "--data", data, "--epochs", 0, "--out", fresh).success();
    refused(
        ExitStatus.FAILED,
        "has neither finished an epoch nor recorded a step yet",
        "curves",
        run,
        fresh);
    made("filters", 32, words("filters", fresh));
  }

  @Test
  void layersThatThereAreNot() {
    refused(ExitStatus.WRONG_USAGE, "conv1, conv2, conv3", "filters", run, "--layer", "conv9");
    refused(ExitStatus.WRONG_USAGE, "fc1 has no filters", "filters", run, "--layer", "fc1");
    refused(ExitStatus.WRONG_USAGE, "softmax", "features", run, image, "--layer", "conv9");
    Object[] near = {"neighbours", run, image, "--data", data, "--layer", "fc7"};
    refused(ExitStatus.WRONG_USAGE, "relu4", near);
  }

  @Test
  void moreThanThereIs() {
    refused(ExitStatus.WRONG_USAGE, "--n is 25", "samples", "--data", data, "--n", 25);
    refused(ExitStatus.WRONG_USAGE, "--n is 33", "features", run, image, "--n", 33);
    Object[] many = {"neighbours", run, "--data", data, "--queries", 2, "--k", 24};
    refused(ExitStatus.WRONG_USAGE, "--k is 24, must be from 1 to 23", many);
    many[5] = 25;
    refused(ExitStatus.WRONG_USAGE, "--queries is 25", many);
  }

  @Test
  void imagesThatAreNone() throws IOException {
    Path bad = Files.writeString(dir.resolve("bad\n.jpg"), "no image");
    refused(ExitStatus.FAILED, "is not a JPEG", "features", run, bad);
    refused(ExitStatus.FAILED, "is not a JPEG", "predictions", run, image, bad);
    refused(ExitStatus.FAILED, "none.png cannot be read", "features", run, dir.resolve("none.png"));
  }

  @Test
  void imagesThatCannotBeReadAreLeftOutIfThatIsAskedFor() throws IOException {
    Path bad = Files.writeString(dir.resolve("bad.jpg"), "no image");
    made("predictions", 1, words("predictions", run, bad, image, "--skip-bad"));
    Object[] near = {"neighbours", run, bad, image, "--data", data, "--k", 2, "--skip-bad"};
    JsonNode panels = made("neighbours", 3, near).get("panels");
    assertEquals("query " + image, panels.get(0).get("title").asText());
    assertEquals("dog/1.jpg, distance 0.0", panels.get(1).get("title").asText(), "its own");
    refused(ExitStatus.FAILED, "no image that can be read", "predictions", run, bad, "--skip-bad");
    String line =
        show(words("features", run, bad), "--out", dir.resolve("f.png")).failure(ExitStatus.FAILED);
    assertTrue(line.contains("bad.jpg is not a JPEG") && line.endsWith("give another image"), line);
  }

  @Test
  void filesThatCannotBeWritten() throws IOException {
    Object[] words = words("filters", run);
    String line = show(words, "--out", dir.resolve("a.jpg")).failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("must be a file that ends in .png or .svg"), line);
    Path within = dir.resolve("none").resolve("a.png");
    line = show(words, "--out", within).failure(ExitStatus.FAILED);
    assertTrue(line.contains("there is no folder"), line);
  }

  @Test
  void wrongUsage() {
    assertTrue(Cli.run("show").failure(ExitStatus.WRONG_USAGE).contains("samples, augment"));
    refused(ExitStatus.WRONG_USAGE, "'film' is no kind of picture", "film");
    refused(ExitStatus.WRONG_USAGE, "RUN is missing", "filters");
    refused(ExitStatus.WRONG_USAGE, "IMAGE is missing", "features", run);
    refused(ExitStatus.WRONG_USAGE, "IMAGE is missing", "neighbours", run, "--data", data);
    refused(ExitStatus.WRONG_USAGE, "left out beside", "predictions", run, image, "--n", 3);
  }
}
