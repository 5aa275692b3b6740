package org.alexnet.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.alexnet.UsageException;
import org.alexnet.network.Network;
import org.junit.jupiter.api.Test;

class TensorLimitTest {
  private static final int MOST = Integer.MAX_VALUE - (1 << 24);

  /** Its largest tensor has 144 elements an image. */
  private static final Network SMALL =
      Programs.network(Programs.conv("conv1", 4, 1, 1), Programs.fc("fc2", 10, 1));

  private static String refused(Network network, int batch) {
    return assertThrows(UsageException.class, () -> CompiledNetwork.requireSizes(network, batch))
        .getMessage();
  }

  @Test
  void theLargestBatchIsNamed() {
    int most = MOST / 144;
    CompiledNetwork.requireSizes(SMALL, most);
    assertEquals(
        "A batch of %,d is too large for net: its tensor conv1 would have %,d elements, and a tensor can have %,d at most; use a batch of %,d or less (batch)."
            .formatted(most + 1, 144L * (most + 1), MOST, most),
        refused(SMALL, most + 1));
  }

  @Test
  void theMostClassesAreNamed() {
    int most = MOST / 144;
    CompiledNetwork.requireSizes(SMALL.withClasses(most), 1);
    assertEquals(
        "net with %,d classes is too large: its tensor fc2.weight would have %,d elements, and a tensor can have %,d at most; use %,d classes or fewer (classes)."
            .formatted(most + 1, 144L * (most + 1), MOST, most),
        refused(SMALL.withClasses(most + 1), 1));
  }

  @Test
  void anotherLayerHasToBeSmaller() {
    int outputs = MOST / 72 + 1;
    Network wide = Programs.network(Programs.fc("fc1", outputs, 1), Programs.fc("fc2", 10, 1));
    assertEquals(
        "net with 10 classes is too large: its tensor fc1.weight would have %,d elements, and a tensor can have %,d at most; make the layer smaller."
            .formatted(72L * outputs, MOST),
        refused(wide, 1));
  }
}
