package org.alexnet.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.alexnet.AlexNetException;
import org.alexnet.file.JsonFiles;
import org.alexnet.tensor.DeferredTensor;
import org.junit.jupiter.api.Test;

class MemoryRunTest {
  private final float[] array = new float[3];

  /** Made in the one array that all share, as those of a training are. */
  private DeferredTensor tensor(float value) {
    return new DeferredTensor(
        List.of(3L),
        () -> {
          Arrays.fill(array, value);
          return array;
        });
  }

  private Checkpoint checkpoint(float first, float second, float momentum) {
    var weights = new LinkedHashMap<String, DeferredTensor>();
    weights.put("a", tensor(first));
    weights.put("b", tensor(second));
    var momenta = new LinkedHashMap<String, DeferredTensor>();
    momenta.put("a", tensor(momentum));
    return new Checkpoint(weights, momenta, Map.of(), JsonFiles.object(), false);
  }

  @Test
  void weightsOutliveTheArrayThatTheyWereReadInto() {
    MemoryRun run = new MemoryRun(JsonFiles.object());
    run.commit(checkpoint(1, 2, 7));
    assertArrayEquals(new float[] {1, 1, 1}, run.weights().get("a").values());
    assertArrayEquals(new float[] {2, 2, 2}, run.weights().get("b").values());
    AlexNetException refused =
        assertThrows(
            AlexNetException.class, () -> run.commit(checkpoint(3, 4, Float.POSITIVE_INFINITY)));
    assertEquals(
        "momentum tensor 'a' has Infinity at element 0; a checkpoint requires finite values: lower"
            + " the learning rate",
        refused.getMessage());
    assertArrayEquals(new float[] {1, 1, 1}, run.weights().get("a").values());
    assertEquals(1, run.checkpoint());
  }
}
