package org.alexnet.run;

import static org.alexnet.run.Runs.append;
import static org.alexnet.run.Runs.best;
import static org.alexnet.run.Runs.checkpoint;
import static org.alexnet.run.Runs.entries;
import static org.alexnet.run.Runs.read;
import static org.alexnet.run.Runs.whole;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.alexnet.AlexNetException;
import org.alexnet.file.JsonFiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** At whichever step of the disk a commit ends, the run is wholly the old or wholly the new. */
class CommitFaultTest {
  private static final List<String> CLEAN =
      List.of(
          "best.safetensors",
          "lock",
          "metrics.jsonl",
          "model.safetensors",
          "optimizer.safetensors",
          "run.json",
          "state.json",
          "steps.jsonl");

  @TempDir Path folder;

  private Path runWithOneCheckpoint(String name) {
    Path dir = folder.resolve(name);
    try (RunFolder run = RunFolder.create(dir, JsonFiles.object())) {
      append(run, 1);
      run.commit(checkpoint(1, true));
    }
    return dir;
  }

  /** Commits generation 2 on a disk that goes wrong at one step; whether it came to that step. */
  private static boolean commitFails(Path dir, FaultyOps ops, boolean killed) {
    try (RunFolder run = RunFolder.openForTraining(dir, ops)) {
      append(run, 2);
      run.commit(checkpoint(2, true));
      return false;
    } catch (FaultyOps.Killed _) {
      assertTrue(killed);
      return true;
    } catch (AlexNetException e) {
      assertTrue(!killed && e.getMessage().contains("No space left on device"), e.getMessage());
      return true;
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = FaultyOps.Fault.class,
      names = {"KILLED", "KILLED_HALFWAY"})
  void killedAtAnyStep(FaultyOps.Fault fault) throws IOException {
    var found = new ArrayList<Integer>();
    for (int step = 0; ; step++) {
      Path dir = runWithOneCheckpoint("killed-" + step);
      if (!commitFails(dir, new FaultyOps(fault, step, () -> {}), true)) {
        break;
      }
      int seen = read(dir);
      found.add(seen);
      try (RunFolder run = RunFolder.openForTraining(dir)) {
        assertEquals(seen, whole(run), "after the kill at step " + step);
        assertEquals(seen, best(run));
        assertEquals(CLEAN, entries(dir));
        for (int next = seen + 1; next <= 3; next++) {
          append(run, next);
          run.commit(checkpoint(next, false));
        }
        assertEquals(seen, best(run));
      }
      assertEquals(3, read(dir));
    }
    assertEquals(List.of(1, 2), List.copyOf(new TreeSet<>(found)));
    assertEquals(found.stream().sorted().toList(), found, "one step makes the new one current");
  }

  /** A kill while a resume completes an interrupted commit, at each step of both. */
  @Test
  void killedAgainWhileRecovering() throws IOException {
    for (int first = 0; ; first++) {
      boolean reached = true;
      for (int second = 0; second < 20; second++) {
        Path dir = runWithOneCheckpoint("twice-" + first + "-" + second);
        reached = commitFails(dir, new FaultyOps(FaultyOps.Fault.KILLED, first, () -> {}), true);
        int seen = read(dir);
        var ops = new FaultyOps(FaultyOps.Fault.KILLED, second, () -> {});
        boolean survived = true;
        try (RunFolder run = RunFolder.openForTraining(dir, ops)) {
          assertEquals(seen, whole(run));
        } catch (FaultyOps.Killed _) {
          survived = false;
        }
        assertEquals(seen, read(dir));
        try (RunFolder run = RunFolder.openForTraining(dir)) {
          assertEquals(seen, whole(run));
          assertEquals(CLEAN, entries(dir));
        }
        if (survived) {
          break;
        }
      }
      if (!reached) {
        return;
      }
    }
  }

  @Test
  void refusedAtAnyStepTheSameProcessGoesOn() throws IOException {
    for (int step = 0; ; step++) {
      Path dir = runWithOneCheckpoint("refused-" + step);
      var ops = new FaultyOps(FaultyOps.Fault.REFUSED, step, () -> {});
      try (RunFolder run = RunFolder.openForTraining(dir, ops)) {
        append(run, 2);
        AlexNetException refusal = null;
        try {
          run.commit(checkpoint(2, false));
        } catch (AlexNetException e) {
          refusal = e;
        }
        if (refusal == null) {
          return;
        }
        int seen = read(dir);
        assertEquals(seen, run.checkpoint());
        String said = refusal.getMessage();
        assertTrue(said.startsWith(dir + ": checkpoint 2 "), said);
        assertTrue(said.contains("No space left on device"), said);
        assertTrue(
            said.contains(seen == 1 ? "then resume it with Training.resume(" + dir : "is complete"),
            said);
        if (seen == 1) {
          assertEquals(CLEAN, entries(dir), "nothing of the failed checkpoint stays");
          run.commit(checkpoint(2, false));
        }
        append(run, 3);
        run.commit(checkpoint(3, false));
        assertEquals(3, whole(run));
        assertEquals(1, best(run));
      }
      assertEquals(3, read(dir));
      assertEquals(CLEAN, entries(dir));
    }
  }

  @Test
  void aReaderAtAnyMomentSeesOneGeneration() {
    Path dir = runWithOneCheckpoint("observed");
    var seen = new ArrayList<Integer>();
    var ops = new FaultyOps(FaultyOps.Fault.REFUSED, -1, () -> seen.add(read(dir)));
    try (RunFolder run = RunFolder.openForTraining(dir, ops)) {
      append(run, 2);
      run.commit(checkpoint(2, true));
    }
    assertEquals(ops.steps(), seen.size());
    assertEquals(seen.stream().sorted().toList(), seen);
    assertEquals(List.of(1, 2), List.copyOf(new TreeSet<>(seen)));
  }

  @Test
  void readersBesideATrainingSeeOneGenerationEach() throws Exception {
    Path dir = runWithOneCheckpoint("concurrent");
    var done = new AtomicBoolean();
    Callable<Integer> reader =
        () -> {
          int last = 1;
          while (!done.get()) {
            try (RunFolder run = RunFolder.openForReading(dir)) {
              int seen = whole(run);
              assertTrue(seen >= last, "generations only follow one another");
              assertEquals(seen - 1 + seen % 2, best(run));
              last = seen;
            }
          }
          return last;
        };
    try (var pool = Executors.newFixedThreadPool(2)) {
      var readers = List.of(pool.submit(reader), pool.submit(reader));
      try (RunFolder run = RunFolder.openForTraining(dir)) {
        for (int i = 2; i <= 60 && readers.stream().noneMatch(r -> r.isDone()); i++) {
          append(run, i);
          run.commit(checkpoint(i, i % 2 == 1));
        }
      } finally {
        done.set(true);
      }
      for (var result : readers) {
        assertTrue(result.get() > 1);
      }
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    }
  }

  @Test
  void aKilledCreateCanBeRepeated() {
    for (int step = 0; step < 2; step++) {
      Path dir = folder.resolve("create-" + step);
      var ops = new FaultyOps(FaultyOps.Fault.KILLED_HALFWAY, step, () -> {});
      assertThrows(
          FaultyOps.Killed.class, () -> RunFolder.create(dir, JsonFiles.object(), ops).close());
      RunFolder.create(dir, JsonFiles.object()).close();
    }
  }
}
