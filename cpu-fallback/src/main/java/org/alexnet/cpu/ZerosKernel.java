package org.alexnet.cpu;

import java.util.Arrays;
import java.util.List;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.program.Op;

/** The biases of a convolution that has none; a few numbers. */
record ZerosKernel(Op.Zeros op, Layouts layouts) implements CpuKernel {

  @Override
  public String label() {
    return op.layer() + " zeros";
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
    return List.of(layouts.write(op.y()));
  }

  @Override
  public int tasks() {
    return 1;
  }

  @Override
  public Bound bind(Binding binding) {
    int y = binding.offset(op.y());
    int floats = layouts.of(op.y()).floats();
    return context -> Arrays.fill(context.m(), y, y + floats, 0);
  }
}
