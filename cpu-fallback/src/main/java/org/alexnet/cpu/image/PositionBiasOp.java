package org.alexnet.cpu.image;

import java.util.List;
import org.alexnet.cpu.execution.Address;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.program.Op;
import org.alexnet.program.Tensor;

/** Adds a bias that differs by position to each image; it lies in memory as an image does. */
public record PositionBiasOp(Op.PositionBias op, Kernels kernels) implements ImageOp {
  @Override
  public List<Tensor> imageReads() {
    return List.of(op.x());
  }

  @Override
  public List<Tensor> imageWrites() {
    return List.of(op.y());
  }

  @Override
  public List<Tensor> otherReads() {
    return List.of(op.bias());
  }

  @Override
  public Bound bind(Binding binding) {
    Address x = binding.address(op.x());
    Address y = binding.address(op.y());
    int bias = binding.offset(op.bias());
    return (context, task, worker, first, count) -> {
      float[] m = context.m();
      int to = y.of(worker, first);
      System.arraycopy(m, x.of(worker, first), m, to, count * x.image());
      for (int i = 0; i < count; i++) {
        kernels.add(m, bias, to + i * y.image(), y.image());
      }
    };
  }
}
