package org.alexnet.cpu.parts;

import java.util.List;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.cpu.execution.WorkerPool;
import org.alexnet.program.Op;

/** A copy from the memory of one device to that of another, made by the receiving one. */
public record TransferKernel(Op.Transfer op, Layouts layouts) implements CpuKernel {

  @Override
  public String label() {
    return op.layer() + " transfer";
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
    return List.of(layouts.read(op.x()), layouts.write(op.y()));
  }

  @Override
  public int tasks() {
    return WorkerPool.tasks(layouts.of(op.x()).floats());
  }

  @Override
  public Bound bind(Binding binding) {
    int x = binding.offset(op.x());
    int y = binding.offset(op.y());
    int from = binding.device(op.x());
    int to = binding.device(op.y());
    int floats = layouts.of(op.x()).floats();
    return context -> {
      float[] source = context.exchange().memories()[from];
      context
          .pool()
          .runRange(floats, (at, n) -> System.arraycopy(source, x + at, context.m(), y + at, n));
      context.exchange().bytesTransferred()[from][to] += op.bytes();
    };
  }
}
