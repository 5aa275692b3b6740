package org.alexnet.cpu.parts;

import java.util.ArrayList;
import java.util.List;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.cpu.execution.WorkerPool;
import org.alexnet.program.Op;
import org.alexnet.program.Tensor;

/**
 * Joins parts of a tensor along its images, or takes one out. An image lies together, so a part is
 * one range of the whole.
 *
 * @param parts consecutive
 * @param toWhole from the parts to the whole, else the other way
 * @param first image of the whole that the first part begins with
 */
public record ImageRangeKernel(
    Op op, List<Tensor> parts, Tensor whole, boolean toWhole, int first, Layouts layouts)
    implements CpuKernel {

  public static ImageRangeKernel of(Op.Concatenate op, Layouts layouts) {
    return new ImageRangeKernel(op, op.parts(), op.y(), true, 0, layouts);
  }

  public static ImageRangeKernel of(Op.Slice op, Layouts layouts) {
    return new ImageRangeKernel(op, List.of(op.y()), op.x(), false, op.first(), layouts);
  }

  @Override
  public String label() {
    return op.layer() + (toWhole ? " concatenate" : " slice");
  }

  @Override
  public String layer() {
    return op.layer();
  }

  @Override
  public boolean backward() {
    return whole.isGradient();
  }

  @Override
  public List<BufferUse> uses() {
    List<BufferUse> uses = new ArrayList<>();
    op.writes().forEach(tensor -> uses.add(layouts.write(tensor)));
    op.reads().forEach(tensor -> uses.add(layouts.read(tensor)));
    return uses;
  }

  @Override
  public int tasks() {
    return parts.stream()
        .mapToInt(part -> WorkerPool.tasks(layouts.of(part).floats()))
        .max()
        .orElse(0);
  }

  @Override
  public Bound bind(Binding binding) {
    int[] own = parts.stream().mapToInt(binding::offset).toArray();
    int[] floats = parts.stream().mapToInt(part -> layouts.of(part).floats()).toArray();
    int start = binding.offset(whole) + first * whole.shape().imageElements();
    return context -> {
      float[] m = context.m();
      int joined = start;
      for (int i = 0; i < own.length; i++) {
        int from = toWhole ? own[i] : joined;
        int to = toWhole ? joined : own[i];
        context
            .pool()
            .runRange(floats[i], (at, n) -> System.arraycopy(m, from + at, m, to + at, n));
        joined += floats[i];
      }
    };
  }
}
