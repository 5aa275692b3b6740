package org.alexnet.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.alexnet.Message;
import org.alexnet.model.Models;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Placement;
import org.junit.jupiter.api.Test;

class LargestBatchTest {
  private static final CompiledNetwork PROGRAMS =
      CompiledNetwork.of(Models.named("alexnet-32").network(), 1000);

  @Test
  void theLargestBatchThatFits() {
    for (int most : new int[] {0, 1, 2, 500, 998, 999}) {
      assertEquals(most, LargestBatch.of(PROGRAMS, smaller -> smaller.batch() <= most));
    }
    assertEquals(
        "The largest batch that fits is 7; take batch(7), or wait.",
        LargestBatch.remedy(7, Message.of("wait")).toString());
    assertEquals(
        "Not even one image fits; wait.", LargestBatch.remedy(0, Message.of("wait")).toString());
  }

  @Test
  void anotherBatchOfTheSamePrograms() {
    CompiledNetwork inference =
        CompiledNetwork.forInference(PROGRAMS.network(), 8, Placement.WHOLE);
    assertFalse(inference.withBatch(4).trains());
    assertEquals(PROGRAMS.withBatch(4), CompiledNetwork.of(PROGRAMS.network(), 4));
    assertEquals(8 * 3 * 32 * 32, inference.carriedBytes());
  }
}
