package org.alexnet.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.alexnet.AlexNetException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that is looked at while another process writes it. */
class RunLogTest {
  @TempDir private Path dir;

  private final List<Integer> steps = new ArrayList<>();
  private int restarts;
  private RunLog log;

  private final RunLog.Lines lines =
      new RunLog.Lines() {
        @Override
        public void restart() {
          steps.clear();
          restarts++;
        }

        @Override
        public void line(ObjectNode line) {
          steps.add(line.get("step").asInt());
        }
      };

  @BeforeEach
  void begin() throws IOException {
    assertFalse(RunLog.isRun(dir));
    assertThrows(AlexNetException.class, () -> new RunLog(dir));
    Files.writeString(dir.resolve("run.json"), "{}");
    assertTrue(RunLog.isRun(dir));
    log = new RunLog(dir);
  }

  private void append(String text) throws IOException {
    Files.writeString(
        dir.resolve("steps.jsonl"), text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private void line(int step, String rest) throws IOException {
    append("{\"step\":%d,\"rest\":\"%s\"}\n".formatted(step, rest));
  }

  @Test
  void linesAreHandedOnOnceAndWhenTheyAreWhole() throws IOException {
    assertFalse(log.readSteps(lines), "there is no file yet");
    line(1, "é");
    append("{\"step\":2");
    assertTrue(log.readSteps(lines));
    assertEquals(List.of(1), steps);
    assertFalse(log.readSteps(lines), "nothing new");
    append("}\n");
    line(3, "");
    assertTrue(log.readSteps(lines));
    assertEquals(List.of(1, 2, 3), steps);
    assertEquals(0, restarts);
  }

  @Test
  void aRunThatIsResumedFromBefore() throws IOException {
    for (int step = 1; step <= 3; step++) {
      line(step, "first");
    }
    log.readSteps(lines);
    String text = Files.readString(dir.resolve("steps.jsonl"));
    Files.writeString(dir.resolve("steps.jsonl"), text.substring(0, text.indexOf('\n') + 1));
    assertTrue(log.readSteps(lines));
    assertEquals(List.of(1), steps);
    assertEquals(1, restarts);
  }

  @Test
  void aRunThatIsResumedAndIsAsFarAgain() throws IOException {
    for (int step = 1; step <= 3; step++) {
      line(step, "first");
    }
    log.readSteps(lines);
    Files.delete(dir.resolve("steps.jsonl"));
    for (int step = 1; step <= 4; step++) {
      line(step, "again");
    }
    assertTrue(log.readSteps(lines));
    assertEquals(List.of(1, 2, 3, 4), steps);
    assertEquals(1, restarts, "the length alone would not have told");
  }

  @Test
  void aDamagedLineIsNamed() throws IOException {
    String damaged = dir.resolve("steps.jsonl") + " is damaged";
    Map<String, String> bad =
        Map.of(
            "{\"step\":4,", damaged + ", for it is not valid JSON: it ends too early, at line 3,",
            "\0\0", damaged + ", for it is not valid JSON: wrong at line 3,",
            "[4]", damaged + ": a JSON object is required at line 3;",
            "{\"loss\":1}", damaged + ": step is null at line 3, a number is required;",
            "{\"step\":\"4\"}", damaged + ": step is \"4\" at line 3, a number is required;");
    for (Map.Entry<String, String> line : bad.entrySet()) {
      Files.deleteIfExists(dir.resolve("steps.jsonl"));
      RunLog own = new RunLog(dir);
      line(1, "");
      own.readSteps(lines);
      line(2, "");
      append(line.getKey() + "\n");
      for (int attempt = 0; attempt < 2; attempt++) {
        var thrown = assertThrows(AlexNetException.class, () -> own.readSteps(lines));
        assertTrue(thrown.getMessage().startsWith(line.getValue()), thrown.getMessage());
      }
    }
    Files.writeString(dir.resolve("metrics.jsonl"), "{\"epoch\":1}\n");
    var thrown = assertThrows(AlexNetException.class, () -> log.readMetrics(lines));
    assertTrue(thrown.getMessage().contains("metrics.jsonl is damaged: step is null at line 1"));
  }

  @Test
  void manyLinesInPieces() throws IOException {
    StringBuilder text = new StringBuilder();
    for (int step = 1; step <= 50_000; step++) {
      text.append("{\"step\":%d,\"time\":\"2026-01-01T00:00:00Z\"}\n".formatted(step));
    }
    append(text.toString());
    log.readSteps(lines);
    assertEquals(50_000, steps.size());
    assertEquals(50_000, steps.getLast());
  }
}
