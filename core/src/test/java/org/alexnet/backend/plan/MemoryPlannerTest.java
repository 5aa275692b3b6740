package org.alexnet.backend.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.alexnet.backend.PlanCheck;
import org.alexnet.backend.TestNetworks;
import org.alexnet.backend.plan.BufferUse.Access;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Placement;
import org.alexnet.program.Shape;
import org.alexnet.program.StepProgram;
import org.alexnet.program.StepProgram.Phase;
import org.alexnet.program.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Plans of kernels drawn at random, with what no backend does yet: taking over memory. */
class MemoryPlannerTest {

  private record Drawn(String label, List<BufferUse> uses, long workspaceBytes) implements Kernel {
    @Override
    public String layer() {
      return label;
    }

    @Override
    public boolean backward() {
      return false;
    }
  }

  private static Lowered lowered(List<Drawn> train, Set<String> observed, int alignment) {
    StepProgram program = new StepProgram(Phase.TRAIN, List.of(), observed);
    StepProgram none = new StepProgram(Phase.EVALUATE, List.of(), Set.of());
    CompiledNetwork programs =
        new CompiledNetwork(TestNetworks.shallow(), 1, Placement.WHOLE, program, none);
    return new Lowered(programs, train, List.of(), alignment);
  }

  private static Tensor tensor(int number) {
    return Tensor.step("t" + number, Shape.vector(1));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 64})
  void whatLivesTogetherLiesApart(int alignment) {
    for (int seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      List<Tensor> made = new ArrayList<>();
      List<Long> sizes = new ArrayList<>();
      Set<String> observed = new HashSet<>();
      List<Drawn> kernels = new ArrayList<>();
      for (int k = 0; k < 1 + random.nextInt(20); k++) {
        List<BufferUse> uses = new ArrayList<>();
        Set<Tensor> read = new HashSet<>();
        for (int i = 0; i < random.nextInt(3) && !made.isEmpty(); i++) {
          int from = random.nextInt(made.size());
          if (read.add(made.get(from))) {
            uses.add(BufferUse.read(made.get(from), sizes.get(from)));
          }
        }
        Tensor source = read.isEmpty() || random.nextBoolean() ? null : read.iterator().next();
        for (int i = 0; i < 1 + random.nextInt(2); i++) {
          Tensor tensor = tensor(made.size());
          made.add(tensor);
          sizes.add((long) random.nextInt(200));
          Tensor takeOver = i == 0 ? source : null;
          uses.add(new BufferUse(tensor, sizes.getLast(), Access.WRITE, takeOver));
          if (random.nextInt(5) == 0) {
            observed.add(tensor.name());
          }
        }
        kernels.add(new Drawn("k" + k, uses, random.nextInt(3) * 50L));
      }
      Lowered lowered = lowered(kernels, observed, alignment);
      PlanCheck.check(lowered, MemoryPlanner.plan(lowered));
    }
  }

  @Test
  void memoryIsTakenOverOnlyFromWhatNobodyNeedsAnyMore() {
    Tensor a = tensor(0);
    Tensor b = tensor(1);
    Tensor c = tensor(2);
    List<Drawn> kernels =
        List.of(
            new Drawn("makes a", List.of(BufferUse.write(a, 64)), 0),
            new Drawn(
                "a into b",
                List.of(BufferUse.read(a, 64), new BufferUse(b, 64, Access.WRITE, a)),
                0),
            new Drawn(
                "b into c",
                List.of(BufferUse.read(b, 64), new BufferUse(c, 128, Access.WRITE, b)),
                0));
    MemoryPlan plan = MemoryPlanner.plan(lowered(kernels, Set.of(), 64));
    assertEquals(128, plan.devices().getFirst().arenaBytes());
    assertEquals(plan.slot(Phase.TRAIN, a).offset(), plan.slot(Phase.TRAIN, c).offset());

    MemoryPlan kept = MemoryPlanner.plan(lowered(kernels, Set.of("t0"), 64));
    assertTrue(!kept.slot(Phase.TRAIN, a).overlaps(kept.slot(Phase.TRAIN, c)));
    assertEquals(192, kept.devices().getFirst().arenaBytes());
  }
}
