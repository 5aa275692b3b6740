package org.alexnet.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.alexnet.AlexNetException;
import org.alexnet.backend.ImageMemory;
import org.alexnet.backend.NetworkRig;
import org.alexnet.backend.Precision;
import org.alexnet.backend.StepResult;
import org.alexnet.backend.TestNetworks;
import org.alexnet.cuda.device.Resource;
import org.alexnet.data.Batch;
import org.alexnet.data.ImageSource;
import org.alexnet.data.KeptImages;
import org.alexnet.data.ProgressListener;
import org.alexnet.data.source.MemoryImages;
import org.alexnet.network.Input;
import org.alexnet.network.Network;
import org.alexnet.program.CompiledNetwork;
import org.alexnet.program.Parallelism;
import org.alexnet.program.Placement;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Batches of numbers, whose images are on the device, beside those that carry them. */
@Tag(StandInCount.STAND_IN)
class CudaKeptImagesTest {
  private static final int IMAGES = 23;

  @AfterEach
  void heal() {
    if (!StandInBackend.GPU) {
      StandIn.reset();
      StandIn.heal();
    }
  }

  private static ImageSource images(Input input) {
    Random random = new Random(3);
    List<byte[]> all = new ArrayList<>();
    for (int i = 0; i < IMAGES; i++) {
      byte[] pixels = new byte[input.channels() * input.stored() * input.stored()];
      random.nextBytes(pixels);
      all.add(pixels);
    }
    return MemoryImages.pixels(input.channels(), input.stored(), input.stored(), all);
  }

  /** Fills a batch as the rig's, whose first images become those of the source by number. */
  private static void name(NetworkRig rig, ImageSource source, Batch named, int step, int count) {
    Batch whole = rig.batch();
    rig.fill(step, count);
    for (int i = 0; i < count; i++) {
      int number = (7 * i + 5 * step + 3) % IMAGES;
      source.read(number, whole.image(i));
      named.name(i, number);
    }
    int n = named.capacity();
    System.arraycopy(whole.labels(), 0, named.labels(), 0, n);
    System.arraycopy(whole.cropY(), 0, named.cropY(), 0, n);
    System.arraycopy(whole.cropX(), 0, named.cropX(), 0, n);
    System.arraycopy(whole.mirror(), 0, named.mirror(), 0, n);
    System.arraycopy(whole.shift(), 0, named.shift(), 0, whole.shift().length);
    named.setCount(count);
  }

  /** Trains and evaluates with both, the last step on a smaller batch. */
  private static void assertSame(StandInBackend backend, CompiledNetwork programs) {
    ImageSource source = images(programs.network().input());
    ImageMemory memory = backend.imageMemory().orElseThrow();
    try (KeptImages kept = memory.keep(source, programs, ProgressListener.NONE);
        NetworkRig whole = new NetworkRig(backend, programs);
        NetworkRig named = new NetworkRig(backend, programs)) {
      Batch batch = named.executable.newBatch(kept);
      for (int step = 0; step < 4; step++) {
        int count = step < 3 ? programs.batch() : 2;
        name(whole, source, batch, step, count);
        StepResult wanted =
            whole.executable.train(whole.batch(), NetworkRig.settings(step)).await();
        assertEquals(wanted, named.executable.train(batch, NetworkRig.settings(step)).await());
        assertEquals("", NetworkRig.difference(whole.learned(), named.learned()));
      }
      Map<String, float[]> wanted = whole.evaluate();
      named.executable.evaluate(batch).await();
      assertEquals("", NetworkRig.difference(wanted, named.evaluated()));
      // What carries its images can follow, and be followed.
      named.executable.train(named.batch(), NetworkRig.settings(4)).await();
      whole.fill(0, programs.batch());
      whole.executable.train(whole.batch(), NetworkRig.settings(4)).await();
      assertEquals("", NetworkRig.difference(whole.learned(), named.learned()));
    }
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void numbersGiveTheBitsOfImages(Precision precision) {
    try (StandInBackend backend = StandInBackend.deterministic(precision, 1)) {
      for (Network network :
          Stream.concat(InputBlocksTest.networks().stream(), Stream.of(TestNetworks.columns()))
              .toList()) {
        assertSame(backend, CompiledNetwork.of(network, 5));
      }
    }
  }

  @Test
  void eachDeviceThatReadsImagesHasThem() {
    try (StandInBackend backend = StandInBackend.deterministic(Precision.BF16, 2)) {
      List<Placement> placements =
          List.of(
              new Placement(List.of(0, 1)),
              new Placement(List.of(0, 1), Parallelism.DATA),
              new Placement(List.of(0, 1), Parallelism.HYBRID));
      for (Placement placement : placements) {
        assertSame(backend, CompiledNetwork.of(TestNetworks.columns(), 5, placement, List.of()));
      }
    }
  }

  @Test
  void roomIsWhatTheNetworkLeaves() {
    try (StandInBackend backend = StandInBackend.deterministic(Precision.FP32, 1)) {
      CompiledNetwork programs = CompiledNetwork.of(TestNetworks.columns(), 5);
      ImageSource source = images(programs.network().input());
      ImageMemory memory = backend.imageMemory().orElseThrow();
      long before = memory.room(programs);
      long bytes = source.size() * source.format().bytes();
      assertTrue(before > bytes);
      assertTrue(before < backend.backend().device(0).freeBytes());
      try (KeptImages kept = memory.keep(source, programs, ProgressListener.NONE)) {
        assertEquals(source, kept.source());
        assertTrue(before - memory.room(programs) >= bytes);
        assertEquals(bytes, backend.backend().images().bytes(backend.backend().device(0)));
      }
      assertEquals(0, backend.backend().images().bytes(backend.backend().device(0)));
      assertEquals(before, memory.room(programs));
    }
  }

  @Test
  void nothingIsLeftOfWhatDoesNotFit() {
    Assumptions.assumeFalse(StandInBackend.GPU, "the stand-in refuses memory");
    for (int devices = 1; devices <= 2; devices++) {
      try (StandInBackend backend = StandInBackend.deterministic(Precision.FP32, devices)) {
        Placement placement = devices == 1 ? Placement.WHOLE : new Placement(List.of(0, 1));
        CompiledNetwork programs =
            CompiledNetwork.of(TestNetworks.columns(), 2, placement, List.of());
        int before = Resource.live();
        StandIn.failAllocation(devices);
        AlexNetException e =
            assertThrows(
                AlexNetException.class,
                () ->
                    backend
                        .imageMemory()
                        .orElseThrow()
                        .keep(images(programs.network().input()), programs, ProgressListener.NONE));
        assertTrue(e.getMessage().contains("while images were copied"), e.getMessage());
        assertEquals(before, Resource.live());
      }
    }
  }
}
