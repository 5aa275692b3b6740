package org.alexnet.backend.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.alexnet.backend.plan.BufferUse.Access;
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
public final class PartsInOrder<K extends Kernel> {
  /**
   * Layers whose messages may be awaited at once: one arrives while the next layer is computed.
   * With more of them the others would wait the longer for what is sent after it.
   */
  private static final int AHEAD = 2;

  private final List<LinkedList<K>> waiting = new ArrayList<>();
  private final Map<Tensor, List<K>> makers = new HashMap<>(); // that are not in order yet
  private final Map<Tensor, List<K>> readers = new HashMap<>(); // of parameters, likewise
  private final List<K> order = new ArrayList<>();

  private PartsInOrder(List<List<K>> parts) {
    for (List<K> part : parts) {
      waiting.add(new LinkedList<>(part));
      for (K kernel : part) {
        made(kernel).forEach(y -> makers.computeIfAbsent(y, t -> new ArrayList<>()).add(kernel));
        kept(kernel).forEach(w -> readers.computeIfAbsent(w, t -> new ArrayList<>()).add(kernel));
      }
    }
  }

  /**
   * The order.
   *
   * @param parts the kernels of each column or shard in their order
   */
  public static <K extends Kernel> List<K> of(List<List<K>> parts) {
    return new PartsInOrder<>(parts).merged();
  }

  private List<K> merged() {
    while (waiting.stream().anyMatch(part -> !part.isEmpty())) {
      int before = order.size();
      waiting.forEach(this::takeReady);
      if (order.size() == before) {
        take(nextToReceive().removeFirst());
      }
    }
    return List.copyOf(order);
  }

  private void takeReady(List<K> part) {
    Passed passed = new Passed();
    Set<String> awaited = new HashSet<>(); // layers
    for (Iterator<K> kernels = part.iterator(); kernels.hasNext(); ) {
      K kernel = kernels.next();
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

  private static boolean arrives(Kernel kernel) {
    return kernel.message() != null && kernel.message().arrives();
  }

  private void take(K kernel) {
    made(kernel).forEach(y -> makers.get(y).remove(kernel));
    kept(kernel).forEach(w -> readers.get(w).remove(kernel));
    order.add(kernel);
  }

  private LinkedList<K> nextToReceive() {
    return waiting.stream()
        .filter(part -> !part.isEmpty() && arrives(part.getFirst()))
        .min(Comparator.comparingInt(part -> part.getFirst().message().number()))
        .orElseThrow(
            () -> new IllegalStateException("columns or shards wait for each other: " + waiting));
  }

  /** What is there before the step is waited for by nobody, though an update may write it. */
  private static List<Tensor> made(Kernel kernel) {
    return kernel.uses().stream()
        .filter(use -> use.access() == Access.WRITE)
        .map(BufferUse::tensor)
        .filter(tensor -> !tensor.role().persistent())
        .toList();
  }

  /** What it reads of what was there before the step. */
  private static List<Tensor> kept(Kernel kernel) {
    return kernel.uses().stream()
        .filter(use -> use.access() == Access.READ)
        .map(BufferUse::tensor)
        .filter(tensor -> tensor.role().persistent())
        .toList();
  }

  /**
   * Whether all is there that other columns or shards make, and they no longer read what it
   * changes; those before it in its own are passed by none that it concerns.
   */
  private boolean isReady(K kernel) {
    return kernel.uses().stream()
        .flatMap(
            use ->
                (use.access() == Access.READ ? makers : readers)
                    .getOrDefault(use.tensor(), List.of()).stream())
        .allMatch(other -> other.index() == kernel.index());
  }

  /** What waits for a message while others of its column or shard go on. */
  private static final class Passed {
    private final Set<Tensor> read = new HashSet<>();
    private final Set<Tensor> changed = new HashSet<>();

    void add(Kernel kernel) {
      for (BufferUse use : kernel.uses()) {
        (use.access() == Access.READ ? read : changed).add(use.tensor());
      }
    }

    /** Whether a kernel needs what these make, or would change what they read. */
    boolean hold(Kernel kernel) {
      return kernel.uses().stream()
          .anyMatch(
              use ->
                  changed.contains(use.tensor())
                      || (use.access() != Access.READ && read.contains(use.tensor())));
    }
  }
}
