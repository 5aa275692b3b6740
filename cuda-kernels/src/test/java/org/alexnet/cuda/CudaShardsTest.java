package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.alexnet.LongTest;
import org.alexnet.backend.Backend;
import org.alexnet.backend.NetworkRig;
import org.alexnet.backend.Precision;
import org.alexnet.backend.ShardsContract;
import org.alexnet.backend.TestNetworks;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Parallelism;
import org.alexnet.program.Placement;
import org.alexnet.program.Placement.Worker;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag(StandInCount.STAND_IN)
class CudaShardsTest extends ShardsContract {
  @Override
  protected Backend open(int threads, int devices) {
    return StandInBackend.deterministic(Precision.FP32, devices);
  }

  @Override
  protected int mostThreads() {
    return 1;
  }

  @Override
  protected int mostShards() {
    return LongTest.RUN ? 4 : 3;
  }

  /** Bytes from the host to all devices in a step of two. */
  private long sent(Integer... devices) {
    Placement placement = new Placement(List.of(devices), Parallelism.DATA, Worker.ALONE);
    CompiledNetwork programs = CompiledNetwork.of(TestNetworks.columns(), 8, placement, List.of());
    try (Backend backend = open(1, 2);
        NetworkRig rig = new NetworkRig(backend, programs)) {
      rig.fill(1, 8);
      rig.trainSteps(1);
      long before = StandIn.sentBytes();
      rig.trainSteps(2);
      return StandIn.sentBytes() - before;
    }
  }

  @Test
  void aDeviceIsSentTheImagesThatItReads() {
    Assumptions.assumeFalse(StandInBackend.GPU, "the stand-in counts bytes");
    long one = sent(0);
    for (Integer[] devices : new Integer[][] {{0, 1}, {0, 1, 0, 1}, {0, 0, 1}}) {
      long all = sent(devices);
      assertTrue(one < all && all < 1.1 * one, "%d, and in shards %d".formatted(one, all));
    }
  }
}
