package org.alexnet.cuda.library.probe;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.alexnet.AlexNetException;
import org.alexnet.backend.Availability;
import org.alexnet.backend.DeviceInfo;
import org.alexnet.backend.Obstacle;
import org.alexnet.cuda.library.file.CacheFolder;
import org.alexnet.cuda.library.file.CudaLibrary;
import org.alexnet.cuda.library.file.LibrarySearchResult;
import org.alexnet.cuda.library.load.ProbeFailure;
import org.alexnet.file.DurableFiles;

/**
 * Tries CUDA's libraries in a child process, since a wrong library ends the process that loads it.
 * What worked is remembered until the machine is started again or something about it changes; what
 * failed is tried again every time.
 */
public final class CudaProbe {
  /**
   * How long the child may say nothing. It says each step before it takes it, and a single one may
   * read hundreds of megabytes from a cold disk; as long as steps follow each other it is alive.
   */
  private static final Duration PATIENCE = Duration.ofSeconds(120);

  private static final Duration LOOK = Duration.ofMillis(100);

  private static final Pattern UNDEFINED =
      Pattern.compile("symbol lookup error: (.*?): undefined symbol: (\\w+)");
  private static final Pattern SIGNAL = Pattern.compile("\\b(SIG[A-Z]+)\\b");
  private static final String ADVICE =
      "; install a release of CUDA 12 and cuDNN 9 that the driver supports.";

  private static final String FAILED = "CUDA does not work";

  private CudaProbe() {}

  /** Answers for libraries that were found; does not throw. */
  public static Availability run(LibrarySearchResult found) {
    return run(found, PATIENCE);
  }

  public static Availability run(LibrarySearchResult found, Duration patience) {
    if (!found.complete()) {
      return new Availability(found.problem(), List.of(), found.infos(), found.obstacle());
    }
    try {
      Path cache = CacheFolder.create(found.cache());
      String key = ProbeKey.of(found);
      Path answer = cache.resolve("probe-" + CacheFolder.name(key) + ".txt");
      Availability known = remembered(answer, key);
      if (known != null) {
        return known;
      }
      List<String> lines = new ArrayList<>();
      Availability result = judge(found, child(found, cache, patience, lines), lines, patience);
      if (result.available()) {
        lines.addFirst(key);
        remember(answer, lines);
      }
      return result;
    } catch (AlexNetException e) {
      return failure(found, ProbeFailure.clause(e), e.getMessage());
    } catch (IOException e) {
      return failure(
          found,
          FAILED,
          "A process to try the CUDA libraries in could not be started: %s."
              .formatted(DurableFiles.reason(e)));
    }
  }

  private static Availability remembered(Path answer, String key) {
    try {
      List<String> lines =
          Files.isRegularFile(answer) ? Files.readAllLines(answer) : List.<String>of();
      if (lines.isEmpty() || !lines.getFirst().equals(key)) {
        return null;
      }
      ProbeReport report = ProbeReport.parse(lines.subList(1, lines.size()));
      return report.done() ? report.result() : null;
    } catch (IOException e) {
      return null; // Then it is found out again.
    }
  }

  private static void remember(Path answer, List<String> lines) {
    try {
      CacheFolder.put(answer, String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      return; // Then it is found out again the next time.
    }
  }

  /** Runs the child and answers its exit status, or null if it had to be stopped. */
  private static Integer child(
      LibrarySearchResult found, Path cache, Duration patience, List<String> lines)
      throws IOException {
    // A file and not a pipe: nobody has to read it meanwhile, and half of it is there after a kill.
    Path output = Files.createTempFile(cache, "probe-", ".log");
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command(found, cache))
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .redirectInput(new File("/dev/null"));
      // They may ask for a debugger's port, which this process has taken.
      builder.environment().keySet().removeAll(Set.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"));
      Process process = builder.start();
      Integer status;
      try {
        status = await(process, output, patience);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AlexNetException("Trying the CUDA libraries was interrupted.", e);
      } finally {
        process.destroyForcibly();
      }
      new String(Files.readAllBytes(output), StandardCharsets.UTF_8).lines().forEach(lines::add);
      return status;
    } finally {
      Files.deleteIfExists(output);
    }
  }

  /** The exit status, or null where nothing was written for so long. */
  private static Integer await(Process process, Path output, Duration patience)
      throws IOException, InterruptedException {
    long size = 0;
    long last = System.nanoTime();
    while (!process.waitFor(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
      long now = System.nanoTime();
      long written = Files.size(output);
      if (written != size) {
        size = written;
        last = now;
      } else if (now - last > patience.toNanos()) {
        return null;
      }
    }
    return process.exitValue();
  }

  /** That of this process, before it whatever a loader of its own has brought: a jar of Spark's. */
  private static String classPath() {
    String path = System.getProperty("java.class.path");
    CodeSource own = ProbeMain.class.getProtectionDomain().getCodeSource();
    return own == null ? path : Path.of(own.getLocation().getPath()) + File.pathSeparator + path;
  }

  private static List<String> command(LibrarySearchResult found, Path cache) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:-CreateCoredumpOnCrash"));
    command.addAll(List.of("-XX:ErrorFile=/dev/null", "-XX:+UseSerialGC", "-Xshare:auto"));
    Module module = ProbeMain.class.getModule();
    String path = System.getProperty("jdk.module.path");
    if (module.isNamed()) {
      command.add("--enable-native-access=" + module.getName() + ",jcuda,jcublas,jcudnn");
      if (path != null) {
        command.addAll(List.of("--module-path", path));
      }
      command.addAll(List.of("--module", module.getName() + "/" + ProbeMain.class.getName()));
    } else {
      command.add("--enable-native-access=ALL-UNNAMED");
      command.addAll(List.of("-cp", classPath()));
      command.add(ProbeMain.class.getName());
    }
    command.addAll(ProbeMain.arguments(found, cache));
    return command;
  }

  private static Availability judge(
      LibrarySearchResult found, Integer status, List<String> lines, Duration patience) {
    ProbeReport report = ProbeReport.parse(lines);
    if (!report.failure().isEmpty()) {
      return failure(found, report.clause(), report.failure(), unusable(report));
    }
    if (report.done() && !report.libraries().isEmpty() && !report.devices().isEmpty()) {
      return report.result();
    }
    String when = "in step \"%s\"".formatted(report.step());
    if (status == null) {
      return failure(
          found,
          FAILED,
          "The CUDA libraries hang: nothing came for %d s %s; see whether nvidia-smi works."
              .formatted(patience.toSeconds(), when));
    }
    return failure(found, FAILED, crash(found, status, when, report.noise()) + ADVICE);
  }

  private static String crash(
      LibrarySearchResult found, int status, String when, List<String> noise) {
    String all = String.join("\n", noise);
    Matcher undefined = UNDEFINED.matcher(all);
    if (undefined.find()) {
      return "The CUDA libraries ended the process %s: %s lacks %s"
          .formatted(when, undefined.group(1), undefined.group(2));
    }
    Matcher signal = SIGNAL.matcher(all);
    String how =
        signal.find() ? signal.group(1) : status > 128 ? signal(status - 128) : "status " + status;
    String with =
        found.library(CudaLibrary.CUDNN).file()
            + " and "
            + found.library(CudaLibrary.CUBLAS).file();
    String said = signal.reset().find() || noise.isEmpty() ? "" : ": " + noise.getLast().strip();
    return "The CUDA libraries crashed (%s) %s with %s%s".formatted(how, when, with, said);
  }

  private static String signal(int number) {
    return switch (number) {
      case 4 -> "SIGILL";
      case 6 -> "SIGABRT";
      case 7 -> "SIGBUS";
      case 8 -> "SIGFPE";
      case 9 -> "SIGKILL, as for want of memory";
      case 11 -> "SIGSEGV";
      default -> "signal " + number;
    };
  }

  /** Where no device can be used, they are shown all the same, with what is wrong. */
  private static List<DeviceInfo> unusable(ProbeReport report) {
    List<DeviceInfo> devices = report.devices();
    return devices.stream().noneMatch(DeviceInfo::usable) ? devices : List.of();
  }

  private static Availability failure(LibrarySearchResult found, String clause, String reason) {
    return failure(found, clause, reason, List.of());
  }

  private static Availability failure(
      LibrarySearchResult found, String clause, String reason, List<DeviceInfo> devices) {
    return new Availability(reason, devices, found.infos(), new Obstacle(clause));
  }
}
