package org.alexnet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The script that starts it all, on installations made up for the test. */
class LauncherTest {
  private static final Path SCRIPT = Path.of("..", "alexnet").toAbsolutePath().normalize();

  @TempDir Path dir;
  private Path jdk = Path.of(System.getProperty("java.home"));

  private String run(int status, Path script, String path) throws Exception {
    return run(status, script, path, "devices");
  }

  private String run(int status, Path script, String path, String... words) throws Exception {
    List<String> command = new ArrayList<>(List.of("/bin/bash", script.toString()));
    command.addAll(List.of(words));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("JAVA_HOME", jdk.toString());
    builder.environment().put("PATH", path);
    Process process = builder.directory(dir.toFile()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(status, process.waitFor(), output);
    return output;
  }

  private Path install() throws IOException {
    Path home = Files.createDirectories(dir.resolve("a home"));
    return Files.copy(SCRIPT, home.resolve("alexnet"));
  }

  @Test
  void saysWhatIsMissingAndFollowsLinks() throws Exception {
    Path link = Files.createSymbolicLink(dir.resolve("link"), install());
    String output = run(1, link, System.getenv("PATH"));
    assertTrue(
        output.contains(dir.resolve("a home") + "/cli/target/alexnet-cli.jar is missing"), output);
  }

  private Path fakeJdk(String version, String script) throws IOException {
    Path fake = Files.createDirectories(dir.resolve("jdk/bin")).getParent();
    Files.writeString(fake.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
    Path java = Files.writeString(fake.resolve("bin/java"), script);
    assertTrue(java.toFile().setExecutable(true));
    return fake;
  }

  /** JDK-8377811: G1 of the first three releases may move what native code works on. */
  @Test
  void theCollectorSuitsTheRelease() throws Exception {
    Path script = install();
    Files.createDirectories(script.resolveSibling("cli/target"));
    Files.writeString(script.resolveSibling("cli/target/alexnet-cli.jar"), "");
    Map<String, String> expected =
        Map.of(
            "25", "Parallel",
            "25.0.1", "Parallel",
            "25.0.2", "Parallel",
            "25.0.3", "G1",
            "25.0.10", "G1",
            "25.1", "G1",
            "26", "G1");
    for (Map.Entry<String, String> release : expected.entrySet()) {
      jdk = fakeJdk(release.getKey(), "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
      ProcessBuilder builder = new ProcessBuilder("/bin/bash", script.toString(), "devices");
      builder.environment().put("JAVA_HOME", jdk.toString());
      Process process = builder.start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertEquals(
          List.of("-XX:+Use" + release.getValue() + "GC"),
          output.lines().filter(line -> line.endsWith("GC")).toList(),
          release.getKey());
    }
  }

  /** The JVM warns of the Vector API, which what computes nothing has no need of. */
  @ParameterizedTest
  @ValueSource(strings = {"alexnet", "build/bundle/alexnet"})
  void onlyWhatComputesAsksForTheVectorApi(String launcher) throws Exception {
    Path home = Files.createDirectories(dir.resolve("home"));
    Files.createDirectories(home.resolve("cli/target"));
    Files.writeString(home.resolve("cli/target/alexnet-cli.jar"), "");
    jdk = fakeJdk("25.0.3", "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
    Files.createDirectories(home.resolve("bin"));
    Files.createSymbolicLink(home.resolve("runtime"), jdk);
    Path script = home.resolve(launcher.equals("alexnet") ? "alexnet" : "bin/alexnet");
    Files.copy(SCRIPT.resolveSibling(launcher), script);
    for (Map.Entry<String, Boolean> command :
        Map.ofEntries(
                Map.entry("", false),
                Map.entry("watch", false),
                Map.entry("watch runs --port 1", false),
                Map.entry("train --help", false),
                Map.entry("-V", false),
                Map.entry("show samples --data x", false),
                Map.entry("show filters run", false),
                Map.entry("show curves run", false),
                Map.entry("init --model x", false),
                Map.entry("export run", false),
                Map.entry("train", true),
                Map.entry("train --watch", true),
                Map.entry("predict watch", true),
                Map.entry("predict run -- -h", true),
                Map.entry("show features run x", true),
                Map.entry("show predictions run", true),
                Map.entry("report run", true),
                Map.entry("devices", true))
            .entrySet()) {
      String shell = launcher.equals("alexnet") ? "/bin/bash" : "/bin/sh";
      List<String> words = new ArrayList<>(List.of(shell, script.toString()));
      words.addAll(List.of(command.getKey().split(" ")));
      words.removeIf(String::isEmpty);
      ProcessBuilder builder = new ProcessBuilder(words);
      builder.environment().put("JAVA_HOME", jdk.toString());
      Process process = builder.start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(output.contains("org.alexnet.cli/org.alexnet.cli.Main"), output);
      assertEquals(
          command.getValue(),
          output.contains("--add-modules=jdk.incubator.vector\n"),
          command.getKey());
    }
  }

  /** Standard output has room for the answer alone. */
  @Test
  void warningsOfTheJvmGoToStandardError() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + SCRIPT.resolveSibling("build/java.options"),
                "-XX:SharedArchiveFile=" + dir.resolve("nowhere.jsa"),
                "-version")
            .redirectError(dir.resolve("err").toFile())
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor());
    assertEquals("", output);
    assertTrue(Files.readString(dir.resolve("err")).contains("nowhere.jsa"));
  }

  /** Names of files and classes are UTF-8 wherever the launcher is started. */
  @Test
  void javaIsStartedInUtf8() throws Exception {
    Path script = install();
    Files.createDirectories(script.resolveSibling("cli/target"));
    Files.writeString(script.resolveSibling("cli/target/alexnet-cli.jar"), "");
    jdk = fakeJdk("25.0.3", "#!/bin/sh\nlocale charmap\n");
    for (String locale : new String[] {"LC_ALL=C", "LANG=xx_XX.UTF-8", "NONE=", "LC_CTYPE=POSIX"}) {
      ProcessBuilder builder = new ProcessBuilder("/bin/bash", script.toString(), "devices");
      builder
          .environment()
          .keySet()
          .removeIf(name -> name.startsWith("LC_") || name.equals("LANG"));
      builder.environment().put("JAVA_HOME", jdk.toString());
      builder.environment().put(locale.split("=")[0], locale.substring(locale.indexOf('=') + 1));
      Process process = builder.start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertEquals("UTF-8", output.strip(), locale);
    }
  }

  @Test
  void buildsWhatWasNeverBuilt() throws Exception {
    Path script = install();
    Files.writeString(script.resolveSibling("pom.xml"), "<project/>");
    Path tools = failingMaven();
    String output = run(1, script, tools + ":" + System.getenv("PATH"));
    assertTrue(output.contains("building, since it has not been built yet"), output);
    assertTrue(output.contains("in " + dir.resolve("a home") + ": -q -DskipTests package"), output);
    assertTrue(output.contains("the build failed"), output);
  }

  /** A Maven that says how it is called, and fails. */
  private Path failingMaven() throws IOException {
    Path tools = Files.createDirectories(dir.resolve("tools"));
    Path maven =
        Files.writeString(tools.resolve("mvn"), "#!/bin/sh\necho \"in $PWD: $*\"\nexit 1\n");
    assertTrue(maven.toFile().setExecutable(true));
    return tools;
  }

  private static Path write(Path file, long second) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "");
    return Files.setLastModifiedTime(file, FileTime.from(second, TimeUnit.SECONDS));
  }

  /** The first time is left to whoever wants to fetch a whole Spark. */
  @Test
  void whatRunsOnSparkIsBuiltAgainWhereItIsAskedFor() throws Exception {
    jdk = fakeJdk("25.0.3", "#!/bin/sh\n");
    Path script = install();
    Path home = script.getParent();
    String tools = failingMaven() + ":" + System.getenv("PATH");
    write(home.resolve("pom.xml"), 1);
    write(home.resolve("cli/target/alexnet-cli.jar"), 20);
    Files.createDirectories(home.resolve("cli/target/dist/lib"));
    Path source = write(home.resolve("core/src/main/java/A.java"), 15);
    Path flags = write(home.resolve("build/java.options"), 1);
    String[] onSpark = {"train", "--spark", "local[2]", "--help"};
    assertFalse(run(0, script, tools, onSpark).contains("building"));
    Path jar = write(home.resolve("spark/target/alexnet-spark.jar"), 10);
    assertFalse(run(0, script, tools, "train", "--help").contains("building"));
    for (String[] words : List.of(onSpark, new String[] {"train", "--spark=local[2]"})) {
      String output = run(1, script, tools, words);
      assertTrue(output.contains("since core/src/main/java/A.java is newer"), output);
      assertTrue(output.contains(": -q -DskipTests -Pspark package"), output);
    }
    write(jar, 16);
    assertFalse(run(0, script, tools, onSpark).contains("building"));
    write(flags, 17);
    assertTrue(run(1, script, tools, onSpark).contains("since build/java.options is newer"));
    write(jar, 30);
    assertFalse(run(0, script, tools, onSpark).contains("building"));
    write(source, 25);
    assertTrue(run(1, script, tools, onSpark).contains(": -q -DskipTests -Pspark package"));
    assertTrue(run(1, script, tools, "train").contains(": -q -DskipTests package"));
  }
}
