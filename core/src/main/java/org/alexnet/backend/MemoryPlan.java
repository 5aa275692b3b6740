package org.alexnet.backend;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.program.Tensor;

/**
 * Where everything lies: persistent tensors in one block, the tensors and workspaces of a step in
 * an arena that both programs share, since only one runs at a time.
 *
 * @param persistent slots that outlive a step, from the start of the persistent block
 * @param steps slots of each program's tensors, from the start of the arena
 * @param workspaces start of each kernel's workspace in the arena, by program and kernel number
 * @param persistentBytes size of the persistent block
 * @param arenaBytes size of the arena
 */
public record MemoryPlan(
    Map<Tensor, Slot> persistent,
    Map<Phase, Map<Tensor, Slot>> steps,
    Map<Phase, List<Long>> workspaces,
    long persistentBytes,
    long arenaBytes) {

  /** A buffer's place: bytes from the start of its block, and its size. */
  public record Slot(long offset, long bytes) {
    boolean overlaps(Slot other) {
      return offset < other.offset + other.bytes && other.offset < offset + bytes;
    }
  }

  /** Bytes to allocate in all. */
  public long totalBytes() {
    return persistentBytes + arenaBytes;
  }

  /** The slot of a tensor, or null if fusion left it without one. */
  public Slot slot(Phase phase, Tensor tensor) {
    return tensor.role().persistent() ? persistent.get(tensor) : steps.get(phase).get(tensor);
  }

  /** One line a buffer. */
  @Override
  public String toString() {
    return "persistent %,d bytes, arena %,d bytes%n".formatted(persistentBytes, arenaBytes)
        + lines("persistent", persistent)
        + lines("train", steps.get(Phase.TRAIN))
        + lines("evaluate", steps.get(Phase.EVALUATE));
  }

  private static String lines(String block, Map<Tensor, Slot> slots) {
    return slots.entrySet().stream()
        .sorted(Map.Entry.comparingByValue((a, b) -> Long.compare(a.offset, b.offset)))
        .map(
            e ->
                "%-10s %,14d %,14d  %s%n"
                    .formatted(block, e.getValue().offset, e.getValue().bytes, e.getKey()))
        .collect(Collectors.joining());
  }
}
