package org.alexnet.cpu;

import java.util.List;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.program.Op;

/** Waits for a tensor that another worker sends, laid out as here. */
record ReceiveKernel(Op.Receive op, Layouts layouts) implements CpuKernel {

  @Override
  public String label() {
    return op.layer() + " receive";
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
    return List.of(layouts.write(op.y()));
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
    int y = binding.offset(op.y());
    int floats = layouts.of(op.y()).floats();
    return context ->
        context.exchange().peers().receive(op.from(), op.number(), context.m(), y, floats);
  }
}
