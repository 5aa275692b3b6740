package org.alexnet.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.alexnet.AlexNetException;
import org.alexnet.file.JsonFiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunLockTest {
  @TempDir Path folder;

  /** A second process: opens the run and says what came of it; with "halt", ends holding it. */
  static final class Other {
    private Other() {}

    @SuppressWarnings("resource") // ends without closing, which is the point
    public static void main(String[] args) {
      try {
        RunFolder run = RunFolder.openForTraining(Path.of(args[0]));
        System.out.print("opened checkpoint " + run.checkpoint());
      } catch (AlexNetException e) {
        System.out.print(e.getMessage());
      }
      System.out.flush();
      Runtime.getRuntime().halt(0);
    }
  }

  private static String otherProcess(Path dir) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Other.class.getName(),
                dir.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
    return said;
  }

  private static void refusedHere(Path dir) {
    String said =
        assertThrows(AlexNetException.class, () -> RunFolder.openForTraining(dir)).getMessage();
    assertTrue(said.contains("in use by another process"), said);
  }

  @Test
  void oneProcessWritesAndADeadOneHoldsNothing() throws Exception {
    Path dir = folder.resolve("run");
    try (RunFolder run = RunFolder.create(dir, JsonFiles.object())) {
      Runs.append(run, 1);
      run.commit(Runs.checkpoint(1, false));
      refusedHere(dir);
      refusedHere(folder.resolve("run/../run"));
      // The refused attempts above must not have released the lock of the first.
      String said = otherProcess(dir);
      assertTrue(said.startsWith(dir + ": the run is in use by another process"), said);
      assertEquals(1, Runs.read(dir));
    }
    assertEquals("opened checkpoint 1", otherProcess(dir));
    RunFolder.openForTraining(dir).close();
    RunFolder.openForTraining(dir).close();
  }
}
