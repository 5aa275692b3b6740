package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.alexnet.AlexNetException;
import org.alexnet.backend.NetworkRig;
import org.alexnet.backend.Precision;
import org.alexnet.backend.TestNetworks;
import org.alexnet.backend.plan.DeviceRates;
import org.alexnet.backend.plan.Kernel;
import org.alexnet.backend.plan.Lowered;
import org.alexnet.backend.plan.Preparation;
import org.alexnet.model.Models;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Op;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What kernels are held against, and what they multiply. */
@Tag(StandInCount.STAND_IN)
class CudaRatesTest {
  private static final long MEMORY = 4L << 30;

  private static StandInBackend open(Precision precision) {
    return StandInBackend.open(StandInBackend.options(precision, 1, true, true));
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void aDeviceIsMeasured(Precision precision) {
    try (StandInBackend backend = open(precision)) {
      DeviceRates rates = backend.backend().measureRates().orElseThrow();
      assertTrue(rates.bytesPerSecond() > 0 && rates.bytesPerSecond() < 1e14, rates.toString());
      assertTrue(rates.operationsPerSecond() > 0, rates.toString());
      assertTrue(rates.launchSeconds() > 0 && rates.launchSeconds() < 1, rates.toString());
    }
  }

  @Test
  void aFullDeviceIsNotMeasured() {
    Assumptions.assumeFalse(StandInBackend.GPU, "the stand-in's memory can be said");
    try (StandInBackend backend = open(Precision.BF16)) {
      long taken = MEMORY - backend.backend().device(0).freeBytes();
      StandIn.memory(0, taken + (1 << 16));
      assertEquals(Optional.empty(), backend.backend().measureRates());
      StandIn.memory(0, MEMORY);
      assertTrue(backend.backend().measureRates().isPresent());
    }
  }

  @Test
  void aDeviceThatFailsSaysSo() {
    Assumptions.assumeFalse(StandInBackend.GPU, "the stand-in fails");
    try (StandInBackend backend = open(Precision.BF16)) {
      StandIn.failLaunch(1);
      AlexNetException e =
          assertThrows(AlexNetException.class, () -> backend.backend().measureRates());
      assertTrue(e.getMessage().contains("while its speed was measured"), e.getMessage());
      StandIn.reset();
      StandIn.heal();
    }
  }

  /** What is compiled is kept for the next time; what is chosen and recorded is not. */
  @Test
  void whatIsPreparedIsSaid() {
    CompiledNetwork programs = CompiledNetwork.of(TestNetworks.columns(), 4);
    for (int time = 0; time < 2; time++) {
      try (StandInBackend backend = open(Precision.BF16)) {
        try (NetworkRig rig = new NetworkRig(backend, programs)) {
          rig.trainSteps(3);
          rig.evaluate();
          rig.evaluate();
        }
        backend.compile(CompiledNetwork.of(Models.named("alexnet-32").network(), 1)).close();
        List<Preparation> done = backend.backend().preparations();
        List<String> whats = done.stream().map(Preparation::what).toList();
        assertTrue(whats.get(0).startsWith("kernels of every network for "), whats.toString());
        assertTrue(whats.get(1).startsWith("kernels chosen for "), whats.toString());
        assertTrue(whats.getLast().matches("\\d+ kernels written for .*"), whats.toString());
        assertTrue(whats.contains("graph of a training step recorded"), whats.toString());
        assertTrue(whats.contains("graph of an evaluation recorded"), whats.toString());
        for (Preparation each : done) {
          boolean kept = each.what().contains("kernels of ") || each.what().contains("written");
          assertTrue(time == 0 || each.cached() == kept, each.toString());
          assertTrue(each.seconds() > 0 && each.seconds() < 600, each.toString());
        }
      }
    }
  }

  /** Every product of the program is counted, at the kernel that computes it. */
  @Test
  void kernelsCountTheirProducts() {
    CompiledNetwork programs = CompiledNetwork.of(TestNetworks.columns(), 4);
    try (StandInBackend backend = open(Precision.BF16)) {
      Lowered lowered = backend.lower(programs);
      long all = programs.train().ops().stream().mapToLong(Op::multiplyAdds).sum();
      assertTrue(all > 0);
      assertEquals(all, lowered.train().stream().mapToLong(Kernel::multiplyAdds).sum());
      for (Kernel kernel : lowered.train()) {
        boolean multiplies = kernel.layer().startsWith("conv") || kernel.layer().startsWith("fc");
        assertEquals(multiplies, kernel.multiplyAdds() > 0, kernel.label());
      }
    }
  }
}
