import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;

/**
 * Unpacks the bundle into a folder with a space in its name and uses it as on a machine that has no
 * Java: an environment without the builder's variables, and a PATH with only what the script calls.
 * Argument: the archive. On a machine with a GPU, the GPU is tried too.
 */
final class CheckBundle {
  private static final List<String> TOOLS = List.of("dirname", "readlink", "stty");
  private static final List<String> FORMATS = List.of("jpg", "png", "bmp", "gif");

  private final Path folder;
  private final Path home;

  private CheckBundle(Path folder) {
    this.folder = folder;
    this.home = folder.resolve("alexnet-linux-x86_64");
  }

  public static void main(String[] args) throws IOException, InterruptedException {
    Path archive = Path.of(args[0]).toAbsolutePath();
    Path folder = Files.createTempDirectory("a bundle ");
    int status = 0;
    try {
      new CheckBundle(folder).check(archive);
    } catch (IllegalStateException e) {
      System.err.println("The bundle does not work: " + e.getMessage());
      status = 1;
    } finally {
      try (var files = Files.walk(folder)) {
        files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
      }
    }
    if (status == 0) {
      System.out.println(archive + " works without Java.");
    }
    System.exit(status);
  }

  private void check(Path archive) throws IOException, InterruptedException {
    run(Map.of("PATH", "/usr/bin:/bin"), "tar", "--extract", "--file=" + archive);
    Path java = home.resolve("runtime/bin/java");
    // Otherwise every start would be slower, and nothing would say so.
    for (String sign : List.of("+", "-")) {
      alone(
          java,
          "-XX:+UseG1GC",
          "-XX:%sUseCompressedOops".formatted(sign),
          "-Xshare:on",
          "--version");
    }

    Path command = Files.createSymbolicLink(folder.resolve("alexnet"), home.resolve("bin/alexnet"));
    JsonNode devices = new ObjectMapper().readTree(alone(command, "devices", "--json"));
    require(!devices.path("selected").asText().isEmpty(), "devices --json names no backend");

    alone(command, "train", "--data", "shapes:200", "--epochs", "1", "--out", "first run");
    require(Files.isRegularFile(folder.resolve("first run/run.json")), "train left no run.json");

    images();
    alone(command, "train", "--data", "images", "--epochs", "1", "--batch", "4", "--out", "second");
    alone(command, "predict", "second", "images/red/0.jpg");
    alone(command, "show", "filters", "second", "--out", "filters.png");
    pictureWithText(command);

    for (JsonNode backend : devices.path("backends")) {
      if (backend.path("name").asText().equals("cuda") && backend.path("available").asBoolean()) {
        alone(command, "selftest", "--backend", "cuda");
      }
    }
  }

  /** Fonts are the machine's; where it has none, a sentence says so. */
  private void pictureWithText(Path command) throws IOException, InterruptedException {
    String[] words = {"show", "samples", "--data", "images", "--n", "2", "--out", "samples.png"};
    if (Files.exists(Path.of("/usr/share/fonts"))) {
      alone(command, words);
    }
    String[] others = Arrays.copyOf(words, words.length + 1);
    others[words.length] = "--no-text";
    alone(command, others);
  }

  /** Every format, whose readers need libraries of the runtime. */
  private void images() throws IOException {
    for (Color colour : List.of(Color.RED, Color.BLUE)) {
      String name = colour.equals(Color.RED) ? "red" : "blue";
      Path images = Files.createDirectories(folder.resolve("images").resolve(name));
      for (int i = 0; i < 8; i++) {
        BufferedImage image = new BufferedImage(40, 40, BufferedImage.TYPE_INT_RGB);
        for (int x = 0; x < 40 * 40; x++) {
          image.setRGB(x % 40, x / 40, x % (i + 2) == 0 ? 0 : colour.getRGB());
        }
        String format = FORMATS.get(i % FORMATS.size());
        ImageIO.write(image, format, images.resolve(i + "." + format).toFile());
      }
    }
  }

  /** Runs a command of the bundle and answers what it wrote to standard output. */
  private String alone(Path command, String... arguments) throws IOException, InterruptedException {
    Path tools = folder.resolve("tools");
    if (!Files.exists(tools)) {
      Files.createDirectory(tools);
      for (String tool : TOOLS) {
        Files.createSymbolicLink(tools.resolve(tool), Path.of("/usr/bin", tool));
      }
    }
    List<String> all = new ArrayList<>(List.of(command.toString()));
    all.addAll(List.of(arguments));
    // A display would be asked for, were the runtime not told that there is none.
    Map<String, String> environment =
        Map.of("PATH", tools.toString(), "XDG_CACHE_HOME", folder.toString(), "DISPLAY", ":77");
    return run(environment, all.toArray(String[]::new));
  }

  private String run(Map<String, String> environment, String... command)
      throws IOException, InterruptedException {
    Path out = folder.resolve("out.txt");
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    builder.redirectOutput(out.toFile()).redirectError(Redirect.INHERIT);
    int status = builder.start().waitFor();
    String output = Files.readString(out);
    require(
        status == 0,
        "%s ended with status %d: %s".formatted(String.join(" ", command), status, output));
    return output;
  }

  private static void require(boolean condition, String sentence) {
    if (!condition) {
      throw new IllegalStateException(sentence + ".");
    }
  }
}
