package org.alexnet.cpu;

import java.util.List;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.program.Op;

/** Hands a tensor as it lies in memory to another worker. */
record SendKernel(Op.Send op, Layouts layouts) implements CpuKernel {

  @Override
  public String label() {
    return op.layer() + " send";
  }

  @Override
  public String layer() {
    return op.layer();
  }

  @Override
  public boolean backward() {
    return op.x().isGradient();
  }

  @Override
  public List<BufferUse> uses() {
    return List.of(layouts.read(op.x()));
  }

  @Override
  public int index() {
    return op.index();
  }

  @Override
  public int tasks() {
    return 1;
  }

  @Override
  public Bound bind(Binding binding) {
    int x = binding.offset(op.x());
    int floats = layouts.of(op.x()).floats();
    return context -> context.exchange().peers().send(op.to(), op.number(), context.m(), x, floats);
  }
}
