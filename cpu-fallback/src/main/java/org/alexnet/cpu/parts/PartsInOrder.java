package org.alexnet.cpu.parts;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.backend.plan.BufferUse.Access;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.program.Tensor;

/**
 * One order for the kernels of all columns or shards, in which each reads only what is written
 * before. Where they are those of one of several workers, what does not depend on a message passes
 * the kernels that do, so that a worker computes while the message is under way: those of the next
 * {@value #AHEAD} layers. Behind them it waits for the message of the lowest number.
 *
 * <p>So whenever a worker waits for a message, those that it has not sent yet have higher numbers:
 * what keeps one back is a message before it in the program, and numbers follow the program. Of all
 * workers that wait, the one that waits for the lowest number therefore waits for a worker that is
 * still at work, and they cannot all wait for each other.
 */
public final class PartsInOrder {
  /**
   * Layers whose messages may be awaited at once: one arrives while the next layer is computed.
   * With more of them the others would wait the longer for what is sent after it.
   */
  private static final int AHEAD = 2;

  private final List<LinkedList<CpuKernel>> waiting = new ArrayList<>();
  private final Map<Tensor, List<CpuKernel>> makers = new HashMap<>(); // that are not in order yet
  private final List<CpuKernel> order = new ArrayList<>();

  private PartsInOrder(List<List<CpuKernel>> parts) {
    for (List<CpuKernel> part : parts) {
      waiting.add(new LinkedList<>(part));
      for (CpuKernel kernel : part) {
        made(kernel).forEach(y -> makers.computeIfAbsent(y, t -> new ArrayList<>()).add(kernel));
      }
    }
  }

  /**
   * The order.
   *
   * @param parts the kernels of each column or shard in their order
   */
  public static List<CpuKernel> of(List<List<CpuKernel>> parts) {
    return new PartsInOrder(parts).merged();
  }

  private List<CpuKernel> merged() {
    while (waiting.stream().anyMatch(part -> !part.isEmpty())) {
      int before = order.size();
      waiting.forEach(this::takeReady);
      if (order.size() == before) {
        take(nextToReceive().removeFirst());
      }
    }
    return List.copyOf(order);
  }

  private void takeReady(List<CpuKernel> part) {
    Passed passed = new Passed();
    Set<String> awaited = new HashSet<>(); // layers
    for (Iterator<CpuKernel> kernels = part.iterator(); kernels.hasNext(); ) {
      CpuKernel kernel = kernels.next();
      boolean arrives = arrives(kernel);
      if (arrives && awaited.add(kernel.layer()) && awaited.size() > AHEAD) {
        return;
      }
      if (arrives || passed.hold(kernel)) {
        passed.add(kernel);
      } else if (isReady(kernel)) {
        kernels.remove();
        take(kernel);
      } else {
        return; // for another part
      }
    }
  }

  private static boolean arrives(CpuKernel kernel) {
    return kernel instanceof MessageKernel message && message.arrives();
  }

  private void take(CpuKernel kernel) {
    made(kernel).forEach(y -> makers.get(y).remove(kernel));
    order.add(kernel);
  }

  private LinkedList<CpuKernel> nextToReceive() {
    return waiting.stream()
        .filter(part -> !part.isEmpty() && arrives(part.getFirst()))
        .min(Comparator.comparingInt(part -> ((MessageKernel) part.getFirst()).number()))
        .orElseThrow(
            () -> new IllegalStateException("columns or shards wait for each other: " + waiting));
  }

  private static List<Tensor> made(CpuKernel kernel) {
    return kernel.uses().stream()
        .filter(use -> use.access() == Access.WRITE)
        .map(BufferUse::tensor)
        .toList();
  }

  /** Whether all is there that other columns or shards make; those before it in its own are. */
  private boolean isReady(CpuKernel kernel) {
    return kernel.uses().stream()
        .filter(use -> use.access() == Access.READ)
        .flatMap(use -> makers.getOrDefault(use.tensor(), List.of()).stream())
        .allMatch(maker -> maker.index() == kernel.index());
  }

  /** What waits for a message while others of its column or shard go on. */
  private static final class Passed {
    private final Set<Tensor> read = new HashSet<>();
    private final Set<Tensor> changed = new HashSet<>();

    void add(CpuKernel kernel) {
      for (BufferUse use : kernel.uses()) {
        (use.access() == Access.READ ? read : changed).add(use.tensor());
      }
    }

    /** Whether a kernel needs what these make, or would change what they read. */
    boolean hold(CpuKernel kernel) {
      return kernel.uses().stream()
          .anyMatch(
              use ->
                  changed.contains(use.tensor())
                      || (use.access() != Access.READ && read.contains(use.tensor())));
    }
  }
}
