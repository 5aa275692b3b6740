package org.alexnet.cuda;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.alexnet.backend.plan.Lane;
import org.alexnet.cuda.kernel.CudaKernel;
import org.alexnet.cuda.kernel.Layouts;
import org.alexnet.cuda.kernel.UpdateKernels;
import org.alexnet.program.Op;
import org.alexnet.program.Part;
import org.alexnet.program.Placement;
import org.alexnet.program.Shape;
import org.alexnet.program.StepProgram;
import org.alexnet.program.Tensor;

/**
 * The updates of a program: those of a device in one launch or two.
 *
 * <p>That of fully-connected layers, whose gradients come first and which have most of the
 * parameters, moves memory while convolutions compute: it runs beside their backward pass.
 *
 * <p>With scaled gradients one that is not finite keeps all from being updated, which is known at
 * the end. Each device judges the gradients that it has; where there are several, the first one
 * joins what they found, and all do the same. Workers need not tell one another what they found:
 * they cut the batch only, so that each has the sum of every gradient, in the same bits, and the
 * flag of a finite loss that all of them have joined.
 */
final class Updates {
  private final StepProgram program;
  private final Layouts layouts;
  private final UpdateKernels make;
  private final boolean scaled;
  private final Map<Integer, List<Op.Update>> byDevice = new TreeMap<>();

  /**
   * @param scaled whether gradients are scaled, and may be too large for how they are kept
   */
  Updates(StepProgram program, Placement placement, Layouts layouts, boolean scaled) {
    this.program = program;
    this.layouts = layouts;
    this.make = new UpdateKernels(layouts);
    this.scaled = scaled;
    for (Op op : program.ops()) {
      if (op instanceof Op.Update update) {
        byDevice.computeIfAbsent(placement.device(update.w()), d -> new ArrayList<>()).add(update);
      }
    }
  }

  /**
   * Adds them to kernels that compute all gradients.
   *
   * @param lower makes the kernel of an operation
   */
  void addTo(List<CudaKernel> kernels, Function<Op, CudaKernel> lower) {
    if (scaled) {
      Map<Integer, Tensor> usable = judged(kernels, lower);
      byDevice.forEach(
          (device, updates) -> kernels.add(make.update("update", updates, usable.get(device))));
    } else {
      byDevice.values().forEach(updates -> addTo(kernels, updates));
    }
  }

  private void addTo(List<CudaKernel> kernels, List<Op.Update> updates) {
    Set<Tensor> early = new HashSet<>();
    for (Op op : program.ops()) {
      if (op instanceof Op.FullyConnected o) {
        early.add(o.weight());
        early.add(o.bias());
      }
    }
    Map<Boolean, List<Op.Update>> parts =
        updates.stream().collect(Collectors.partitioningBy(o -> early.contains(o.w())));
    List<Op.Update> first = parts.get(true);
    List<Op.Update> last = parts.get(false);
    Tensor finite = updates.getFirst().finite();
    if (first.isEmpty() || last.isEmpty()) {
      kernels.add(make.update("update", updates, finite));
      return;
    }
    String layers = first.stream().map(Op::layer).distinct().collect(Collectors.joining(", "));
    CudaKernel beside = make.update("update of " + layers, first, finite).in(Lane.UPDATE);
    CudaKernel.insert(beside, kernels);
    kernels.add(make.update("update", last, finite));
  }

  /** Whether the gradients of all devices may be used: what each device reads of it. */
  private Map<Integer, Tensor> judged(List<CudaKernel> kernels, Function<Op, CudaKernel> lower) {
    Map<Integer, Tensor> found = new LinkedHashMap<>();
    byDevice.forEach(
        (device, updates) -> {
          Tensor own = flag("usable.own", device);
          kernels.add(make.check(updates, own));
          found.put(device, own);
        });
    if (found.size() < 2) {
      return found;
    }
    int first = found.keySet().iterator().next();
    List<Op> ops = new ArrayList<>();
    List<Tensor> near = new ArrayList<>();
    found.forEach(
        (device, own) -> {
          Tensor copy = device == first ? own : flag("usable.of." + device, first);
          near.add(copy);
          if (device != first) {
            ops.add(new Op.Transfer(UpdateKernels.LAYER, own, copy));
          }
        });
    Tensor joined = flag("usable", first);
    ops.add(new Op.Minimum(UpdateKernels.LAYER, near, joined));
    found.replaceAll((device, own) -> flag("usable", device));
    found.forEach(
        (device, usable) -> {
          if (device != first) {
            ops.add(new Op.Transfer(UpdateKernels.LAYER, joined, usable));
          }
        });
    ops.forEach(op -> kernels.add(lower.apply(op)));
    return found;
  }

  private Tensor flag(String name, int device) {
    int own = byDevice.get(device).getFirst().index(); // a shard of this worker's
    Tensor flag = Tensor.step(name, Shape.vector(1)).in(Part.whole(own));
    layouts.single(flag);
    return flag;
  }
}
