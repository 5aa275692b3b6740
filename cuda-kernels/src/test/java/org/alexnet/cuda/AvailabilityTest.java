package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.alexnet.backend.Availability;
import org.alexnet.backend.DeviceInfo;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the provider answers over the stand-ins, which it tries in a process of its own. */
@Tag(StandInCount.STAND_IN)
class AvailabilityTest {
  private static Availability probe(Path folder) {
    String before = System.getProperty("alexnet.cuda.path");
    System.setProperty("alexnet.cuda.path", folder.toString());
    try {
      return new CudaProvider().probe();
    } finally {
      if (before == null) {
        System.clearProperty("alexnet.cuda.path");
      } else {
        System.setProperty("alexnet.cuda.path", before);
      }
    }
  }

  @Test
  void cuda12() {
    Availability answer = probe(StandIn.folder(12));
    assertTrue(answer.available(), answer.reason());
    assertTrue(answer.reason().contains("NVRTC 12."), answer.reason());
  }

  @Test
  void cuda13() {
    Path folder = StandIn.folder(13);
    Availability answer = probe(folder);
    assertTrue(answer.available(), answer.reason());
    assertTrue(answer.reason().contains("NVRTC 13."), answer.reason());
    assertEquals(
        List.of("cuda:0", "cuda:1"), answer.devices().stream().map(DeviceInfo::name).toList());
    assertEquals(folder.resolve("libcublas.so.13").toString(), answer.libraries().get(1).file());
  }

  @Test
  void aFunctionIsMissing() {
    Availability answer = probe(StandIn.without("cuGraphLaunch"));
    assertFalse(answer.available());
    assertTrue(answer.reason().contains("lacks cuGraphLaunch, which"), answer.reason());
    assertEquals(5, answer.libraries().size());
  }
}
