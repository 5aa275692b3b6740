package org.alexnet.backend.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.alexnet.backend.plan.MemoryPlan.Blocks;
import org.alexnet.backend.plan.MemoryPlan.Slot;
import org.alexnet.program.StepProgram;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.program.Tensor;

/**
 * Places buffers so that two share memory only if they are never needed at once.
 *
 * <p>A step tensor lives from its first use to its last, or to the end of the program if it is
 * observed; a workspace lives for its kernel. What another {@link Lane} than that which computes
 * touches lives to the end of the program too, but for what the same lane alone touches. The
 * largest buffers are placed first, each at the lowest offset where nothing that lives at the same
 * time lies (greedy by size: Pisarchyk and Lee, "Efficient memory management for deep neural net
 * inference", 2020).
 */
public final class MemoryPlanner {

  /** A buffer on its way to a slot. */
  private static final class Buffer {
    final Tensor tensor; // null for a workspace
    final int device;
    final int kernel; // first use
    final Set<Lane> lanes = EnumSet.noneOf(Lane.class); // that touch it
    int last;
    long bytes;
    Slot slot;

    Buffer(Tensor tensor, int device, int kernel) {
      this.tensor = tensor;
      this.device = device;
      this.kernel = kernel;
      this.last = kernel;
    }

    boolean lives(Buffer other) {
      boolean together = lanes.size() == 1 && lanes.equals(other.lanes);
      return device == other.device
          && kernel <= other.last(together)
          && other.kernel <= last(together);
    }

    /** Its last use, as buffers see it that are touched in its order, or others. */
    private int last(boolean together) {
      boolean inOrder = together || lanes.equals(EnumSet.of(Lane.COMPUTE));
      return inOrder ? last : Integer.MAX_VALUE;
    }
  }

  private final Lowered lowered;

  private MemoryPlanner(Lowered lowered) {
    this.lowered = lowered;
  }

  /** Plans the memory of both programs. */
  public static MemoryPlan plan(Lowered lowered) {
    return new MemoryPlanner(lowered).plan();
  }

  private MemoryPlan plan() {
    int devices = lowered.programs().placement().deviceCount();
    Map<Tensor, Slot> persistent = new LinkedHashMap<>();
    long[] persistentBytes = new long[devices];
    placePersistent(persistent, persistentBytes);
    Map<Phase, Map<Tensor, Slot>> steps = new EnumMap<>(Phase.class);
    Map<Phase, List<Slot>> workspaces = new EnumMap<>(Phase.class);
    long[] arena = new long[devices];
    for (Phase phase : Phase.values()) {
      Map<Tensor, Buffer> tensors = lifetimes(phase);
      List<Buffer> scratch = workspaces(phase);
      Set<Buffer> all = new LinkedHashSet<>(tensors.values());
      all.addAll(scratch);
      place(all, arena);
      Map<Tensor, Slot> slots = new LinkedHashMap<>();
      tensors.forEach((tensor, buffer) -> slots.put(tensor, buffer.slot));
      steps.put(phase, slots);
      workspaces.put(phase, scratch.stream().map(b -> b.slot).toList());
    }
    List<Blocks> blocks =
        IntStream.range(0, devices)
            .mapToObj(device -> new Blocks(persistentBytes[device], arena[device]))
            .toList();
    return new MemoryPlan(persistent, steps, workspaces, blocks);
  }

  private int device(Tensor tensor) {
    return lowered.programs().placement().device(tensor);
  }

  private void placePersistent(Map<Tensor, Slot> slots, long[] end) {
    for (Phase phase : Phase.values()) {
      for (Kernel kernel : lowered.kernels(phase)) {
        for (BufferUse use : kernel.uses()) {
          if (!use.tensor().role().persistent()) {
            continue;
          }
          Slot slot = slots.get(use.tensor());
          if (slot == null) {
            int device = device(use.tensor());
            slots.put(use.tensor(), new Slot(device, end[device], use.bytes()));
            end[device] = align(end[device] + use.bytes());
          } else if (slot.bytes() != use.bytes()) {
            throw new IllegalStateException(
                "%s: %d and %d bytes in two kernels"
                    .formatted(use.tensor(), slot.bytes(), use.bytes()));
          }
        }
      }
    }
  }

  /** The buffer of each step tensor; tensors that took one over share it. */
  private Map<Tensor, Buffer> lifetimes(Phase phase) {
    List<? extends Kernel> kernels = lowered.kernels(phase);
    Map<Tensor, Integer> lastUse = lastUses(lowered.programs().program(phase), kernels);
    Map<Tensor, Buffer> byTensor = new LinkedHashMap<>();
    for (int k = 0; k < kernels.size(); k++) {
      for (BufferUse use : kernels.get(k).uses()) {
        Tensor tensor = use.tensor();
        if (tensor.role().persistent()) {
          continue;
        }
        Buffer buffer = byTensor.get(tensor);
        if (buffer == null) {
          buffer = takeOver(use, k, lastUse, byTensor);
          buffer = buffer == null ? new Buffer(tensor, device(tensor), k) : buffer;
          byTensor.put(tensor, buffer);
        }
        buffer.last = Math.max(buffer.last, lastUse.get(tensor));
        buffer.bytes = Math.max(buffer.bytes, use.bytes());
        buffer.lanes.add(kernels.get(k).lane());
      }
    }
    return byTensor;
  }

  private List<Buffer> workspaces(Phase phase) {
    List<Buffer> buffers = new ArrayList<>();
    for (Kernel kernel : lowered.kernels(phase)) {
      Buffer buffer = new Buffer(null, lowered.device(kernel), buffers.size());
      buffer.bytes = kernel.workspaceBytes();
      buffer.lanes.add(kernel.lane());
      buffers.add(buffer);
    }
    return buffers;
  }

  /** The buffer that a tensor written in place may take over: one that is not needed any more. */
  private Buffer takeOver(
      BufferUse use, int kernel, Map<Tensor, Integer> lastUse, Map<Tensor, Buffer> byTensor) {
    Tensor source = use.inPlaceOf();
    if (source == null || source.role().persistent() || lastUse.get(source) > kernel) {
      return null;
    }
    return device(source) == device(use.tensor()) ? byTensor.get(source) : null;
  }

  private static Map<Tensor, Integer> lastUses(
      StepProgram program, List<? extends Kernel> kernels) {
    Map<Tensor, Integer> last = new LinkedHashMap<>();
    for (int k = 0; k < kernels.size(); k++) {
      for (BufferUse use : kernels.get(k).uses()) {
        boolean end = program.observes(use.tensor());
        last.merge(use.tensor(), end ? kernels.size() : k, Math::max);
      }
    }
    return last;
  }

  private void place(Set<Buffer> buffers, long[] end) {
    List<Buffer> order = new ArrayList<>(buffers);
    order.sort(
        Comparator.comparingLong((Buffer b) -> -b.bytes)
            .thenComparingInt(b -> b.kernel)
            .thenComparing(b -> b.tensor == null ? "" : b.tensor.name()));
    List<Buffer> placed = new ArrayList<>();
    for (Buffer buffer : order) {
      int device = buffer.device;
      buffer.slot = new Slot(device, lowestGap(buffer, placed), buffer.bytes);
      placed.add(buffer);
      end[device] = Math.max(end[device], align(buffer.slot.offset() + buffer.bytes));
    }
  }

  private long lowestGap(Buffer buffer, List<Buffer> placed) {
    List<Slot> taken =
        placed.stream()
            .filter(buffer::lives)
            .map(b -> b.slot)
            .sorted(Comparator.comparingLong(Slot::offset))
            .toList();
    long offset = 0;
    for (Slot slot : taken) {
      if (new Slot(buffer.device, offset, buffer.bytes).overlaps(slot)) {
        offset = align(slot.offset() + slot.bytes());
      }
    }
    return offset;
  }

  private long align(long bytes) {
    return Math.ceilDiv(bytes, (long) lowered.alignment()) * lowered.alignment();
  }
}
