package org.alexnet.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java programs of the README, compiled and run as they stand there. */
class ReadmeTest {
  private static final Pattern PROGRAM = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  @TempDir Path dir;

  @Test
  void programsRun() throws IOException, InterruptedException {
    List<String> programs =
        PROGRAM
            .matcher(Files.readString(Path.of("..", "README.md")))
            .results()
            .map(m -> m.group(1))
            .toList();
    assertEquals(3, programs.size());
    String trained = run("Train", programs.get(0));
    assertTrue(trained.startsWith("Error on validation images: 0."), trained);
    assertTrue(Files.exists(dir.resolve("runs/first/model.safetensors")));
    run("Own", programs.get(1));
    String own = Files.readString(dir.resolve("runs/tiny/run.json"));
    assertTrue(own.contains("\"model\": \"tiny\"") && own.contains("\"filters\": 16"), own);
    assertEquals(3, Files.readAllLines(dir.resolve("runs/tiny/metrics.jsonl")).size());
    drawStripes(dir.resolve("picture.png"));
    String predicted = run("Predict", programs.get(2));
    assertTrue(predicted.contains("picture.png is [Guess[className="), predicted);
  }

  private static void drawStripes(Path file) throws IOException {
    BufferedImage image = new BufferedImage(40, 32, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < 32; y++) {
      for (int x = 0; x < 40; x++) {
        image.setRGB(x, y, y % 4 < 2 ? 0x30C060 : 0);
      }
    }
    ImageIO.write(image, "png", file.toFile());
  }

  /** Runs a source file in a JVM of its own, as a user would. */
  private String run(String name, String source) throws IOException, InterruptedException {
    Path file = dir.resolve(name + ".java");
    Files.writeString(file, source);
    Path out = dir.resolve(name + ".out");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules",
                "jdk.incubator.vector",
                "-cp",
                absolute(System.getProperty("java.class.path")),
                file.toString())
            .directory(dir.toFile())
            .redirectOutput(out.toFile())
            .redirectError(dir.resolve(name + ".err").toFile())
            .start();
    assertTrue(process.waitFor(3, TimeUnit.MINUTES), name + " does not end");
    String errors = Files.readString(dir.resolve(name + ".err"));
    assertEquals(0, process.exitValue(), errors);
    return Files.readString(out);
  }

  private static String absolute(String classPath) {
    return String.join(
        System.getProperty("path.separator"),
        Pattern.compile(System.getProperty("path.separator"))
            .splitAsStream(classPath)
            .map(entry -> Path.of(entry).toAbsolutePath().toString())
            .toList());
  }
}
