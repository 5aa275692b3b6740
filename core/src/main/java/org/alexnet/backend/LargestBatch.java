package org.alexnet.backend;

import java.util.function.Predicate;
import org.alexnet.Message;
import org.alexnet.Setting;
import org.alexnet.program.CompiledNetwork;

/** The batch to take where a network needs more memory than there is. */
public final class LargestBatch {
  private LargestBatch() {}

  /**
   * The largest batch smaller than that of a network with which it fits, or 0.
   *
   * @param fits whether there is room for the network with another batch
   */
  public static int of(CompiledNetwork programs, Predicate<CompiledNetwork> fits) {
    int least = programs.placement().shards();
    int largest = least - 1;
    int tooLarge = programs.batch();
    while (tooLarge - largest > 1) {
      int batch = (largest + tooLarge) >>> 1;
      if (fits.test(programs.withBatch(batch))) {
        largest = batch;
      } else {
        tooLarge = batch;
      }
    }
    return largest < least ? 0 : largest;
  }

  /**
   * What to do about a batch that is too large.
   *
   * @param otherwise the remedy that there is besides, or where nothing fits
   */
  public static Message remedy(int largest, Message otherwise) {
    return largest < 1
        ? Message.of("Not even one image fits; %s.", otherwise)
        : Message.of(
            "The largest batch that fits is %d; take %s, or %s.",
            largest, Setting.BATCH.to(largest), otherwise);
  }
}
