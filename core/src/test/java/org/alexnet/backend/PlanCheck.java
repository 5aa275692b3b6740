package org.alexnet.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.backend.plan.BufferUse.Access;
import org.alexnet.backend.plan.Kernel;
import org.alexnet.backend.plan.KernelOrder;
import org.alexnet.backend.plan.Lane;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.backend.plan.MemoryPlan;
import org.alexnet.backend.plan.MemoryPlan.Blocks;
import org.alexnet.backend.plan.MemoryPlan.Slot;
import org.alexnet.program.StepProgram;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.program.Tensor;

/** Checks a plan against the uses that it was made from, kernel by kernel. */
public final class PlanCheck {
  private PlanCheck() {}

  /**
   * A tensor or a workspace while one kernel runs.
   *
   * @param lanes that touch it; none if it outlives the step
   * @param used whether it is still used; else another lane may be using it yet
   */
  private record Live(Object what, Slot slot, Set<Lane> lanes, boolean used) {

    /** Whether its place may be the other's: of two in one lane the first is done by then. */
    boolean follows(Live other) {
      return lanes.size() == 1 && lanes.equals(other.lanes) && !(used && other.used);
    }
  }

  public static void check(Lowered lowered, MemoryPlan plan) {
    List<Live> kept = new ArrayList<>();
    plan.persistent().forEach((tensor, slot) -> kept.add(new Live(tensor, slot, Set.of(), true)));
    assertApart(kept, plan, Blocks::persistentBytes, lowered.alignment(), Map.of());
    for (Phase phase : Phase.values()) {
      check(lowered.programs().program(phase), lowered.kernels(phase), plan, lowered.alignment());
    }
  }

  private static void check(
      StepProgram program, List<? extends Kernel> kernels, MemoryPlan plan, int alignment) {
    Map<Tensor, Integer> first = new HashMap<>();
    Map<Tensor, Integer> last = new HashMap<>();
    Map<Tensor, Set<Lane>> lanes = new HashMap<>();
    for (int k = 0; k < kernels.size(); k++) {
      for (BufferUse use : kernels.get(k).uses()) {
        first.putIfAbsent(use.tensor(), k);
        last.merge(use.tensor(), program.observes(use.tensor()) ? kernels.size() : k, Math::max);
        lanes
            .computeIfAbsent(use.tensor(), t -> EnumSet.noneOf(Lane.class))
            .add(kernels.get(k).lane());
        Slot slot = plan.slot(program.phase(), use.tensor());
        assertTrue(slot.bytes() >= use.bytes(), use + " has " + slot);
      }
    }
    for (int k = 0; k < kernels.size(); k++) {
      List<Live> live = new ArrayList<>();
      int now = k;
      first.forEach(
          (tensor, from) -> {
            boolean used = from <= now && now <= last.get(tensor);
            boolean later = from <= now && !lanes.get(tensor).equals(EnumSet.of(Lane.COMPUTE));
            if (!tensor.role().persistent() && (used || later)) {
              Slot slot = plan.slot(program.phase(), tensor);
              live.add(new Live(tensor, slot, lanes.get(tensor), used));
            }
          });
      Slot workspace = plan.workspaces().get(program.phase()).get(k);
      assertEquals(kernels.get(k).workspaceBytes(), workspace.bytes());
      live.add(new Live("workspace", workspace, EnumSet.of(kernels.get(k).lane()), true));
      for (int before = 0; before < k; before++) {
        Lane lane = kernels.get(before).lane();
        if (lane != Lane.COMPUTE) {
          Slot other = plan.workspaces().get(program.phase()).get(before);
          String what = "workspace of " + kernels.get(before).label();
          live.add(new Live(what, other, EnumSet.of(lane), false));
        }
      }
      Map<Tensor, Tensor> inPlace = new HashMap<>();
      for (BufferUse use : kernels.get(k).uses()) {
        if (use.inPlaceOf() != null && last.get(use.inPlaceOf()) == k) {
          inPlace.put(use.tensor(), use.inPlaceOf());
        }
      }
      assertApart(live, plan, Blocks::arenaBytes, alignment, inPlace);
    }
  }

  /**
   * Follows every order that lanes may run in from what they wait for: two kernels of different
   * lanes that touch the same bytes, one of them writing, must be ordered by waits.
   */
  public static void checkOrder(Lowered lowered, MemoryPlan plan, Phase phase) {
    List<? extends Kernel> kernels = lowered.kernels(phase);
    int[][] waits = KernelOrder.waits(lowered, plan, phase);
    int lanes = lowered.lanes(phase);
    int[][] done = new int[kernels.size()][]; // kernels of each lane surely done before this one
    int[] last = new int[lanes];
    Arrays.fill(last, -1);
    for (int k = 0; k < kernels.size(); k++) {
      int own = lowered.lane(kernels.get(k));
      done[k] = last[own] < 0 ? filled(lanes) : done[last[own]].clone();
      done[k][own] = last[own];
      for (int lane = 0; lane < waits[k].length; lane++) {
        if (waits[k][lane] >= 0) {
          int[] before = done[waits[k][lane]];
          done[k][lane] = Math.max(done[k][lane], waits[k][lane]);
          for (int other = 0; other < lanes; other++) {
            done[k][other] = Math.max(done[k][other], before[other]);
          }
        }
      }
      for (int before = 0; before < k; before++) {
        int lane = lowered.lane(kernels.get(before));
        if (shares(lowered, plan, phase, before, k)) {
          assertTrue(
              done[k][lane] >= before,
              kernels.get(k).label() + " does not wait for " + kernels.get(before).label());
        }
      }
      last[own] = k;
    }
  }

  private static int[] filled(int lanes) {
    int[] none = new int[lanes];
    Arrays.fill(none, -1);
    return none;
  }

  private static boolean shares(
      Lowered lowered, MemoryPlan plan, Phase phase, int before, int after) {
    for (BufferUse one : lowered.kernels(phase).get(before).uses()) {
      for (BufferUse two : lowered.kernels(phase).get(after).uses()) {
        boolean same = one.tensor().role().persistent() == two.tensor().role().persistent();
        boolean write = one.access() != Access.READ || two.access() != Access.READ;
        Slot slot = plan.slot(phase, one.tensor());
        if (same && write && slot.overlaps(plan.slot(phase, two.tensor()))) {
          return true;
        }
      }
    }
    return false;
  }

  private static void assertApart(
      List<Live> live,
      MemoryPlan plan,
      ToLongFunction<Blocks> size,
      int alignment,
      Map<Tensor, Tensor> inPlace) {
    for (Live one : live) {
      long bytes = size.applyAsLong(plan.devices().get(one.slot.device()));
      assertTrue(one.slot.offset() + one.slot.bytes() <= bytes, one + " leaves the arena");
      assertEquals(0, one.slot.offset() % alignment, one + " is not aligned");
      for (Live other : live) {
        if (one == other || one.slot.bytes() == 0 || other.slot.bytes() == 0) {
          continue;
        }
        boolean mayShare =
            other.what.equals(inPlace.get(one.what)) || one.what.equals(inPlace.get(other.what));
        assertTrue(
            mayShare || one.follows(other) || !one.slot.overlaps(other.slot),
            one + " overlaps " + other);
      }
    }
  }
}
