package org.alexnet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.alexnet.cli.output.ExitStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a machine says on which CUDA's libraries are not to be found. */
class NoGpuTest {
  @TempDir Path dir;

  private Cli.Result train(Object... more) {
    Object[] words = {"train", "--data", "shapes:20", "--epochs", 1, "--out", dir.resolve("run")};
    Object[] all = new Object[words.length + more.length];
    System.arraycopy(words, 0, all, 0, words.length);
    System.arraycopy(more, 0, all, words.length, more.length);
    return Cli.run(all);
  }

  @Test
  void cudaByNameIsRefusedInOneSentence() {
    String line = train("--backend", "cuda").failure(ExitStatus.FAILED);
    assertTrue(line.contains("Backend cuda cannot serve here"), line);
    assertTrue(line.contains("ALEXNET_CUDA_PATH"), line);
    assertFalse(Files.exists(dir.resolve("run")));
  }

  @Test
  void autoSaysInAClauseWhyItTakesTheCpu() {
    Cli.Result result = train();
    assertEquals(ExitStatus.SUCCESS, result.status(), result.err());
    List<String> lines =
        result.out().lines().filter(line -> line.startsWith("Running on cpu: ")).toList();
    assertEquals(1, lines.size(), result.out());
    String line = lines.getFirst();
    assertTrue(line.endsWith(" (ALEXNET_CUDA_PATH is wrong; `alexnet devices` says more)."), line);
    assertTrue(line.length() < 120, line);
    assertFalse(result.out().contains("correct it or unset it"), result.out());
  }

  @Test
  void devicesNamesEachPlaceAndTheRemedyOnce() {
    Cli.Result result = Cli.run("devices");
    assertEquals(ExitStatus.SUCCESS, result.status(), result.err());
    assertEquals(1, count(result.out(), "correct it or unset it."), result.out());
    assertEquals(1, count(result.out(), "libcudnn.so.9 was not found"), result.out());
  }

  private static int count(String text, String part) {
    return text.split(Pattern.quote(part), -1).length - 1;
  }

  @Test
  void reducedPrecisionNeedsAGpu() {
    String line = train("--precision", "bf16").failure(ExitStatus.WRONG_USAGE);
    assertTrue(line.contains("fp32 only"), line);
    assertFalse(Files.exists(dir.resolve("run")));
  }

  @Test
  void devicesListsWhatIsMissing() {
    JsonNode answer = Cli.run("devices", "--json").json();
    for (JsonNode backend : answer.get("backends")) {
      if (backend.get("name").asText().equals("cuda")) {
        assertFalse(backend.get("available").asBoolean());
        assertTrue(backend.get("reason").asText().endsWith("."), backend.toString());
        assertTrue(backend.get("devices").isEmpty());
      }
    }
    assertEquals("cpu", answer.get("selected").asText());
  }
}
