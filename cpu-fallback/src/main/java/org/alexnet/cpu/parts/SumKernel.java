package org.alexnet.cpu.parts;

import java.util.ArrayList;
import java.util.List;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.cpu.execution.WorkerPool;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.program.Op;

/**
 * A sum of gradients of parameters, which have layouts of their own; that of images is a link.
 *
 * @param op the sum
 * @param places where its terms and itself lie
 */
public record SumKernel(Op.Add op, RowsInPlace places, Kernels kernels, Layouts layouts)
    implements CpuKernel {

  @Override
  public String label() {
    return op.layer() + " sum";
  }

  @Override
  public String layer() {
    return op.layer();
  }

  @Override
  public boolean backward() {
    return op.y().isGradient();
  }

  @Override
  public List<BufferUse> uses() {
    List<BufferUse> uses = new ArrayList<>();
    uses.add(layouts.write(places.of(op.y()).tensor()));
    op.terms().stream()
        .map(term -> places.of(term).tensor())
        .distinct()
        .forEach(term -> uses.add(layouts.read(term)));
    return uses;
  }

  @Override
  public int tasks() {
    return WorkerPool.tasks(layouts.of(op.y()).floats());
  }

  @Override
  public Bound bind(Binding binding) {
    int[] terms = op.terms().stream().mapToInt(t -> places.of(t).offset(binding)).toArray();
    int y = places.of(op.y()).offset(binding);
    int floats = layouts.of(op.y()).floats();
    return context ->
        context
            .pool()
            .runRange(
                floats,
                (at, n) -> {
                  float[] m = context.m();
                  System.arraycopy(m, terms[0] + at, m, y + at, n);
                  for (int term = 1; term < terms.length; term++) {
                    kernels.add(m, terms[term] + at, y + at, n);
                  }
                });
  }
}
