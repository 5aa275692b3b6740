package org.alexnet.cpu;

import java.util.List;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.cpu.kernel.Kernels;
import org.alexnet.program.Op;

/** The sum of the gradients of all images, in their order. */
record PositionBiasBackwardKernel(Op.PositionBiasBackward op, Kernels kernels, Layouts layouts)
    implements CpuKernel {

  /** Floats of an image a task. */
  private static final int PIECE = 512;

  @Override
  public String label() {
    return op.layer() + " backward bias";
  }

  @Override
  public String layer() {
    return op.layer();
  }

  @Override
  public boolean backward() {
    return true;
  }

  @Override
  public List<BufferUse> uses() {
    return List.of(layouts.read(op.dy()), layouts.write(op.db()));
  }

  private int image() {
    return op.dy().shape().imageElements();
  }

  @Override
  public int tasks() {
    return Math.ceilDiv(image(), PIECE);
  }

  @Override
  public Bound bind(Binding binding) {
    int dy = binding.offset(op.dy());
    int db = binding.offset(op.db());
    int image = image();
    int images = op.dy().shape().n();
    return context ->
        context
            .pool()
            .run(
                tasks(),
                (task, worker) -> {
                  float[] m = context.m();
                  int at = task * PIECE;
                  int n = Math.min(PIECE, image - at);
                  System.arraycopy(m, dy + at, m, db + at, n);
                  for (int i = 1; i < images; i++) {
                    kernels.add(m, dy + i * image + at, db + at, n);
                  }
                });
  }
}
