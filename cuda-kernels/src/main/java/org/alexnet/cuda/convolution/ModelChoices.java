package org.alexnet.cuda.convolution;

import java.util.HashMap;
import java.util.Map;
import org.alexnet.cuda.convolution.AlgorithmSearch.Want;
import org.alexnet.cuda.device.Device;

/**
 * What was chosen for a problem on one device, for others of its model: times differ by chance, and
 * with them the fastest way and its bits, which must not depend on the device that has a shard.
 */
public final class ModelChoices {
  private record Key(String model, Object problem, Want want) {}

  private final Map<Key, String> choices = new HashMap<>();

  /**
   * What is to be chosen again if it works.
   *
   * @param run what was chosen when the run began, or nothing: that comes first
   * @return nothing if no device of the model has chosen yet
   */
  public String before(Device device, Object problem, Want want, String run) {
    return run.isEmpty() ? choices.getOrDefault(new Key(device.model(), problem, want), "") : run;
  }

  /** Notes what a device has chosen, which may be less fast than before for want of memory. */
  public void note(Device device, Object problem, Want want, String choice) {
    choices.put(new Key(device.model(), problem, want), choice);
  }
}
