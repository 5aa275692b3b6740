package org.alexnet.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.alexnet.InvalidNetworkException;
import org.alexnet.UsageException;
import org.alexnet.network.Network;
import org.alexnet.network.Pooling;
import org.alexnet.network.Rounding;
import org.alexnet.network.Window;
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
    InvalidNetworkException e =
        assertThrows(InvalidNetworkException.class, () -> CompiledNetwork.requireSizes(wide, 1));
    assertEquals(
        "layer fc1: fc1.weight would have %,d elements, and a tensor can have %,d at most; make the layer smaller"
            .formatted(72L * outputs, MOST),
        e.getMessage());
  }

  @Test
  void anOutputThatIsTooLargeForOneImage() {
    Network wide =
        Programs.network(
            Programs.conv("conv1", MOST / 36 + 1, 1, 1),
            new Pooling("pool2", Pooling.Kind.MAX, new Window(6, 1, 0), Rounding.FLOOR),
            Programs.fc("fc3", 2, 1));
    InvalidNetworkException e =
        assertThrows(InvalidNetworkException.class, () -> CompiledNetwork.requireSizes(wide, 1));
    assertEquals(
        "layer conv1: its output would have %,d elements, and a tensor can have %,d at most; make the layer smaller"
            .formatted(36L * (MOST / 36 + 1), MOST),
        e.getMessage());
  }

  @Test
  void sizesThatCannotBeCounted() {
    Network wide =
        Programs.network(
            Programs.conv("conv1", Integer.MAX_VALUE, 1, 1),
            Programs.conv("conv2", Integer.MAX_VALUE, 1, 1),
            Programs.fc("fc3", 2, 1));
    InvalidNetworkException e =
        assertThrows(InvalidNetworkException.class, () -> CompiledNetwork.requireSizes(wide, 1));
    assertEquals(
        "layer conv1: a tensor would have more elements than can be counted, 2,147,483,647",
        e.getMessage());
  }
}
