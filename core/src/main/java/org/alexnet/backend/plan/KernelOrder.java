package org.alexnet.backend.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.alexnet.backend.plan.MemoryPlan.Slot;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.program.Tensor;

/**
 * What kernels of different lanes owe each other, on one device or several. A lane runs its kernels
 * in their order; before a kernel that touches memory which a kernel of another {@link
 * Lowered#lane} touches too, one of them writing, it waits for that one. Both ways matter: a
 * transfer waits until its source is written, and the source's memory is not given to another
 * tensor before the transfer has read it.
 */
public final class KernelOrder {
  /** No kernel of that device has to be waited for. */
  public static final int NONE = -1;

  private KernelOrder() {}

  /**
   * For each kernel of a phase, the number of the last kernel of each other lane that must be done
   * before it starts, or {@link #NONE}.
   */
  public static int[][] waits(Lowered lowered, MemoryPlan plan, Phase phase) {
    List<? extends Kernel> kernels = lowered.kernels(phase);
    int lanes = lowered.lanes(phase);
    List<History> arenas = histories(plan, lanes);
    List<History> persistent = histories(plan, lanes);
    int[][] waits = new int[kernels.size()][lanes];
    for (int k = 0; k < waits.length; k++) {
      Kernel kernel = kernels.get(k);
      int[] own = waits[k];
      Arrays.fill(own, NONE);
      List<Touch> touches = new ArrayList<>();
      for (BufferUse use : kernel.uses()) {
        Slot slot = plan.slot(phase, use.tensor());
        boolean write = use.access() != BufferUse.Access.READ;
        List<History> of = use.tensor().role().persistent() ? persistent : arenas;
        touches.add(new Touch(of.get(slot.device()), slot, write));
      }
      Slot scratch = plan.workspaces().get(phase).get(k);
      touches.add(new Touch(arenas.get(scratch.device()), scratch, true));
      int lane = lowered.lane(kernel);
      int number = k;
      touches.forEach(touch -> touch.history.ask(touch, own));
      touches.forEach(touch -> touch.history.note(touch, number, lane));
      own[lane] = NONE;
    }
    return waits;
  }

  private static List<History> histories(MemoryPlan plan, int lanes) {
    return IntStream.range(0, plan.devices().size()).mapToObj(d -> new History(lanes)).toList();
  }

  private record Touch(History history, Slot slot, boolean write) {}

  /** Who touched which bytes of a block of memory last. */
  private static final class History {

    /** Bytes from its place in the map to the next one: the last kernel of each lane. */
    private record Stretch(int[] written, int[] touched) {
      Stretch copy() {
        return new Stretch(written.clone(), touched.clone());
      }
    }

    private final TreeMap<Long, Stretch> stretches = new TreeMap<>();

    History(int lanes) {
      int[] nobody = new int[lanes];
      Arrays.fill(nobody, NONE);
      stretches.put(0L, new Stretch(nobody, nobody.clone()));
    }

    /** Asks for the last kernel of each lane that a touch waits for. */
    void ask(Touch touch, int[] waits) {
      for (Stretch stretch : of(touch.slot)) {
        int[] before = touch.write ? stretch.touched : stretch.written;
        Arrays.setAll(waits, lane -> Math.max(waits[lane], before[lane]));
      }
    }

    void note(Touch touch, int kernel, int lane) {
      for (Stretch stretch : of(touch.slot)) {
        stretch.touched[lane] = kernel;
        if (touch.write) {
          stretch.written[lane] = kernel;
        }
      }
    }

    private Collection<Stretch> of(Slot slot) {
      long end = slot.offset() + slot.bytes();
      cut(slot.offset());
      cut(end);
      return stretches.subMap(slot.offset(), end).values();
    }

    private void cut(long offset) {
      Map.Entry<Long, Stretch> before = stretches.floorEntry(offset);
      if (before.getKey() != offset) {
        stretches.put(offset, before.getValue().copy());
      }
    }
  }

  /**
   * The earliest place of a kernel among others: behind all that touch what it touches.
   *
   * @param kernels in their order
   */
  public static int earliest(Kernel kernel, List<? extends Kernel> kernels) {
    Set<Tensor> touched = kernel.uses().stream().map(BufferUse::tensor).collect(Collectors.toSet());
    int place = kernels.size();
    while (place > 0
        && kernels.get(place - 1).uses().stream().noneMatch(u -> touched.contains(u.tensor()))) {
      place--;
    }
    return place;
  }
}
