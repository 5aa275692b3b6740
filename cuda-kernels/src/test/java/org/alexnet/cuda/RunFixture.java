package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import org.alexnet.cuda.device.Resource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Whole runs on the stand-in: at their end all is given back, and nothing was done wrong. */
abstract class RunFixture {
  static final long MEMORY = 4L << 30;

  @TempDir Path dir;

  @BeforeEach
  void findTheStandIn() {
    if (!StandInBackend.GPU) {
      System.setProperty("alexnet.cuda.path", StandIn.folder(12).toString());
    }
  }

  @AfterEach
  void nothingIsLeft() {
    assertEquals(0, Resource.live());
    if (!StandInBackend.GPU) {
      List<String> violations = StandIn.violations();
      StandIn.reset();
      StandIn.heal();
      StandIn.memory(0, MEMORY);
      assertEquals(List.of(), violations);
    }
  }
}
