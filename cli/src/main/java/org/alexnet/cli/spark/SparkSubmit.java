package org.alexnet.cli.spark;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;

/**
 * Starts a training on Spark: {@code spark-submit} of the jar that {@code mvn -Pspark package}
 * makes. Spark is that of {@code SPARK_HOME}, else the one whose {@code spark-submit} is in {@code
 * PATH}, else the copy that the same build leaves.
 */
public final class SparkSubmit {
  private static final String HOME = "SPARK_HOME";
  private static final String JAR = "alexnet-spark.jar";
  private static final String BUILD = "mvn -Pspark -DskipTests package";

  /** Packages of java.base that Spark's own launcher opens to it. */
  private static final List<String> OPENED =
      List.of(
          "java.lang",
          "java.lang.invoke",
          "java.lang.reflect",
          "java.io",
          "java.net",
          "java.nio",
          "java.util",
          "java.util.concurrent",
          "java.util.concurrent.atomic",
          "jdk.internal.ref",
          "sun.nio.ch",
          "sun.nio.cs",
          "sun.util.calendar");

  /** What is left of a training that has ended before its time, once there is a run. */
  public static final String SAVED =
      "What the workers have saved is in the run folder: go on from there with --resume.";

  /** The status of a process that SIGKILL ended. */
  private static final int KILLED = 128 + 9;

  /** Less than the end of this process waits for anything. */
  private static final long LONGEST_END_MILLIS = 2000;

  private final Map<String, String> environment;
  private final Path installation;
  private volatile Process process;

  /**
   * With Spark where this process finds it.
   *
   * @throws AlexNetException if this program is not in a folder of its own
   */
  public SparkSubmit() {
    this(System.getenv(), ownFolder());
  }

  /**
   * @param environment variables of the process
   * @param installation the folder of this program
   */
  SparkSubmit(Map<String, String> environment, Path installation) {
    this.environment = environment;
    this.installation = installation;
  }

  /**
   * What inner loops on the Vector API need, of the flags of the launchers ({@code
   * build/java.options}, which is a resource here); they ask for the module themselves.
   */
  public static List<String> vectorFlags() {
    try (InputStream options = SparkSubmit.class.getResourceAsStream("java.options")) {
      List<String> flags = new ArrayList<>(List.of("--add-modules=jdk.incubator.vector"));
      new String(options.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> line.startsWith("-XX:CompileCommand="))
          .forEach(flags::add);
      return flags;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Three folders above cli/target/alexnet-cli.jar. */
  private static Path ownFolder() {
    try {
      return Path.of(SparkSubmit.class.getProtectionDomain().getCodeSource().getLocation().toURI())
          .resolve("../../..")
          .normalize();
    } catch (URISyntaxException e) {
      throw new AlexNetException("The folder of this program cannot be named: " + e, e);
    }
  }

  /**
   * Trains, and waits for the end.
   *
   * @param arguments the options of {@code train} as they were given
   * @return the exit status
   * @throws AlexNetException if Spark or the jar is not there
   */
  public int run(SparkMaster master, int workers, Integer threads, List<String> arguments) {
    List<String> command = command(master, master.threads(workers, threads));
    command.add("train");
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("SPARK_SCALA_VERSION", "2.13");
    copy().ifPresent(home -> builder.environment().put(HOME, home.toString()));
    try {
      process = builder.start();
      return ended(process.waitFor());
    } catch (IOException e) {
      throw new AlexNetException(
          "Spark cannot be started: %s; is %s the folder of a whole Spark?"
              .formatted(e.getMessage(), command.getFirst()),
          e);
    } catch (InterruptedException e) {
      stop();
      Thread.currentThread().interrupt();
      throw new AlexNetException("Interrupted while Spark was training.", e);
    }
  }

  /** One that was killed has said nothing. */
  private static int ended(int status) {
    if (status == KILLED) {
      throw new AlexNetException(
          "Spark's process was killed, perhaps since the machine had too little memory. " + SAVED);
    }
    return status;
  }

  /**
   * Ends a training that is under way, as SIGTERM does, and waits a little for its process to leave
   * the line of the terminal that it rewrites.
   */
  public void stop() {
    Process running = process;
    if (running != null) {
      running.destroy();
      try {
        running.waitFor(LONGEST_END_MILLIS, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Everything before the word {@code train}. */
  List<String> command(SparkMaster master, int threads) {
    Path jar = installation.resolve("spark/target").resolve(JAR);
    if (!Files.isRegularFile(jar)) {
      throw new AlexNetException(
          "What workers run on Spark, %s, is not built; build it with: cd %s && %s"
              .formatted(jar, installation, BUILD));
    }
    Optional<Path> script = script();
    List<String> command = new ArrayList<>();
    if (script.isPresent()) {
      command.add(script.get().toString());
    } else {
      command.addAll(java(copy().orElseThrow(this::notFound)));
    }
    command.addAll(List.of("--master", master.name()));
    master.settings(threads).forEach((name, value) -> conf(command, name, value));
    if (script.isPresent()) { // otherwise it is this JVM's already
      command.addAll(List.of("--driver-java-options", String.join(" ", vectorFlags())));
      long most = Runtime.getRuntime().maxMemory() >> 20;
      command.addAll(List.of("--driver-memory", most + "m"));
    }
    command.add(jar.toString());
    return command;
  }

  private static void conf(List<String> command, String name, String value) {
    command.addAll(List.of("--conf", name + "=" + value));
  }

  private List<String> java(Path home) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx%dm".formatted(Runtime.getRuntime().maxMemory() >> 20));
    command.addAll(vectorFlags());
    OPENED.forEach(name -> command.add("--add-opens=java.base/" + name + "=ALL-UNNAMED"));
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-cp");
    command.add(home.resolve("conf") + File.pathSeparator + home.resolve("jars") + "/*");
    command.add("org.apache.spark.deploy.SparkSubmit");
    return command;
  }

  private AlexNetException notFound() {
    String home = environment.get(HOME);
    return new AlexNetException(
        "Spark is not there: %s. Set SPARK_HOME to the folder of Spark 4.2, or fetch it with: cd %s && %s"
            .formatted(
                home == null
                    ? "SPARK_HOME is not set, and there is no spark-submit in PATH"
                    : "SPARK_HOME is %s, which holds neither bin/spark-submit nor jars"
                        .formatted(home),
                installation,
                BUILD));
  }

  /** The script of a whole Spark. */
  private Optional<Path> script() {
    String home = environment.get(HOME);
    String path = environment.getOrDefault("PATH", "");
    return (home == null
            ? Stream.of(path.split(File.pathSeparator)).filter(folder -> !folder.isEmpty())
            : Stream.of(Path.of(home, "bin").toString()))
        .map(folder -> Path.of(folder, "spark-submit"))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** A Spark of jars alone; empty where there is a whole one. */
  private Optional<Path> copy() {
    String home = environment.get(HOME);
    return Optional.of(home == null ? installation.resolve("spark/target/spark") : Path.of(home))
        .filter(folder -> script().isEmpty() && Files.isDirectory(folder.resolve("jars")));
  }
}
