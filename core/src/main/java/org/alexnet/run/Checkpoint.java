package org.alexnet.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.SequencedMap;
import org.alexnet.AlexNetException;
import org.alexnet.tensor.FloatTensor;

/**
 * What is written together as one generation of a run. Nothing is copied.
 *
 * @param weights the parameters, in the order of the file
 * @param momentum the optimizer's state under the parameters' names, in the order of the file
 * @param notes what the file of the weights notes beside them, such as the names of the classes
 * @param state the rest of what a resume needs: position, partial sums, schedule
 * @param best whether these weights have the best validation error so far and are kept as such
 */
public record Checkpoint(
    SequencedMap<String, FloatTensor> weights,
    SequencedMap<String, FloatTensor> momentum,
    Map<String, String> notes,
    ObjectNode state,
    boolean best) {

  /** Throws where a value of weights or momentum is infinite or not a number. */
  void requireFinite() {
    requireFinite("weight", weights);
    requireFinite("momentum", momentum);
  }

  private static void requireFinite(String what, SequencedMap<String, FloatTensor> tensors) {
    for (Map.Entry<String, FloatTensor> tensor : tensors.entrySet()) {
      float[] values = tensor.getValue().values();
      for (int i = 0; i < values.length; i++) {
        if (!Float.isFinite(values[i])) {
          throw new AlexNetException(
              ("%s tensor '%s' has %s at element %d; a checkpoint requires finite values: lower the"
                      + " learning rate")
                  .formatted(what, tensor.getKey(), values[i], i));
        }
      }
    }
  }
}
