package org.alexnet.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.alexnet.training.EpochMetrics;
import org.alexnet.training.Progress;
import org.alexnet.training.Training;
import org.alexnet.training.TrainingListener;
import org.alexnet.training.TrainingRig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** What whole runs owe to this backend: bits that no number of threads changes, and memory. */
@Isolated("allocations of the process are counted")
class CpuTrainingTest {
  @TempDir Path dir;

  private Training shapes(String out) {
    return Training.of("alexnet-32")
        .backend("cpu")
        .data("shapes:40")
        .batch(16)
        .epochs(3)
        .seed(7)
        .out(dir.resolve(out));
  }

  @Test
  void aRunResumedWithOtherThreadsEndsInTheSameBits() throws IOException {
    shapes("whole").threads(1).run();
    Training first = shapes("parts").threads(3);
    new TrainingRig.Ear().stopping(first, 4);
    assertTrue(first.run().stopped());
    Training.resume(dir.resolve("parts")).backend("cpu").threads(2).run();
    for (String file : List.of("model.safetensors", "optimizer.safetensors")) {
      Path one = dir.resolve("whole").resolve(file);
      assertEquals(-1, Files.mismatch(one, dir.resolve("parts").resolve(file)), file);
    }
    assertEquals(
        TrainingRig.metrics(dir.resolve("whole")), TrainingRig.metrics(dir.resolve("parts")));
  }

  /** Counts bytes that all threads allocate from the third step of an epoch to its last. */
  private static final class Meter implements TrainingListener {
    private static final int FIRST = 3;
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    final List<Long> perStep = new ArrayList<>();
    final List<Long> perEpoch = new ArrayList<>();
    private long start;
    private long epoch;

    @Override
    public void step(Progress progress) {
      if (progress.batch() == FIRST) {
        start = threads.getTotalThreadAllocatedBytes();
      }
      if (progress.batch() == progress.batches()) {
        perStep.add(
            (threads.getTotalThreadAllocatedBytes() - start) / (progress.batches() - FIRST));
      }
    }

    @Override
    public void epoch(EpochMetrics metrics) {
      long now = threads.getTotalThreadAllocatedBytes();
      perEpoch.add(now - epoch);
      epoch = now;
    }
  }

  @Test
  void epochsAllocateNoMoreAndMore() {
    Meter meter = new Meter();
    shapes("run").data("shapes:120").batch(8).epochs(5).threads(2).listener(meter).run();
    long step = meter.perStep.getLast();
    // The first epochs allocate vectors until the kernels are compiled; then a step takes 35 kB,
    // against activations of 2 MB and parameters of 4.6 MB.
    assertTrue(step < 200_000, "bytes a step: " + meter.perStep);
    long third = meter.perEpoch.get(2);
    long last = meter.perEpoch.getLast();
    assertTrue(last < 1.1 * third + 1_000_000, "bytes an epoch: " + meter.perEpoch);
  }
}
