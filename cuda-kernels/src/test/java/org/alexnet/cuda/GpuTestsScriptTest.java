package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the script beside the bundle asks JUnit for; its Java here only prints its arguments. */
class GpuTestsScriptTest {
  private static final Path SCRIPT = Path.of("../build/bundle/gpu-tests").toAbsolutePath();

  @TempDir Path dir;

  @BeforeEach
  void bundle() throws IOException {
    Assumptions.assumeTrue(Files.exists(SCRIPT) && Files.exists(Path.of("/bin/sh")));
    Path java = dir.resolve("a bundle/runtime/bin/java");
    Files.createDirectories(java.getParent());
    Files.writeString(java, "#!/bin/sh\nfor word in \"$@\"; do echo \"$word\"; done\n");
    assertTrue(java.toFile().setExecutable(true));
  }

  private List<String> run(int status, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("/bin/sh", SCRIPT.toString()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    List<String> lines = new String(process.getInputStream().readAllBytes()).lines().toList();
    assertEquals(status, process.waitFor(), lines.toString());
    return lines;
  }

  private List<String> selected(String... arguments) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of("--bundle", dir.resolve("a bundle").toString()));
    all.addAll(List.of(arguments));
    List<String> words = run(0, all.toArray(String[]::new));
    assertTrue(words.contains("--details=testfeed"), words.toString());
    return words.stream()
        .filter(word -> word.startsWith("--select") || word.startsWith("--include"))
        .map(word -> word.replace("--select-class=org.alexnet.cuda.", ""))
        .toList();
  }

  @Test
  void everySuiteIsAClassThatRunsOnAGpu() throws Exception {
    List<String> suites = run(0, "--list");
    assertEquals(8, suites.size());
    for (String suite : suites) {
      Class.forName("org.alexnet.cuda." + suite);
    }
    assertEquals(suites, selected());
  }

  @Test
  void suitesAreNamed() throws Exception {
    assertEquals(List.of("CudaOpTest"), selected("CudaOpTest"));
    assertEquals(
        List.of("CudaOpTest", "CudaStepTest", "--include-methodname=.*Graph.*"),
        selected("CudaOpTest", "CudaStepTest", "--include-methodname=.*Graph.*"));
    assertEquals(
        List.of("--select-method=org.alexnet.cuda.CudaOpTest#convolutions"),
        selected("--select-method=org.alexnet.cuda.CudaOpTest#convolutions"));
  }

  @Test
  void whatIsNoSuiteIsAnswered() throws Exception {
    List<String> lines =
        run(2, "--bundle", dir.resolve("a bundle").toString(), "CudaOpTest", "OpTest");
    assertEquals(1, lines.size());
    assertTrue(lines.getFirst().contains("no suite OpTest; there are: CudaOpTest"), lines + "");
    assertTrue(run(2, "--bundle").getFirst().contains("--bundle FOLDER"));
    assertTrue(run(1, "--bundle", "/nowhere").getFirst().contains("not the unpacked bundle"));
  }
}
