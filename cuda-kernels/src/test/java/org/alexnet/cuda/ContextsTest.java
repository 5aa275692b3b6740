package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.List;
import jcuda.driver.CUcontext;
import org.alexnet.backend.Precision;
import org.alexnet.cuda.device.Contexts;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A device's context is made once a process. */
@Tag(StandInCount.STAND_IN)
class ContextsTest {
  private static CUcontext open(int device) {
    try (StandInBackend backend = StandInBackend.deterministic(Precision.FP32, 2)) {
      return backend.backend().device(device).context();
    }
  }

  @Test
  void theSameContextIsOpenedAgain() {
    CUcontext[] first = {open(0), open(1)};
    int held = Contexts.held(); // also by tests before, of further devices
    assertSame(first[0], open(0));
    assertSame(first[1], open(1));
    assertEquals(held, Contexts.held());
    assertEquals(List.of(), StandIn.left(held), "each is retained once");
  }
}
