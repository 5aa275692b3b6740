package org.alexnet.cuda.convolution;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class KnobsTest {
  /** Some of cudnn_graph.h, from its first to its last. */
  @Test
  void knobsHaveTheNamesOfTheHeader() {
    assertEquals("SPLIT_K", Knobs.name(0));
    assertEquals("TILE_SIZE", Knobs.name(2));
    assertEquals("SPLIT_K_SLC", Knobs.name(17));
    assertEquals("KERNEL_CFG", Knobs.name(24));
    assertEquals("TILE_CGA_M", Knobs.name(27));
    assertEquals("STREAM_K", Knobs.name(38));
    assertEquals("OUTPUT_TMA_ENABLE", Knobs.name(45));
    assertEquals("46", Knobs.name(46));
  }

  @Test
  void aChoiceOfAnOlderRunReadsAsToday() {
    assertEquals(
        "cuDNN engine 41 with TILE_SIZE=3 SPLIT_K_SLC=1 99=4 + bias, tensor cores, workspace 2"
            + " bytes",
        Knobs.named("cuDNN engine 41 with 2=3 17=1 99=4 + bias, tensor cores, workspace 2 bytes"));
    String named = "cuDNN engine 41 with TILE_SIZE=3, tensor cores, workspace 2 bytes";
    assertEquals(named, Knobs.named(named));
  }
}
