package org.alexnet.reference;

import java.util.ArrayList;
import java.util.List;
import org.alexnet.backend.plan.BufferUse;
import org.alexnet.backend.plan.Kernel;
import org.alexnet.program.Op;
import org.alexnet.program.Tensor;

/** One operation as it stands in the program, every tensor as N C H W. */
record ReferenceKernel(Op op) implements Kernel {

  @Override
  public String label() {
    return op.layer() + " " + op.getClass().getSimpleName();
  }

  @Override
  public String layer() {
    return op.layer();
  }

  @Override
  public boolean backward() {
    String kind = op.getClass().getSimpleName();
    return kind.contains("Backward") || op instanceof Op.Update;
  }

  @Override
  public List<BufferUse> uses() {
    List<BufferUse> uses = new ArrayList<>();
    for (Tensor tensor : op.writes()) {
      uses.add(
          op.reads().contains(tensor)
              ? BufferUse.update(tensor, bytes(tensor))
              : BufferUse.write(tensor, bytes(tensor)));
    }
    for (Tensor tensor : op.reads()) {
      if (!op.writes().contains(tensor)) {
        uses.add(BufferUse.read(tensor, bytes(tensor)));
      }
    }
    return uses;
  }

  private static long bytes(Tensor tensor) {
    return tensor.shape().elements() * Float.BYTES;
  }

  @Override
  public int index() {
    return op.index();
  }
}
