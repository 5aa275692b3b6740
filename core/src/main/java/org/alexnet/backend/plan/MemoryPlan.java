package org.alexnet.backend.plan;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.program.Tensor;

/**
 * Where everything lies. Each device has a block for persistent tensors and an arena for the
 * tensors and workspaces of a step, which both programs share, since only one runs at a time.
 *
 * @param persistent slots that outlive a step, from the start of their device's persistent block
 * @param steps slots of each program's tensors, from the start of their device's arena
 * @param workspaces each kernel's workspace in the arena of its device, by program and kernel
 *     number
 * @param devices sizes of the blocks of each device
 */
public record MemoryPlan(
    Map<Tensor, Slot> persistent,
    Map<Phase, Map<Tensor, Slot>> steps,
    Map<Phase, List<Slot>> workspaces,
    List<Blocks> devices) {

  /** A buffer's place: its device, bytes from the start of its block, and its size. */
  public record Slot(int device, long offset, long bytes) {
    public boolean overlaps(Slot other) {
      return device == other.device
          && offset < other.offset + other.bytes
          && other.offset < offset + bytes;
    }
  }

  /**
   * What a device allocates.
   *
   * @param persistentBytes size of the persistent block
   * @param arenaBytes size of the arena
   */
  public record Blocks(long persistentBytes, long arenaBytes) {
    /** Bytes in all. */
    public long totalBytes() {
      return persistentBytes + arenaBytes;
    }
  }

  /** Bytes to allocate on all devices. */
  public long totalBytes() {
    return devices.stream().mapToLong(Blocks::totalBytes).sum();
  }

  /** The slot of a tensor, or null if fusion left it without one. */
  public Slot slot(Phase phase, Tensor tensor) {
    return tensor.role().persistent() ? persistent.get(tensor) : steps.get(phase).get(tensor);
  }

  /** One line a buffer. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (int device = 0; device < devices.size(); device++) {
      Blocks blocks = devices.get(device);
      text.append(
          "device %d: persistent %,d bytes, arena %,d bytes%n"
              .formatted(device, blocks.persistentBytes, blocks.arenaBytes));
    }
    return text
        + lines("persistent", persistent)
        + lines("train", steps.get(Phase.TRAIN))
        + lines("evaluate", steps.get(Phase.EVALUATE));
  }

  private static String lines(String block, Map<Tensor, Slot> slots) {
    return slots.entrySet().stream()
        .sorted(
            Map.Entry.comparingByValue(
                Comparator.comparingInt(Slot::device).thenComparingLong(Slot::offset)))
        .map(
            e ->
                "%-10s %d %,14d %,14d  %s%n"
                    .formatted(
                        block,
                        e.getValue().device,
                        e.getValue().offset,
                        e.getValue().bytes,
                        e.getKey()))
        .collect(Collectors.joining());
  }
}
