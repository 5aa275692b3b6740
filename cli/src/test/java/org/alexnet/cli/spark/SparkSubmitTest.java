package org.alexnet.cli.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.alexnet.AlexNetException;
import org.alexnet.UsageException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SparkSubmitTest {
  private static final SparkMaster LOCAL = SparkMaster.of("local[4]");

  @TempDir Path dir;

  private String refused(Map<String, String> environment) {
    return assertThrows(
            AlexNetException.class, () -> new SparkSubmit(environment, dir).command(LOCAL, 1))
        .getMessage();
  }

  private Path jar() throws IOException {
    Path jar = dir.resolve("spark/target/alexnet-spark.jar");
    Files.createDirectories(jar.getParent());
    return Files.writeString(jar, "");
  }

  /** A spark-submit that says what it is given, and ends with 3. */
  private static Path script(Path bin) throws IOException {
    Files.createDirectories(bin);
    Path script =
        Files.writeString(
            bin.resolve("spark-submit"), "#!/bin/sh\nprintf '%s\\n' \"$@\" >\"$0.said\"\nexit 3\n");
    return Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @Test
  void whatIsMissingIsSaidWithTheRemedy() throws IOException {
    assertEquals(
        "What workers run on Spark, %s, is not built; build it with: cd %s && mvn -Pspark -DskipTests package"
            .formatted(dir.resolve("spark/target/alexnet-spark.jar"), dir),
        refused(Map.of()));
    jar();
    assertEquals(
        "Spark is not there: SPARK_HOME is not set, and there is no spark-submit in PATH. Set"
            + " SPARK_HOME to the folder of Spark 4.2, or fetch it with: cd %s && mvn -Pspark -DskipTests package"
                .formatted(dir),
        refused(Map.of("PATH", dir + ":")));
    assertTrue(
        refused(Map.of("SPARK_HOME", dir.toString()))
            .startsWith(
                "Spark is not there: SPARK_HOME is %s, which holds neither bin/spark-submit nor jars. "
                    .formatted(dir)));
  }

  @Test
  void theSparkOfSparkHomeComesBeforeThatOfPathAndTheCopy() throws IOException {
    Path jar = jar();
    Path copy = Files.createDirectories(dir.resolve("spark/target/spark/jars"));
    String java = String.join(" ", new SparkSubmit(Map.of(), dir).command(LOCAL, 1));
    assertTrue(java.contains(copy + "/* org.apache.spark.deploy.SparkSubmit "), java);
    assertTrue(java.endsWith(" --master local[4] --conf spark.task.cpus=1 " + jar), java);
    Path found = script(dir.resolve("path"));
    Map<String, String> path = Map.of("PATH", dir.resolve("none") + ":" + found.getParent());
    assertEquals(found.toString(), new SparkSubmit(path, dir).command(LOCAL, 1).getFirst());
    Path own = script(dir.resolve("home/bin"));
    Map<String, String> home =
        Map.of("SPARK_HOME", dir.resolve("home").toString(), "PATH", path.get("PATH"));
    assertEquals(own.toString(), new SparkSubmit(home, dir).command(LOCAL, 1).getFirst());
  }

  @Test
  void flagsAreThoseOfTheLaunchers() throws IOException {
    List<String> flags = SparkSubmit.vectorFlags();
    assertEquals("--add-modules=jdk.incubator.vector", flags.getFirst());
    assertTrue(
        flags.stream().anyMatch(flag -> flag.contains("CompileThresholdScaling")), "" + flags);
    List<String> all = Files.readAllLines(Path.of("../build/java.options"));
    assertTrue(all.containsAll(flags.subList(1, flags.size())), "" + flags);
  }

  @Test
  void theStatusAndTheOptionsAreHandedOn() throws IOException {
    Path jar = jar();
    Path script = script(dir.resolve("bin"));
    SparkSubmit submit = new SparkSubmit(Map.of("SPARK_HOME", dir.toString()), dir);
    List<String> options = List.of("--workers", "2", "--out", "a folder", "--spark=local[4]");
    assertEquals(3, submit.run(LOCAL, 2, null, options));
    List<String> said = Files.readAllLines(Path.of(script + ".said"));
    assertEquals(
        List.of("--master", "local[4]", "--conf", "spark.task.cpus=2"), said.subList(0, 4));
    assertEquals(
        List.of(jar.toString(), "train", "--workers", "2", "--out", "a folder", "--spark=local[4]"),
        said.subList(said.size() - 7, said.size()));
    assertTrue(said.contains("--driver-java-options"), said + "");
  }

  @Test
  void aProcessThatWasKilledIsNamed() throws IOException {
    jar();
    Files.writeString(script(dir.resolve("bin")), "#!/bin/sh\nkill -9 $$\n");
    SparkSubmit submit = new SparkSubmit(Map.of("SPARK_HOME", dir.toString()), dir);
    String said =
        assertThrows(AlexNetException.class, () -> submit.run(LOCAL, 2, null, List.of()))
            .getMessage();
    assertTrue(said.startsWith("Spark's process was killed, "), said);
    assertTrue(said.endsWith(" go on from there with --resume."), said);
  }

  @Test
  void aWorkerHasItsShareOfTheThreads() {
    assertEquals(2, LOCAL.threads(2, null));
    assertEquals(1, LOCAL.threads(3, null));
    assertEquals(1, LOCAL.threads(2, 2));
    assertEquals(3, SparkMaster.of("local-cluster[2,3,1024]").threads(2, null));
    assertEquals(1, SparkMaster.of("local-cluster[2,3,1024]").threads(4, null));
    SparkMaster standalone = SparkMaster.of("spark://a.example:7077,b.example:7077");
    assertEquals(1, standalone.threads(2, null));
    assertEquals(8, standalone.threads(2, 16));
    assertEquals(
        Map.of("spark.task.cpus", "8", "spark.executor.cores", "8"), standalone.settings(8));
    assertEquals(
        Map.of("spark.task.cpus", "3", "spark.executor.memory", "1024m"),
        SparkMaster.of("local-cluster[2,3,1024]").settings(3));
    assertEquals(
        "--workers is 5, must be at most the cores of local[4], 4.",
        assertThrows(UsageException.class, () -> LOCAL.threads(5, null)).getMessage());
    assertEquals(
        "--workers is 2, must be at most the cores of local[4], 4, with 10 threads in all.",
        assertThrows(UsageException.class, () -> LOCAL.threads(2, 10)).getMessage());
  }

  @Test
  void mastersThatAreNoneAreRefused() {
    for (String name :
        List.of("", "yarn", "local[0]", "local[x]", "local-cluster[2,1]", "spark://a", "a:7077")) {
      String said =
          assertThrows(UsageException.class, () -> SparkMaster.of(name), name).getMessage();
      assertTrue(
          said.contains("must be spark://HOST:PORT, local-cluster[N,CORES,MB] or local[CORES]"),
          said);
    }
  }
}
