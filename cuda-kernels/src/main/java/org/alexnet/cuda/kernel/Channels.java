package org.alexnet.cuda.kernel;

import java.util.List;
import org.alexnet.AlexNetException;

/**
 * A number for each channel of a network's input, as the struct in common.cuh has them.
 *
 * @param values four of them, zero behind the last channel
 */
public record Channels(float[] values) {
  private static final int MOST = 4;

  /**
   * @throws AlexNetException if there are more channels than a kernel takes
   */
  public static Channels of(List<Float> numbers) {
    if (numbers.size() > MOST) {
      throw new AlexNetException(
          "The input has %d channels; backend cuda takes %d at most."
              .formatted(numbers.size(), MOST));
    }
    float[] values = new float[MOST];
    for (int c = 0; c < numbers.size(); c++) {
      values[c] = numbers.get(c);
    }
    return new Channels(values);
  }
}
