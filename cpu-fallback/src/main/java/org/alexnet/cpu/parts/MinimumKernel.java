package org.alexnet.cpu.parts;

import java.util.ArrayList;
import java.util.List;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.program.Op;

/** The smallest of several flags; a few numbers. */
public record MinimumKernel(Op.Minimum op, Layouts layouts) implements CpuKernel {

  @Override
  public String label() {
    return op.layer() + " minimum";
  }

  @Override
  public String layer() {
    return op.layer();
  }

  @Override
  public boolean backward() {
    return false;
  }

  @Override
  public List<BufferUse> uses() {
    List<BufferUse> uses = new ArrayList<>();
    uses.add(layouts.write(op.y()));
    op.terms().forEach(term -> uses.add(layouts.read(term)));
    return uses;
  }

  @Override
  public int tasks() {
    return 1;
  }

  @Override
  public Bound bind(Binding binding) {
    int[] terms = op.terms().stream().mapToInt(binding::offset).toArray();
    int y = binding.offset(op.y());
    int floats = layouts.of(op.y()).floats();
    return context -> {
      float[] m = context.m();
      for (int i = 0; i < floats; i++) {
        float least = m[terms[0] + i];
        for (int term = 1; term < terms.length; term++) {
          least = Math.min(least, m[terms[term] + i]);
        }
        m[y + i] = least;
      }
    };
  }
}
