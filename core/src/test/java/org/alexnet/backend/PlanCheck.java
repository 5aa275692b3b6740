package org.alexnet.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alexnet.backend.MemoryPlan.Slot;
import org.alexnet.program.StepProgram;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.program.Tensor;

/** Checks a plan against the uses that it was made from, kernel by kernel. */
final class PlanCheck {
  private PlanCheck() {}

  /** A tensor or a workspace while one kernel runs. */
  private record Live(Object what, Slot slot) {}

  static void check(Lowered lowered, MemoryPlan plan) {
    List<Live> kept = new ArrayList<>();
    plan.persistent().forEach((tensor, slot) -> kept.add(new Live(tensor, slot)));
    assertApart(kept, plan.persistentBytes(), lowered.alignment(), Map.of());
    for (Phase phase : Phase.values()) {
      check(lowered.programs().program(phase), lowered.kernels(phase), plan, lowered.alignment());
    }
  }

  private static void check(
      StepProgram program, List<? extends Kernel> kernels, MemoryPlan plan, int alignment) {
    Map<Tensor, Integer> first = new HashMap<>();
    Map<Tensor, Integer> last = new HashMap<>();
    for (int k = 0; k < kernels.size(); k++) {
      for (BufferUse use : kernels.get(k).uses()) {
        first.putIfAbsent(use.tensor(), k);
        last.put(use.tensor(), program.observes(use.tensor()) ? kernels.size() : k);
        Slot slot = plan.slot(program.phase(), use.tensor());
        assertTrue(slot.bytes() >= use.bytes(), use + " has " + slot);
      }
    }
    for (int k = 0; k < kernels.size(); k++) {
      List<Live> live = new ArrayList<>();
      int now = k;
      first.forEach(
          (tensor, from) -> {
            if (!tensor.role().persistent() && from <= now && now <= last.get(tensor)) {
              live.add(new Live(tensor, plan.slot(program.phase(), tensor)));
            }
          });
      long workspace = plan.workspaces().get(program.phase()).get(k);
      live.add(new Live("workspace", new Slot(workspace, kernels.get(k).workspaceBytes())));
      Map<Tensor, Tensor> inPlace = new HashMap<>();
      for (BufferUse use : kernels.get(k).uses()) {
        if (use.inPlaceOf() != null && last.get(use.inPlaceOf()) == k) {
          inPlace.put(use.tensor(), use.inPlaceOf());
        }
      }
      assertApart(live, plan.arenaBytes(), alignment, inPlace);
    }
  }

  private static void assertApart(
      List<Live> live, long bytes, int alignment, Map<Tensor, Tensor> inPlace) {
    for (Live one : live) {
      assertTrue(one.slot.offset() + one.slot.bytes() <= bytes, one + " leaves the arena");
      assertEquals(0, one.slot.offset() % alignment, one + " is not aligned");
      for (Live other : live) {
        if (one == other || one.slot.bytes() == 0 || other.slot.bytes() == 0) {
          continue;
        }
        boolean mayShare =
            other.what.equals(inPlace.get(one.what)) || one.what.equals(inPlace.get(other.what));
        assertTrue(mayShare || !one.slot.overlaps(other.slot), one + " overlaps " + other);
      }
    }
  }
}
