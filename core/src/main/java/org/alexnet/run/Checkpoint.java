package org.alexnet.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.alexnet.AlexNetException;
import org.alexnet.tensor.DeferredTensor;

/**
 * What is written together as one generation of a run. Tensors are made one at a time, while they
 * are written: all of them together are as large as a quarter of what training needs.
 *
 * @param weights the parameters, in the order of the file
 * @param momentum the optimizer's state under the parameters' names, in the order of the file
 * @param notes what the file of the weights notes beside them, such as the names of the classes
 * @param state the rest of what a resume needs: position, partial sums, schedule
 * @param best whether these weights have the best validation error so far and are kept as such
 */
public record Checkpoint(
    SequencedMap<String, DeferredTensor> weights,
    SequencedMap<String, DeferredTensor> momentum,
    Map<String, String> notes,
    ObjectNode state,
    boolean best) {

  /** A tensor that cannot be had, or must not be kept; the cause says why. */
  static final class Unavailable extends RuntimeException {
    private static final long serialVersionUID = 1;

    Unavailable(RuntimeException reason) {
      super(reason);
    }

    RuntimeException reason() {
      return (RuntimeException) getCause();
    }
  }

  /** The parameters; making one throws {@link Unavailable} if it is not finite. */
  SequencedMap<String, DeferredTensor> checkedWeights() {
    return checked("weight", weights);
  }

  /** The momentum; as {@link #checkedWeights}. */
  SequencedMap<String, DeferredTensor> checkedMomentum() {
    return checked("momentum", momentum);
  }

  private static SequencedMap<String, DeferredTensor> checked(
      String what, SequencedMap<String, DeferredTensor> tensors) {
    SequencedMap<String, DeferredTensor> checked = new LinkedHashMap<>();
    tensors.forEach(
        (name, tensor) ->
            checked.put(
                name, new DeferredTensor(tensor.shape(), () -> finite(what, name, tensor))));
    return checked;
  }

  private static float[] finite(String what, String name, DeferredTensor tensor) {
    try {
      float[] values = tensor.make().values();
      requireFinite(what, name, values);
      return values;
    } catch (RuntimeException e) {
      throw new Unavailable(e);
    }
  }

  private static void requireFinite(String what, String name, float[] values) {
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw new AlexNetException(
            ("%s tensor '%s' has %s at element %d; a checkpoint requires finite values: lower the"
                    + " learning rate")
                .formatted(what, name, values[i], i));
      }
    }
  }
}
