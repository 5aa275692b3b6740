package org.alexnet.cpu;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.alexnet.program.Op;
import org.alexnet.program.StepProgram;
import org.alexnet.program.Tensor;

/**
 * Moves a ReLU's derivative from before a maximum pooling to behind it.
 *
 * <p>The maximum of rectified values is positive exactly where the value it was taken from is, so
 * the pooled image tells as much as the large one: the derivative touches a quarter of the numbers
 * or less, and the large image is not needed after the forward pass at all.
 */
final class ReluGradientSinking {
  private ReluGradientSinking() {}

  /**
   * @param own the operations of one column or shard of the program
   */
  static List<Op> apply(StepProgram program, List<Op> own) {
    Map<Tensor, Tensor> pooled = new HashMap<>(); // what was pooled -> its maxima
    List<Op> ops = new ArrayList<>();
    for (int i = 0; i < own.size(); i++) {
      Op op = own.get(i);
      Op next = i + 1 < own.size() ? own.get(i + 1) : null;
      if (op instanceof Op.MaxPool pool) {
        pooled.put(pool.x(), pool.y());
      }
      if (op instanceof Op.MaxPoolBackward pool
          && next instanceof Op.ReluBackward relu
          && relu.dy().equals(pool.dx())
          && pooled.containsKey(relu.y())
          && !program.observes(pool.dx())) {
        Tensor maxima = pooled.get(relu.y());
        Tensor between =
            Tensor.step(relu.layer() + ".moved", maxima.shape()).in(maxima.part()).gradient();
        ops.add(new Op.ReluBackward(relu.layer(), pool.dy(), maxima, between));
        ops.add(
            new Op.MaxPoolBackward(pool.layer(), between, pool.argmax(), relu.dx(), pool.window()));
        i++;
      } else {
        ops.add(op);
      }
    }
    return ops;
  }
}
