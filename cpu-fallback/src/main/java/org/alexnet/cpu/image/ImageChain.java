package org.alexnet.cpu.image;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.cpu.execution.Address;
import org.alexnet.cpu.execution.Binding;
import org.alexnet.cpu.execution.CpuKernel;
import org.alexnet.cpu.execution.KernelContext;
import org.alexnet.cpu.execution.Layouts;
import org.alexnet.program.Tensor;

/**
 * Operations that follow one another on the same few images before the next few are taken up. A
 * tensor that only the chain itself uses lies in a worker's scratch and never reaches main memory.
 *
 * @param label for tables
 * @param ops in order
 * @param local tensors that live only within the chain
 * @param cut of the batch
 * @param workers workers of the pool
 * @param layouts how tensors lie in memory
 */
public record ImageChain(
    String label,
    String layer,
    boolean backward,
    List<ImageOp> ops,
    Set<Tensor> local,
    Cut cut,
    int workers,
    Layouts layouts)
    implements CpuKernel {

  private static final int ALIGN = 16;

  /**
   * How a batch is cut.
   *
   * @param images images of the batch
   * @param task images a task
   * @param group images that an operation handles at a time
   */
  public record Cut(int images, int task, int group) {
    /** {@return the number of tasks} */
    public int tasks() {
      return Math.ceilDiv(images, task);
    }
  }

  @Override
  public List<BufferUse> uses() {
    List<BufferUse> uses = new ArrayList<>();
    Set<Tensor> written = new LinkedHashSet<>();
    for (ImageOp op : ops) {
      written.addAll(op.imageWrites());
      written.addAll(op.otherWrites());
    }
    Set<Tensor> read = new LinkedHashSet<>();
    for (ImageOp op : ops) {
      read.addAll(op.imageReads());
      read.addAll(op.otherReads());
    }
    read.removeAll(written);
    for (Tensor tensor : read) {
      uses.add(layouts.read(tensor));
    }
    for (Tensor tensor : written) {
      if (!local.contains(tensor)) {
        uses.add(layouts.write(tensor));
      }
    }
    ops.forEach(op -> uses.addAll(op.kept()));
    return uses;
  }

  @Override
  public long workspaceBytes() {
    return ((long) sharedFloats() + (long) workers * workerFloats()) * Float.BYTES;
  }

  private int sharedFloats() {
    return ops.stream().mapToInt(op -> align(op.sharedFloats())).sum();
  }

  private int localFloats() {
    return local.stream().mapToInt(t -> align(cut.group * t.shape().imageElements())).sum();
  }

  private int workerFloats() {
    return localFloats() + align(ops.stream().mapToInt(ImageOp::scratchFloats).max().orElse(0));
  }

  private static int align(int floats) {
    return Math.ceilDiv(floats, ALIGN) * ALIGN;
  }

  @Override
  public int tasks() {
    return cut.tasks();
  }

  @Override
  public Bound bind(Binding binding) {
    int scratch = binding.shared() + sharedFloats();
    int pitch = workerFloats();
    Map<Tensor, Address> places = new HashMap<>();
    int place = scratch;
    for (Tensor tensor : local) {
      places.put(tensor, new Address(place, tensor.shape().imageElements(), pitch, true));
      place += align(cut.group * tensor.shape().imageElements());
    }
    Function<Tensor, Address> images =
        t -> places.containsKey(t) ? places.get(t) : binding.address(t);
    List<ImageOp.Bound> bound = new ArrayList<>();
    int shared = binding.shared();
    for (ImageOp op : ops) {
      bound.add(
          op.bind(new Binding(images, binding.start(), binding.device(), shared, place, pitch)));
      shared += align(op.sharedFloats());
    }
    return new Running(this, List.copyOf(bound));
  }

  /** A chain that knows its addresses. */
  private record Running(ImageChain chain, List<ImageOp.Bound> ops) implements CpuKernel.Bound {
    @Override
    public void run(KernelContext context) {
      for (ImageOp.Bound op : ops) {
        op.prepare(context);
      }
      context.pool().run(chain.tasks(), (task, worker) -> run(context, task, worker));
      for (ImageOp.Bound op : ops) {
        op.finish(context);
      }
    }

    private void run(KernelContext context, int task, int worker) {
      for (ImageOp.Bound op : ops) {
        op.begin(context, task, worker);
      }
      Cut cut = chain.cut;
      int end = Math.min(cut.images, (task + 1) * cut.task);
      for (int first = task * cut.task; first < end; first += cut.group) {
        int count = Math.min(cut.group, end - first);
        for (ImageOp.Bound op : ops) {
          op.run(context, task, worker, first, count);
        }
      }
    }
  }
}
