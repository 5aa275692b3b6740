package org.alexnet.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class WorkerDevicesTest {
  private static final String[] TASKS = {
    "192.0.2.1:4001", "192.0.2.2:4001", "192.0.2.1:4002", "192.0.2.1:4003", "192.0.2.2:4009"
  };

  private static List<String> devices(List<String> usable) {
    List<String> all = new ArrayList<>();
    for (int task = 0; task < TASKS.length; task++) {
      all.addAll(WorkerDevices.inTurn(TASKS, task, usable).orElseThrow());
    }
    return all;
  }

  @Test
  void tasksOfAHostTakeItsDevicesInTurn() {
    assertEquals(
        List.of("cuda:0", "cuda:0", "cuda:1", "cuda:0", "cuda:1"),
        devices(List.of("cuda:0", "cuda:1")));
    assertEquals(
        List.of("cuda:0", "cuda:0", "cuda:2", "cuda:3", "cuda:2"),
        devices(List.of("cuda:0", "cuda:2", "cuda:3")));
    assertEquals(Optional.empty(), WorkerDevices.inTurn(TASKS, 1, List.of()));
  }

  @Test
  void whatSparkGivesATaskIsItsDevice() {
    assertEquals(List.of("cuda:3", "cuda:1"), WorkerDevices.named("3", "1"));
  }

  @Test
  void aHostIsWhatStandsBeforeThePort() {
    assertEquals("192.0.2.1", WorkerDevices.host("192.0.2.1:4001"));
    assertEquals("[2001:db8::1]", WorkerDevices.host("[2001:db8::1]:80"));
    assertEquals("localhost", WorkerDevices.host("localhost"));
  }
}
