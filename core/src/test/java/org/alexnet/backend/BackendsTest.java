package org.alexnet.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.alexnet.AlexNetException;
import org.junit.jupiter.api.Test;

/** Which backend is taken, and what is said about it. */
class BackendsTest {
  private final List<String> said = new ArrayList<>();

  private record Made(String name, int rank, Availability probe) implements BackendProvider {
    @Override
    public Backend open(BackendOptions options) {
      throw new UnsupportedOperationException();
    }
  }

  private static Made gpu(Obstacle obstacle) {
    String reason = obstacle == null ? "driver 580." : "libgpu.so was not found in /a, /b; get it.";
    return new Made("gpu", 100, new Availability(reason, List.of(), List.of(), obstacle));
  }

  private static final Made CPU =
      new Made("cpu", 50, new Availability(true, "vectors of 512 bits.", List.of()));

  @Test
  void whatIsTakenForWantOfAnotherIsSaidInOneClause() {
    Obstacle obstacle = new Obstacle("no driver", List.of("/a", "/b"), "Get one.");
    assertSame(CPU, Backends.best(List.of(gpu(obstacle), CPU), said::add));
    assertEquals(
        List.of("Running on cpu: vectors of 512 bits (no driver; `alexnet devices` says more)."),
        said);
  }

  @Test
  void theBestNeedsNoReason() {
    Made best = gpu(null);
    assertSame(best, Backends.best(List.of(best, CPU), said::add));
    assertEquals(List.of("Running on gpu: driver 580."), said);
  }

  @Test
  void aDeviceThatCannotBeUsedIsListedAndRefused() {
    String obstacle = "gpu:0 (Old) is too old; use another.";
    List<DeviceInfo> devices =
        List.of(new DeviceInfo("gpu:0", "Old", 1, obstacle), new DeviceInfo("gpu:1", "New", 1));
    new BackendOptions(1, List.of("gpu:1")).checkDevices("gpu", devices);
    AlexNetException e =
        assertThrows(
            AlexNetException.class,
            () -> new BackendOptions(1, List.of("gpu:1", "gpu:0")).checkDevices("gpu", devices));
    assertEquals(obstacle, e.getMessage());
  }

  @Test
  void whereNoneCanServeAllReasonsAreGiven() {
    AlexNetException e =
        assertThrows(
            AlexNetException.class,
            () -> Backends.best(List.of(gpu(new Obstacle("no driver"))), said::add));
    assertTrue(e.getMessage().contains("libgpu.so was not found in /a, /b"), e.getMessage());
    assertEquals(List.of(), said);
  }
}
