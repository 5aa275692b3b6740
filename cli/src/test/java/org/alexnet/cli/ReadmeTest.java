package org.alexnet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples of the README are programs: each is compiled, and run in a JVM of its own. */
class ReadmeTest {
  private static final Path README = Path.of("..", "README.md");
  private static final Pattern EXAMPLE =
      Pattern.compile("^```java\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);

  /** What each prints, in their order. */
  private static final List<String> PRINTED =
      List.of(
          "Error on validation images: 0",
          "picture.png is [Guess[className=",
          "The picture is [Guess[className=");

  @TempDir Path dir;

  @Test
  void theExamplesCompileAndRun() throws Exception {
    List<Path> examples = new ArrayList<>();
    Matcher matcher = EXAMPLE.matcher(Files.readString(README));
    while (matcher.find()) {
      Path file = dir.resolve("Example%d.java".formatted(examples.size() + 1));
      examples.add(Files.writeString(file, matcher.group(1)));
    }
    assertEquals(PRINTED.size(), examples.size());
    compile(examples);
    ImageIO.write(
        new BufferedImage(40, 30, BufferedImage.TYPE_INT_RGB),
        "png",
        dir.resolve("picture.png").toFile());
    for (int i = 0; i < examples.size(); i++) {
      String output = run("Example" + (i + 1));
      assertTrue(output.contains(PRINTED.get(i)), output);
    }
    assertTrue(Files.exists(dir.resolve("runs/first/model.safetensors")));
    try (var runs = Files.list(dir.resolve("runs"))) {
      assertEquals(1, runs.count(), "the run in memory writes none");
    }
  }

  private void compile(List<Path> files) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter said = new StringWriter();
    try (StandardJavaFileManager manager =
        compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
      boolean compiled =
          compiler
              .getTask(
                  said,
                  manager,
                  null,
                  List.of(
                      "-proc:none",
                      "-cp",
                      System.getProperty("java.class.path"),
                      "-d",
                      dir.toString()),
                  null,
                  manager.getJavaFileObjectsFromPaths(files))
              .call();
      assertTrue(compiled, said.toString());
    }
  }

  /** What a program prints; the JVM's own warnings go elsewhere. */
  private String run(String name) throws Exception {
    Path errors = dir.resolve(name + ".err");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "--add-modules",
                "jdk.incubator.vector",
                "-cp",
                System.getProperty("java.class.path") + ":" + dir,
                name)
            .directory(dir.toFile())
            .redirectError(errors.toFile())
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output + Files.readString(errors));
    assertFalse(Files.readString(errors).contains("Exception"), Files.readString(errors));
    return output;
  }
}
