package org.alexnet.cpu;

import org.alexnet.AlexNetException;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.backend.LargestBatch;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.backend.plan.MemoryPlan;
import org.alexnet.backend.plan.MemoryPlanner;
import org.alexnet.program.CompiledNetwork;

/** The memory of devices, an array each, and what to say of a network that needs too much. */
final class CpuMemory {
  /**
   * First float that is used: the array's header is 16 bytes and the collector aligns large arrays,
   * so that this one starts a cache line.
   */
  static final int BASE = 12;

  /** Floats behind the last, for tiles that read beyond the rows they need. */
  static final int SLACK = 64;

  /** Elements that an array can have. */
  private static final long MOST = Integer.MAX_VALUE - 8L;

  /** Batches of images that are in memory beside a network in training. */
  private static final int STAGED = 6;

  /**
   * Shares of the memory that is left which arrays can get, to be tried in turn: a collector that
   * divides the heap by the age of objects keeps a third of it for the young.
   */
  private static final double[] USABLE = {0.9, 0.6};

  private final CpuBackend backend;

  CpuMemory(CpuBackend backend) {
    this.backend = backend;
  }

  /** Arrays for a plan, of each of which the first {@link #BASE} floats stay unused. */
  float[][] allocate(Lowered lowered, MemoryPlan plan) {
    if (!addressable(plan)) {
      throw tooLarge(lowered.programs(), plan, null);
    }
    try {
      return arrays(plan);
    } catch (OutOfMemoryError e) {
      throw tooLarge(lowered.programs(), plan, e);
    }
  }

  private static float[][] arrays(MemoryPlan plan) {
    float[][] memories = new float[plan.devices().size()][];
    for (int device = 0; device < memories.length; device++) {
      memories[device] = new float[(int) floats(plan.devices().get(device))];
    }
    return memories;
  }

  private static long floats(MemoryPlan.Blocks blocks) {
    return blocks.totalBytes() / Float.BYTES + BASE + SLACK;
  }

  private static boolean addressable(MemoryPlan plan) {
    return plan.devices().stream().allMatch(blocks -> floats(blocks) <= MOST);
  }

  private AlexNetException tooLarge(CompiledNetwork programs, MemoryPlan plan, Throwable cause) {
    Runtime java = Runtime.getRuntime();
    int largest = largest(programs, java.maxMemory() - java.totalMemory() + java.freeMemory());
    return new AlexNetException(
        Message.of(
            "%s at batch %d needs %,d MB on backend cpu, where Java may use %,d MB in all and %,d"
                + " MB a device. %s",
            programs.network().name(),
            programs.batch(),
            plan.totalBytes() >> 20,
            java.maxMemory() >> 20,
            MOST * Float.BYTES >> 20,
            LargestBatch.remedy(
                largest, Message.of("allow Java more memory (%s)", Setting.MEMORY))),
        cause);
  }

  private int largest(CompiledNetwork programs, long free) {
    for (double share : USABLE) {
      int batch = LargestBatch.of(programs, smaller -> fits(smaller, (long) (share * free)));
      if (batch > 0 && allocatable(plan(programs.withBatch(batch)))) {
        return batch;
      }
    }
    return 0;
  }

  private static boolean allocatable(MemoryPlan plan) {
    try {
      return arrays(plan).length > 0;
    } catch (OutOfMemoryError e) {
      return false;
    }
  }

  private MemoryPlan plan(CompiledNetwork programs) {
    return MemoryPlanner.plan(backend.lower(programs));
  }

  private boolean fits(CompiledNetwork programs, long room) {
    MemoryPlan plan = plan(programs);
    return addressable(plan) && plan.totalBytes() + STAGED * programs.carriedBytes() <= room;
  }
}
